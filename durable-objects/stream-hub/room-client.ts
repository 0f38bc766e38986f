import type { Instrument } from "../../contracts/symbol.ts";
import { retryOnce } from "../rpc/retry.ts";
import type { BarReplay, Lease, QuoteReplay, RoomClient } from "../symbol-events/symbol-events.ts";
import type { SymbolRoom } from "../symbol-room/symbol-room.ts";

/**
 * The rooms of a hub's symbols, by RPC.
 * @param instrumentOf the registry row of a symbol that a client listens to
 */
export function roomClient(env: () => Env, hub: string, instrumentOf: (symbol: string) => Instrument): RoomClient {
  const call = async <T>(
    symbol: string,
    ask: (room: DurableObjectStub<SymbolRoom>, known: Instrument) => Promise<T>,
  ): Promise<T> => {
    const known = instrumentOf(symbol);
    return retryOnce(() => ask(env().SYMBOL_ROOM.getByName(symbol), known));
  };
  return {
    renewLease: (symbol, interest) => call<Lease>(symbol, (room, known) => room.renewLease(known, hub, interest)),
    replayQuotes: (symbol, since) => call<QuoteReplay>(symbol, (room, known) => room.replayQuotes(known, since)),
    replayCandles: (symbol, interval, since) =>
      call<BarReplay>(symbol, (room, known) => room.replayCandles(known, interval, since)),
    replayIndicators: (symbol, interval, specs, since) =>
      call<BarReplay[]>(symbol, (room, known) => room.replayIndicators(known, interval, specs, since)),
  };
}
