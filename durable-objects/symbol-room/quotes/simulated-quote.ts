import type { ProviderQuote } from "../../../contracts/quote.ts";
import type { Instrument } from "../../../contracts/symbol.ts";
import { type Candle, candleAt } from "../../../core/candles.ts";
import type { Interval } from "../../../core/interval.ts";
import type { Market } from "../../../core/market-calendar/markets.ts";
import { isOpen, nextOpen } from "../../../core/market-calendar/sessions.ts";
import { DAY, isoTime } from "../../../core/time.ts";
import { knownSecond, ticksAt } from "../../../providers/simulator/sandbox.ts";
import { simulatedCandles, simulatedQuote } from "../../../providers/simulator/simulator.ts";
import type { RoomState } from "../room-state.ts";
import type { QuoteStore } from "./quote-store.ts";

/** Further ahead than any bar that forms is stamped. */
const AHEAD = 32 * DAY;

/** The quote that a client who asks a simulated symbol at `now` (unix seconds) is sent. */
export function simulatedNow(instrument: Instrument, now: number): ProviderQuote | null {
  const second = Math.floor(now);
  const known = knownSecond(instrument.symbol, second);
  const quote = simulatedQuote(instrument, known === second ? now : known);
  return quote && { ...quote, received_at: isoTime(now) };
}

/** Lets a simulated symbol tick at `now` (unix seconds), with the faults that it has. */
export function tickSimulated(instrument: Instrument, quotes: QuoteStore, state: RoomState, now: number): void {
  const latest = quotes.latest();
  const known = latest?.provider === "simulator" ? Math.floor(Date.parse(latest.timestamp) / 1000) : null;
  for (const tick of ticksAt(instrument.symbol, Math.floor(now), known)) {
    if (tick.kind === "lost") {
      state.nextSeq();
      continue;
    }
    const quote = simulatedQuote(instrument, tick.second);
    if (!quote) continue;
    const received = { ...quote, received_at: isoTime(now) };
    if (tick.kind === "again") quotes.acceptDuplicate(instrument, received);
    else quotes.accept(instrument, received);
  }
}

/** When a simulated symbol ticks next: each second while its market is open, the close included. */
export function nextTickAt(market: Market, now: number): number | null {
  const second = Math.floor(now);
  if (isOpen(market, second)) return second + 1;
  const opens = nextOpen(market, second);
  return opens === null ? null : opens + 1;
}

/** The last candle of a simulated symbol, closed or not; null where there is none. */
export function lastSimulated(instrument: Instrument, interval: Interval, now: number): Candle | null {
  const query = { interval, from: now - AHEAD, to: now + AHEAD, limit: 1, backward: true };
  const candles = simulatedCandles(instrument, query, now);
  return candles.length === 0 ? null : candleAt(candles, 0);
}
