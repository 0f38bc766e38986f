import type { SymbolRoom } from "../durable-objects/symbol-room/symbol-room.ts";
import { logError } from "../observability/log.ts";

/** An object that was moved or restarted under a call: the call may be made again, on a new stub, if it changes nothing twice. */
function isRetryable(error: unknown): boolean {
  return (
    error instanceof Error &&
    "retryable" in error &&
    error.retryable === true &&
    !("overloaded" in error && error.overloaded === true)
  );
}

const MOST_JITTER_MS = 50;

/** A symbol's room could not be called, or failed. It is logged where it is thrown. */
export class RoomFailure extends Error {
  override readonly name = "RoomFailure";
}

/**
 * Calls a symbol's room, once more where the platform says that the call may be repeated. Every call of a room is
 * idempotent. A stub is broken after an exception, so each try takes a new one.
 * @throws RoomFailure where it fails all the same
 */
export async function callRoom<T>(
  env: Env,
  symbol: string,
  call: (room: DurableObjectStub<SymbolRoom>) => Promise<T>,
): Promise<T> {
  const attempt = async (): Promise<T> => call(env.SYMBOL_ROOM.getByName(symbol));
  try {
    return await attempt().catch(async (error: unknown) => {
      if (!isRetryable(error)) throw error;
      await scheduler.wait(Math.random() * MOST_JITTER_MS);
      return attempt();
    });
  } catch (error) {
    logError("a room failed", error, { symbol });
    throw new RoomFailure(`the room of ${symbol} failed`, { cause: error });
  }
}
