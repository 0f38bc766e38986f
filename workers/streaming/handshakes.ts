import { ApiError } from "../../contracts/problem.ts";
import { CLOSE, SUBPROTOCOL } from "../../contracts/stream.ts";
import type { HandshakeRequest, HistoryTerms } from "../../durable-objects/streaming/connections/handshake-request.ts";
import { isOpenToAnonymous } from "../auth/access.ts";
import { isStillValid } from "../auth/api-keys.ts";
import { auditNameOf, type Caller, hasScope } from "../auth/caller.ts";
import { mayOpenSocket } from "../auth/origins.ts";
import type { AppContext } from "../http/service.ts";
import { callerAddress } from "../metering/burst-guard.ts";

/** When a caller's credential ends, unix seconds; null for never. */
function expiryOf(caller: Caller): number | null {
  return caller.kind === "key" && caller.expiresAt !== null ? caller.expiresAt / 1000 : null;
}

/** Whether a caller may read history, as over HTTP. */
export function mayReadHistory({ env, var: { caller } }: AppContext): boolean {
  return caller.kind === "anonymous" ? isOpenToAnonymous("read", env) : hasScope(caller, "read");
}

/** On what terms a caller's socket gets history. */
function historyAccessOf(c: AppContext): HistoryTerms {
  const { caller } = c.var;
  switch (caller.kind) {
    case "anonymous":
      return { kind: "by_address" };
    case "admin":
      return { kind: "free" };
    case "key":
      return { kind: "by_key", prefix: caller.prefix, tier: caller.tier, mayRead: mayReadHistory(c) };
  }
}

/** What an object learns of a caller that opens a stream. */
export function handshakeFor(c: AppContext): HandshakeRequest {
  const offered = c.req.header("Sec-WebSocket-Protocol")?.split(",") ?? [];
  const { caller } = c.var;
  return {
    address: callerAddress(c),
    caller: auditNameOf(caller),
    anonymous: caller.kind === "anonymous",
    history: historyAccessOf(c),
    expiresAt: expiryOf(caller),
    correlationId: c.var.correlationId,
    subprotocol: offered.some((protocol) => protocol.trim() === SUBPROTOCOL),
    symbol: null,
  };
}

/**
 * Looks once more whether a caller's key is good, now that its socket is open: a caller that revokes a key closes the sockets that there
 * are, and this one may have come after that.
 * @throws ApiError auth.invalid where it was revoked meanwhile; the socket is closed
 */
export async function confirmHandshake(c: AppContext, opened: Response): Promise<Response> {
  let isValid = false;
  try {
    isValid = await isStillValid(c.env, c.var.caller);
  } finally {
    if (!isValid) {
      opened.webSocket?.accept();
      opened.webSocket?.close(CLOSE.policy, "the key is no longer valid");
    }
  }
  if (isValid) return opened;
  throw new ApiError("auth.invalid", "The key is no longer valid: it was revoked a moment ago.");
}

/** @throws ApiError auth.forbidden where a page of another origin wants to open a stream */
export function checkOrigin(c: AppContext): void {
  if (mayOpenSocket(c.req.header("Origin"), c.req.url, c.env.CORS_ORIGINS)) return;
  throw new ApiError(
    "auth.forbidden",
    "Pages of this origin may not open streams here. CORS_ORIGINS lists those that may.",
  );
}
