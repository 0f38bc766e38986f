import { ApiError } from "../../contracts/problem.ts";
import { SUBPROTOCOL } from "../../contracts/stream.ts";
import type { Admission } from "../../durable-objects/audience/admission.ts";
import { actorOf, type Caller } from "../caller.ts";
import { addressOf } from "../gateway/middleware/burst-guard.ts";
import { mayOpenSocket } from "../gateway/origins.ts";
import type { AppContext } from "../service.ts";

/** When a caller's credential ends, unix seconds; null for never. */
function expiryOf(caller: Caller): number | null {
  return caller.kind === "key" && caller.expiresAt !== null ? caller.expiresAt / 1000 : null;
}

/** What an object is told of whoever opens a stream. */
export function admissionFor(c: AppContext): Admission {
  const offered = c.req.header("Sec-WebSocket-Protocol")?.split(",") ?? [];
  const { caller } = c.var;
  return {
    address: addressOf(c),
    caller: actorOf(caller),
    anonymous: caller.kind === "anonymous",
    expiresAt: expiryOf(caller),
    correlationId: c.var.correlationId,
    subprotocol: offered.some((protocol) => protocol.trim() === SUBPROTOCOL),
    symbol: null,
  };
}

/** @throws ApiError auth.forbidden where a page of another origin wants to open a stream */
export function checkOrigin(c: AppContext): void {
  if (mayOpenSocket(c.req.header("Origin"), c.req.url, c.env.CORS_ORIGINS)) return;
  throw new ApiError(
    "auth.forbidden",
    "Pages of this origin may not open streams here. CORS_ORIGINS lists those that may.",
  );
}
