import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { Instrument } from "../../contracts/symbol.ts";
import type { Interval } from "../../core/interval.ts";
import type { StreamHub } from "../../durable-objects/stream-hub/stream-hub.ts";
import type { Interest, QuotePosition, SymbolEvent } from "../../durable-objects/symbol-events/symbol-events.ts";
import { injectBinding } from "./bindings.ts";
import { StandInRoom } from "./stand-in-room.ts";

let hubs = 0;

/** A hub of its own, fed by a stand-in instead of rooms. */
export async function newHub() {
  const name = `hub:test:${hubs++}`;
  const stub = env.STREAM_HUB.getByName(name);
  const room = new StandInRoom();
  const connectRoom = () =>
    runInDurableObject(stub, (hub: StreamHub) => {
      injectBinding(hub, "SYMBOL_ROOM", (symbol) => ({
        renewLease: (_: Instrument, __: string, interest: Interest) => room.renewLease(symbol, interest),
        replayQuotes: (_: Instrument, since: QuotePosition | null) => room.replayQuotes(symbol, since),
        replayCandles: (_: Instrument, interval: Interval, since: number | null) =>
          room.replayCandles(symbol, interval, since),
        replayIndicators: (_: Instrument, interval: Interval, specs: readonly string[], since: number | null) =>
          room.replayIndicators(symbol, interval, specs, since),
      }));
    });
  await connectRoom();
  // A stub belongs to the request that made it, and some pushes are made from within the hub.
  const push = async (symbol: string, events: SymbolEvent[]): Promise<boolean> =>
    env.STREAM_HUB.getByName(name).push(symbol, events);
  const tick = (symbol: string, count = 1) =>
    push(
      symbol,
      Array.from({ length: count }, () => room.next(symbol)),
    );
  const evict = async () => {
    await evictDurableObject(stub);
    await connectRoom();
  };
  return { stub, feed: room, push, tick, evict };
}
