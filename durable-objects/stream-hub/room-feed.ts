import type { Instrument } from "../../contracts/symbol.ts";
import type { Attendance, Feed, MissedBars, MissedQuotes } from "../audience/feed.ts";
import type { SymbolRoom } from "../symbol-room/symbol-room.ts";

/** An object that was moved or restarted under a call. All that a feed is asked may be asked again. */
function isRetryable(error: unknown): boolean {
  const isMarked = (name: string): boolean =>
    error instanceof Error && name in error && Reflect.get(error, name) === true;
  return isMarked("retryable") && !isMarked("overloaded");
}

const MOST_JITTER_MS = 50;

/**
 * The feed of a hub: each symbol's room, by RPC.
 * @param instrumentOf the registry row of a symbol that somebody listens to
 */
export function roomFeed(env: Env, hub: string, instrumentOf: (symbol: string) => Instrument): Feed {
  const call = async <T>(
    symbol: string,
    ask: (room: DurableObjectStub<SymbolRoom>, told: Instrument) => Promise<T>,
  ): Promise<T> => {
    const told = instrumentOf(symbol);
    try {
      return await ask(env.SYMBOL_ROOM.getByName(symbol), told);
    } catch (error) {
      if (!isRetryable(error)) throw error;
      // A stub is broken after an exception.
      await scheduler.wait(Math.random() * MOST_JITTER_MS);
      return ask(env.SYMBOL_ROOM.getByName(symbol), told);
    }
  };
  return {
    attend: (symbol, wants) => call<Attendance>(symbol, (room, told) => room.attend(told, hub, wants)),
    missedQuotes: (symbol, since) => call<MissedQuotes>(symbol, (room, told) => room.missedQuotes(told, since)),
    missedCandles: (symbol, interval, since) =>
      call<MissedBars>(symbol, (room, told) => room.missedCandles(told, interval, since)),
    missedIndicator: (symbol, wanted, since) =>
      call<MissedBars>(symbol, (room, told) => room.missedIndicator(told, wanted, since)),
  };
}
