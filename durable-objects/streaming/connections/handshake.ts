import { SUBPROTOCOL } from "../../../contracts/stream.ts";
import { nothingWritten } from "./acknowledgement.ts";
import type { Attachment } from "./connection.ts";
import type { HandshakeRequest } from "./handshake-request.ts";

/**
 * Why a socket was not taken in: the object has all the sockets that it may, or more to do than it can; or its client's address or key
 * has its share.
 */
export const LIMITS_REACHED = ["full", "overloaded", "address", "key"] as const;

export type LimitReached = (typeof LIMITS_REACHED)[number];

const HEADER = "X-WizData-Full";

/** The answer to a socket that is not taken in; the Worker makes a problem of it, or tries elsewhere. */
export function reject(reason: LimitReached): Response {
  return new Response(null, { status: 503, headers: { [HEADER]: reason } });
}

/** Why a socket was refused; null where it was taken in. */
export function refusalOf(response: Response): LimitReached | null {
  const reason = response.headers.get(HEADER);
  return LIMITS_REACHED.find((limit) => limit === reason) ?? null;
}

/** Makes both ends of a socket, and the answer with the client's end. The object itself names subprotocol and correlation id. */
export function accept(handshake: HandshakeRequest): { response: Response; socket: WebSocket; attachment: Attachment } {
  const pair = new WebSocketPair();
  const headers = new Headers({ "X-Correlation-ID": handshake.correlationId });
  if (handshake.subprotocol) headers.set("Sec-WebSocket-Protocol", SUBPROTOCOL);
  return {
    response: new Response(null, { status: 101, webSocket: pair[0], headers }),
    socket: pair[1],
    attachment: {
      id: crypto.randomUUID(),
      address: handshake.address,
      caller: handshake.caller,
      anonymous: handshake.anonymous,
      history: handshake.history,
      expiresAt: handshake.expiresAt,
      connectedAt: Date.now() / 1000,
      closedAt: null,
      ...nothingWritten(),
      positions: {},
    },
  };
}
