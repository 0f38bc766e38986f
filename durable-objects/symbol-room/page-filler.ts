import type { ProviderName } from "../../contracts/provider.ts";
import type { Instrument } from "../../contracts/symbol.ts";
import type { Interval } from "../../core/interval.ts";
import { marketOf } from "../../core/market-calendar/markets.ts";
import { providerOf } from "../../providers/catalogue.ts";
import { type Backfill, type Filled, fillPage } from "./backfill.ts";
import type { CandleStore, RowQuery } from "./candle-store.ts";
import type { DoubtLog } from "./doubt-log.ts";
import type { Gates, Priority } from "./gates.ts";
import type { IngestedSpans } from "./ingested.ts";

/** Fetches what a page lacks, once for all who wait for the same. */
export type PageFiller = (
  instrument: Instrument,
  sources: readonly ProviderName[],
  query: RowQuery,
  priority: Priority,
) => Promise<Filled>;

/** Opens the filling of a room's candles; `isSource` tells whether a provider is one of the symbol's sources now. */
export function openPageFiller(
  env: Env,
  store: CandleStore,
  ingested: IngestedSpans,
  gates: Gates,
  doubts: DoubtLog,
  isSource: (provider: ProviderName) => boolean,
): PageFiller {
  const underway = new Map<string, Promise<Filled>>();
  const formingAt: Backfill["formingAt"] = new Map();
  const intervalsOf = (name: ProviderName, instrument: Instrument): readonly Interval[] | null => {
    const provider = providerOf(name, env);
    return "disabled" in provider ? null : (provider.capabilities.intervals[instrument.type] ?? []);
  };
  return (instrument, sources, query, priority) => {
    const { interval, from, to, limit, backward } = query;
    const key = [interval, from, to, limit, backward].join();
    const already = underway.get(key);
    if (already) return already;
    const backfill: Backfill = {
      instrument,
      market: marketOf(instrument.primary_exchange),
      store,
      ingested,
      gates,
      intervalsOf: (provider) => intervalsOf(provider, instrument),
      isSource,
      formingAt,
      priority,
      now: Date.now() / 1000,
      report: (provider, each, findings) => doubts.candles(instrument.symbol, provider, each, findings),
    };
    const fill = fillPage(backfill, sources, query).finally(() => underway.delete(key));
    underway.set(key, fill);
    return fill;
  };
}
