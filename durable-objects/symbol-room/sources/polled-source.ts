import type { ProviderName } from "../../../contracts/provider.ts";
import type { Instrument } from "../../../contracts/symbol.ts";
import type { Interval } from "../../../core/interval.ts";
import type { Span } from "../../../core/spans.ts";
import { freshnessPolicyOf } from "../../../providers/freshness-policy.ts";
import { knownIntervals } from "../candles/availability.ts";
import type { BackfillQueue } from "../candles/backfill-queue.ts";
import { providedPage } from "../candles/candle-pages.ts";
import type { CandleStore, RowQuery } from "../candles/candle-store.ts";
import type { FetchedRanges } from "../candles/fetched-ranges.ts";
import type { Priority } from "../upstreams.ts";
import type { MarketSource, SourcePage } from "./market-source.ts";

/** Seconds that an upstream is given, beside its own delay, to have the candle of a bar that has closed. */
const GRACE = 2;
/** Seconds after which to ask again for candles that no source has said when it has. */
const RETRY_NOW = 1;

/** What polled candles are kept in and fetched with. */
export interface PolledStores {
  candles: CandleStore;
  fetched: FetchedRanges;
  backfill: BackfillQueue;
}

/** Upstreams, in order: quotes are polled, and candles fetched when a page lacks them. */
export class PolledSource implements MarketSource {
  readonly localProvider = null;
  readonly isPolled = true;
  readonly barDelay: number;
  readonly revisesAfter = null;
  readonly #instrument: Instrument;
  readonly #sources: readonly ProviderName[];
  readonly #stores: PolledStores;

  constructor(instrument: Instrument, sources: readonly ProviderName[], stores: PolledStores) {
    this.#instrument = instrument;
    this.#sources = sources;
    this.#stores = stores;
    this.barDelay = freshnessPolicyOf(sources[0]).delay + GRACE;
  }

  localQuote(): null {
    return null;
  }

  nextTickAt(): null {
    return null;
  }

  ticks(): [] {
    return [];
  }

  formingBar(): undefined {
    return undefined;
  }

  async readPage(query: RowQuery, priority: Priority): Promise<SourcePage> {
    const { candles, fetched, backfill } = this.#stores;
    const filled = await backfill.fill(this.#instrument, this.#sources, query, priority);
    const page = providedPage(candles, fetched, this.#instrument, query, filled.outcome, Date.now() / 1000);
    if (page) return page;
    return { kind: "unavailable", retryAfter: filled.outcome === "failed" ? filled.retryAfter : RETRY_NOW };
  }

  knownIntervals(): Partial<Record<Interval, Span>> {
    return knownIntervals(this.#instrument, this.#stores.candles);
  }
}
