import type { Origin } from "../../../contracts/candle.ts";
import { liveSources } from "../../../contracts/provider.ts";
import type { ProviderQuote } from "../../../contracts/quote.ts";
import type { Interval } from "../../../core/interval.ts";
import type { Span } from "../../../core/spans.ts";
import { freshnessPolicyOf } from "../../../providers/freshness-policy.ts";
import type { BackfillQueue } from "../candles/filling/backfill-queue.ts";
import { knownIntervals } from "../candles/reading/availability.ts";
import { storedPage } from "../candles/reading/candle-pages.ts";
import type { Visibility } from "../candles/reading/visibility.ts";
import type { Series } from "../candles/series.ts";
import type { RowQuery } from "../candles/storage/candle-store.ts";
import type { Priority } from "../upstreams.ts";
import { ImportedSource } from "./imported-source.ts";
import type { MarketSource, SourcePage } from "./market-source.ts";

/** Seconds that an upstream is given, beside its own delay, to have the candle of a bar that has closed. */
const GRACE = 2;
/** Seconds after which to ask again for candles that no source has said when it has. */
const RETRY_NOW = 1;

/** What candles are read with: what fits, and what fetches the rest. */
export interface CandleReading {
  visibility: Visibility;
  backfill: BackfillQueue;
}

/** Upstreams, in order, and what was imported: quotes are polled, and candles fetched when a page lacks them. */
export class PolledSource implements MarketSource {
  readonly localProvider: "import" | null;
  readonly isPolled = true;
  readonly barDelay: number;
  readonly revisesAfter = null;
  readonly #series: Series;
  readonly #reading: CandleReading;
  readonly #imported: MarketSource | null;

  constructor(series: Series, reading: CandleReading) {
    this.#series = series;
    this.#reading = reading;
    this.#imported = series.sources.includes("import") ? new ImportedSource(series, reading.visibility) : null;
    this.localProvider = this.#imported ? "import" : null;
    const [first] = liveSources(series.sources);
    this.barDelay = (first ? freshnessPolicyOf(first).delay : 0) + GRACE;
  }

  /** What imports know of the price: the last resort, where no upstream answers. */
  localQuote(now: number): ProviderQuote | null {
    return this.#imported?.localQuote(now) ?? null;
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
    const { backfill, visibility } = this.#reading;
    const filled = await backfill.fill(this.#series, query, priority);
    const page = storedPage(this.#series, visibility, query, filled.outcome, Date.now() / 1000);
    if (page) return page;
    return { kind: "unavailable", retryAfter: filled.outcome === "failed" ? filled.retryAfter : RETRY_NOW };
  }

  originOf(id: number): Origin {
    return this.#series.origins.get(id);
  }

  knownIntervals(): Partial<Record<Interval, Span>> {
    return knownIntervals(this.#series);
  }
}
