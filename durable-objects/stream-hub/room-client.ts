import type { Instrument } from "../../contracts/symbol.ts";
import type { BarReplay, Lease, QuoteReplay, RoomClient } from "../symbol-events/symbol-events.ts";
import type { SymbolRoom } from "../symbol-room/symbol-room.ts";

/** An object that was moved or restarted under a call. All that a feed is asked may be asked again. */
function isRetryable(error: unknown): boolean {
  const isMarked = (name: string): boolean =>
    error instanceof Error && name in error && Reflect.get(error, name) === true;
  return isMarked("retryable") && !isMarked("overloaded");
}

const MAX_JITTER_MS = 50;

/**
 * The feed of a hub: each symbol's room, by RPC.
 * @param instrumentOf the registry row of a symbol that a client listens to
 */
export function roomClient(env: Env, hub: string, instrumentOf: (symbol: string) => Instrument): RoomClient {
  const call = async <T>(
    symbol: string,
    ask: (room: DurableObjectStub<SymbolRoom>, known: Instrument) => Promise<T>,
  ): Promise<T> => {
    const known = instrumentOf(symbol);
    try {
      return await ask(env.SYMBOL_ROOM.getByName(symbol), known);
    } catch (error) {
      if (!isRetryable(error)) throw error;
      // A stub is broken after an exception.
      await scheduler.wait(Math.random() * MAX_JITTER_MS);
      return ask(env.SYMBOL_ROOM.getByName(symbol), known);
    }
  };
  return {
    renewLease: (symbol, interest) => call<Lease>(symbol, (room, known) => room.renewLease(known, hub, interest)),
    replayQuotes: (symbol, since) => call<QuoteReplay>(symbol, (room, known) => room.replayQuotes(known, since)),
    replayCandles: (symbol, interval, since) =>
      call<BarReplay>(symbol, (room, known) => room.replayCandles(known, interval, since)),
    replayIndicator: (symbol, indicator, since) =>
      call<BarReplay>(symbol, (room, known) => room.replayIndicator(known, indicator, since)),
  };
}
