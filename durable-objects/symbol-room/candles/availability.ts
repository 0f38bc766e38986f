import type { ProviderName } from "../../../contracts/provider.ts";
import type { Instrument } from "../../../contracts/symbol.ts";
import { INTERVALS } from "../../../core/interval.ts";
import { marketOf } from "../../../core/market-calendar/markets.ts";
import { SIMULATED_FROM } from "../../../providers/simulator/simulator.ts";
import type { Availability } from "../replies.ts";
import type { CandleStore } from "./candle-store.ts";
import { knownStretch, seriesFor } from "./series-pages.ts";

/** The stretch of each interval for which a room knows candles. */
export function knownIntervals(
  instrument: Instrument,
  sources: readonly ProviderName[],
  store: CandleStore,
): Availability["intervals"] {
  if (sources.includes("simulator")) {
    const stretch = { from: SIMULATED_FROM, to: Math.floor(Date.now() / 1000) };
    return Object.fromEntries(INTERVALS.map((interval) => [interval, stretch]));
  }
  const market = marketOf(instrument.primary_exchange);
  const all = store.series();
  const intervals = INTERVALS.flatMap((interval) => {
    const series = seriesFor(all, interval);
    return series ? [[interval, knownStretch(series, market, interval)]] : [];
  });
  return Object.fromEntries(intervals);
}
