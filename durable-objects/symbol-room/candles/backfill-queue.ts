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

/** Fetches what pages of candles lack, once for all who wait for the same. */
export class BackfillQueue {
  readonly #env: Env;
  readonly #store: CandleStore;
  readonly #fetched: FetchedRanges;
  readonly #upstreams: Upstreams;
  readonly #quality: QualityLog;
  readonly #isSource: (provider: ProviderName) => boolean;
  readonly #running = new Map<string, Promise<BackfillOutcome>>();
  readonly #unsettled: Backfill["unsettled"] = new Map();

  /** @param isSource whether a provider is one of the symbol's sources now */
  constructor(
    env: Env,
    store: CandleStore,
    fetched: FetchedRanges,
    upstreams: Upstreams,
    quality: QualityLog,
    isSource: (provider: ProviderName) => boolean,
  ) {
    this.#env = env;
    this.#store = store;
    this.#fetched = fetched;
    this.#upstreams = upstreams;
    this.#quality = quality;
    this.#isSource = isSource;
  }

  /** Fetches what a page lacks from the sources, in order. */
  fill(
    instrument: Instrument,
    sources: readonly ProviderName[],
    query: RowQuery,
    priority: Priority,
  ): Promise<BackfillOutcome> {
    const { interval, from, to, limit, backward } = query;
    const key = [interval, from, to, limit, backward].join();
    const already = this.#running.get(key);
    if (already) return already;
    const backfill: Backfill = {
      instrument,
      market: marketOf(instrument.primary_exchange),
      store: this.#store,
      fetched: this.#fetched,
      upstreams: this.#upstreams,
      intervalsOf: (provider) => this.#intervalsOf(provider, instrument),
      isSource: this.#isSource,
      unsettled: this.#unsettled,
      priority,
      now: Date.now() / 1000,
      report: (provider, each, findings) => this.#quality.candles(instrument.symbol, provider, each, findings),
    };
    const fill = fillPage(backfill, sources, query).finally(() => this.#running.delete(key));
    this.#running.set(key, fill);
    return fill;
  }

  #intervalsOf(name: ProviderName, instrument: Instrument): readonly Interval[] | null {
    const provider = providerOf(name, this.#env);
    return "disabled" in provider ? null : (provider.capabilities.intervals[instrument.type] ?? []);
  }
}
