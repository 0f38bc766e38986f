import type { ProviderName } from "../../../contracts/provider.ts";
import type { Instrument } from "../../../contracts/symbol.ts";
import type { Interval } from "../../../core/interval.ts";
import { marketOf } from "../../../core/market-calendar/markets.ts";
import { providerOf } from "../../../providers/catalogue.ts";
import type { QualityLog } from "../quality-log.ts";
import type { Priority, Upstreams } from "../upstreams.ts";
import { type Backfill, type BackfillOutcome, fillPage } from "./backfill.ts";
import type { CandleStore, RowQuery } from "./candle-store.ts";
import type { FetchedRanges } from "./fetched-ranges.ts";

/** Fetches what a page lacks, once for all who wait for the same. */
export type BackfillQueue = (
  instrument: Instrument,
  sources: readonly ProviderName[],
  query: RowQuery,
  priority: Priority,
) => Promise<BackfillOutcome>;

/** Opens the filling of a room's candles; `isSource` says whether a provider is one of the symbol's sources now. */
export function openBackfillQueue(
  env: Env,
  store: CandleStore,
  fetched: FetchedRanges,
  upstreams: Upstreams,
  quality: QualityLog,
  isSource: (provider: ProviderName) => boolean,
): BackfillQueue {
  const running = new Map<string, Promise<BackfillOutcome>>();
  const unsettled: Backfill["unsettled"] = new Map();
  const intervalsOf = (name: ProviderName, instrument: Instrument): readonly Interval[] | null => {
    const provider = providerOf(name, env);
    return "disabled" in provider ? null : (provider.capabilities.intervals[instrument.type] ?? []);
  };
  return (instrument, sources, query, priority) => {
    const { interval, from, to, limit, backward } = query;
    const key = [interval, from, to, limit, backward].join();
    const already = running.get(key);
    if (already) return already;
    const backfill: Backfill = {
      instrument,
      market: marketOf(instrument.primary_exchange),
      store,
      fetched,
      upstreams,
      intervalsOf: (provider) => intervalsOf(provider, instrument),
      isSource,
      unsettled,
      priority,
      now: Date.now() / 1000,
      report: (provider, each, findings) => quality.candles(instrument.symbol, provider, each, findings),
    };
    const fill = fillPage(backfill, sources, query).finally(() => running.delete(key));
    running.set(key, fill);
    return fill;
  };
}
