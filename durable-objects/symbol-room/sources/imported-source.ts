import type { Origin } from "../../../contracts/candle.ts";
import type { ProviderQuote } from "../../../contracts/quote.ts";
import type { Interval } from "../../../core/interval.ts";
import type { Span } from "../../../core/spans.ts";
import { knownIntervals } from "../candles/reading/availability.ts";
import { storedPage } from "../candles/reading/candle-pages.ts";
import type { Visibility } from "../candles/reading/visibility.ts";
import type { Series } from "../candles/series.ts";
import type { RowQuery } from "../candles/storage/candle-store.ts";
import { importedQuote } from "./imported-quote.ts";
import type { MarketSource, SourcePage } from "./market-source.ts";

/** Seconds after which to ask again; imports are always there. */
const RETRY_AFTER = 1;

/** Imported candles and nothing else: prices change when something is imported. */
export class ImportedSource implements MarketSource {
  readonly localProvider = "import";
  readonly isPolled = false;
  readonly barDelay = 0;
  readonly revisesAfter = null;
  readonly #series: Series;
  readonly #visibility: Visibility;

  constructor(series: Series, visibility: Visibility) {
    this.#series = series;
    this.#visibility = visibility;
  }

  localQuote(now: number): ProviderQuote | null {
    return importedQuote(this.#series, this.#visibility, now);
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

  async readPage(query: RowQuery): Promise<SourcePage> {
    const page = storedPage(this.#series, this.#visibility, query, null, Date.now() / 1000);
    return page ?? { kind: "unavailable", retryAfter: RETRY_AFTER };
  }

  originOf(id: number): Origin {
    return this.#series.origins.get(id);
  }

  knownIntervals(): Partial<Record<Interval, Span>> {
    return knownIntervals(this.#series);
  }
}
