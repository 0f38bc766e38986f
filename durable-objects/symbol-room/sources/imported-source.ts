import type { ProviderQuote } from "../../../contracts/quote.ts";
import type { Instrument } from "../../../contracts/symbol.ts";
import type { Interval } from "../../../core/interval.ts";
import type { Span } from "../../../core/spans.ts";
import { knownIntervals } from "../candles/availability.ts";
import { type CandlesPage, importedPage } from "../candles/candle-pages.ts";
import type { CandleStore, RowQuery } from "../candles/candle-store.ts";
import { importedQuote } from "./imported-quote.ts";
import type { MarketSource } from "./market-source.ts";

/** Imported candles and nothing else: prices change when something is imported. */
export class ImportedSource implements MarketSource {
  readonly localProvider = "import";
  readonly isPolled = false;
  readonly barDelay = 0;
  readonly revisesAfter = null;
  readonly #instrument: Instrument;
  readonly #candles: CandleStore;

  constructor(instrument: Instrument, candles: CandleStore) {
    this.#instrument = instrument;
    this.#candles = candles;
  }

  localQuote(now: number): ProviderQuote | null {
    return importedQuote(this.#candles, this.#instrument, now);
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

  async readPage(query: RowQuery): Promise<CandlesPage> {
    return importedPage(this.#candles, this.#instrument, query);
  }

  knownIntervals(): Partial<Record<Interval, Span>> {
    return knownIntervals(this.#instrument, this.#candles);
  }
}
