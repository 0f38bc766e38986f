import type { BarState, CandleAnswer } from "../../contracts/candle.ts";
import type { ProviderName } from "../../contracts/provider.ts";
import type { Quote, StoredQuote } from "../../contracts/quote.ts";
import type { Instrument } from "../../contracts/symbol.ts";
import type { Interval } from "../../core/interval.ts";
import { marketOf } from "../../core/market-calendar/markets.ts";
import { quoteAt } from "../../core/quotes/quote-at.ts";
import { isoTime } from "../../core/time.ts";
import { freshnessPolicyOf } from "../../providers/freshness-policy.ts";
import type { SourcedCandle } from "./instrument-context.ts";

/** A quote as it is sent at `now` (unix seconds). */
export function quoteView(instrument: Instrument, stored: StoredQuote, now: number): Quote {
  return quoteAt(stored, freshnessPolicyOf(stored.provider), marketOf(instrument.primary_exchange), now);
}

/** The text of a `market_data` frame; `type` stands first in it. */
export function quoteFrame(instrument: Instrument, stored: StoredQuote, now: number): string {
  const { symbol, epoch, seq } = stored;
  const data = quoteView(instrument, stored, now);
  return JSON.stringify({ type: "market_data", symbol, epoch, seq, data, timestamp: isoTime(now) });
}

/** The text of a `gap` frame: the events of these numbers, both included, are lost. */
export function gapFrame(symbol: string, fromSeq: number, toSeq: number, now: number): string {
  return JSON.stringify({
    type: "gap",
    symbol,
    from_seq: fromSeq,
    to_seq: toSeq,
    reason: "lost",
    timestamp: isoTime(now),
  });
}

/**
 * The text of a `candle` frame.
 * @param timestamp ISO-8601; many frames of one moment are written with one text
 */
export function candleFrame(
  symbol: string,
  interval: Interval,
  candle: SourcedCandle,
  isOpen: boolean,
  timestamp: string,
): string {
  const { time, open, high, low, close, volume, revision, suspect, provider } = candle;
  const state = isOpen ? "open" : revision > 0 ? "revised" : "closed";
  const data: CandleAnswer = { time, open, high, low, close, volume, state, revision, suspect };
  return JSON.stringify({ type: "candle", symbol, interval, provider, data, timestamp });
}

/** A value of an indicator: a number, or one for each of its outputs; null where it is not defined. */
export type IndicatorValue = number | null | Record<string, number | null>;

/** The value of an indicator at a bar. */
export interface ValuedBar {
  interval: Interval;
  spec: string;
  time: number;
  state: BarState;
  value: IndicatorValue;
  /** The provider of the bar. */
  provider: ProviderName;
}

/** The text of a `reset` frame: more bars from a stamp on have changed than are sent one by one. */
export function resetFrame(symbol: string, interval: Interval, from: number, timestamp: string): string {
  return JSON.stringify({ type: "reset", symbol, interval, from, timestamp });
}

/**
 * The text of an `indicator` frame.
 * @param timestamp ISO-8601
 */
export function indicatorFrame(symbol: string, bar: ValuedBar, timestamp: string): string {
  const { interval, spec, time, state, value, provider } = bar;
  return JSON.stringify({
    type: "indicator",
    symbol,
    interval,
    provider,
    indicator: spec,
    time,
    value,
    state,
    timestamp,
  });
}
