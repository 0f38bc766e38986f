import { retryOnce } from "../../durable-objects/rpc/retry.ts";
import type { DecisionCount } from "../../durable-objects/symbol-room/quality-log.ts";
import type { SymbolRoom } from "../../durable-objects/symbol-room/symbol-room.ts";
import { logError } from "../../observability/log.ts";
import { count } from "../../observability/metrics/collector.ts";
import { currentTraceparent } from "../../observability/span.ts";
import { withSpan } from "../../observability/trace.ts";

/** A symbol's room could not be called, or failed. It is logged where it is thrown. */
export class RoomFailure extends Error {
  override readonly name = "RoomFailure";
}

/**
 * Calls a symbol's room, once more where the platform says that the call may be repeated. Every call of a room is
 * idempotent. A stub is broken after an exception, so each try takes a new one.
 * @param call is given the `traceparent` to send along
 * @throws RoomFailure where it fails all the same
 */
export async function callRoom<T>(
  env: Env,
  symbol: string,
  call: (room: DurableObjectStub<SymbolRoom>, traceparent?: string) => Promise<T>,
): Promise<T> {
  return withSpan("room", { symbol }, async () => {
    const traceparent = currentTraceparent();
    const attempt = async (): Promise<T> => call(env.SYMBOL_ROOM.getByName(symbol), traceparent);
    try {
      return await retryOnce(attempt);
    } catch (error) {
      logError("a room failed", error, { symbol });
      throw new RoomFailure(`the room of ${symbol} failed`, { cause: error });
    }
  });
}

/** Counts the data-quality decisions that came with a room's answer: rooms themselves report nothing. */
export function countDecisions(reply: { decisions?: readonly DecisionCount[] }): void {
  for (const { kind, check, times } of reply.decisions ?? []) {
    count("wizdata_quality_decisions_total", { kind, check }, times);
  }
}
