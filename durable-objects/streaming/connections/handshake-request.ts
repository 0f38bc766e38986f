import { z } from "zod";
import { TIERS } from "../../../contracts/api-key.ts";

/**
 * On what terms a socket gets history, by `since` of candles and indicators or for a live indicator: its caller pays with its key, which
 * may lack the scope for what `since` asks; is counted by its address; or pays nothing.
 */
const HistoryTermsSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("by_key"), prefix: z.string(), tier: z.enum(TIERS), mayRead: z.boolean() }),
  z.object({ kind: z.literal("by_address") }),
  z.object({ kind: z.literal("free") }),
]);

export type HistoryTerms = z.infer<typeof HistoryTermsSchema>;

/** Who opens a socket, and what it is for; sent to the hub by the Worker that let it in. */
const HandshakeRequestSchema = z.object({
  address: z.string(),
  /** `anonymous`, or the name by which its key is known; never the key. */
  caller: z.string(),
  anonymous: z.boolean(),
  history: HistoryTermsSchema,
  /** When its key expires, unix seconds; null where it has none, or one that never does. */
  expiresAt: z.number().nullable(),
  correlationId: z.string(),
  /** Whether the client offered our subprotocol, and so must be answered with it. */
  subprotocol: z.boolean(),
  /** The one symbol that the socket carries, and is subscribed to at once; null where it may carry many. */
  symbol: z.string().nullable(),
});

export type HandshakeRequest = z.infer<typeof HandshakeRequestSchema>;

const HEADER = "X-WizData-Admission";

/** The request by which the Worker hands a socket on. Nothing of the client's own request is in it. */
export function toUpgradeRequest(handshake: HandshakeRequest): Request {
  const headers = { Upgrade: "websocket", [HEADER]: encodeURIComponent(JSON.stringify(handshake)) };
  return new Request("https://sockets/", { headers });
}

/** Reads what the Worker said of a socket. */
export function readHandshake(request: Request): HandshakeRequest {
  return HandshakeRequestSchema.parse(JSON.parse(decodeURIComponent(request.headers.get(HEADER) ?? "null")));
}
