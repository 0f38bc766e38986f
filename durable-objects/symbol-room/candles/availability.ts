import type { Instrument } from "../../../contracts/symbol.ts";
import { INTERVALS, type Interval } from "../../../core/interval.ts";
import { marketOf } from "../../../core/market-calendar/markets.ts";
import type { Span } from "../../../core/spans.ts";
import type { CandleStore } from "./candle-store.ts";
import { knownStretch, seriesFor } from "./series-pages.ts";

/** The stretch of each interval for which a room's store has candles. */
export function knownIntervals(instrument: Instrument, store: CandleStore): Partial<Record<Interval, Span>> {
  const market = marketOf(instrument.primary_exchange);
  const all = store.series();
  const intervals = INTERVALS.flatMap((interval) => {
    const series = seriesFor(all, interval);
    return series ? [[interval, knownStretch(series, market, interval)]] : [];
  });
  return Object.fromEntries(intervals);
}
