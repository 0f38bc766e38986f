import { type ProviderName, quoteOrder } from "../../contracts/provider.ts";
import type { Instrument } from "../../contracts/symbol.ts";
import { type Candle, type CandleColumns, candleAt } from "../../core/candles.ts";
import type { ReadPage } from "../../core/indicators/history.ts";
import type { Interval } from "../../core/interval.ts";
import { type Market, marketOf } from "../../core/market-calendar/markets.ts";
import type { CandlesPage } from "./candles/reading/candle-pages.ts";
import type { MarketSource } from "./sources/market-source.ts";

/** A room's symbol: its registry row, its market and the source of its data. */
export interface InstrumentContext {
  instrument: Instrument;
  market: Market;
  /** The providers of its price, in the order in which they are asked. */
  sources: readonly ProviderName[];
  source: MarketSource;
}

/** Gathers what a request needs to know of a room's symbol. */
export function contextOf(
  instrument: Instrument,
  sources: readonly ProviderName[],
  source: MarketSource,
): InstrumentContext {
  return { instrument, market: marketOf(instrument.primary_exchange), sources: quoteOrder(sources), source };
}

/** A candle and the provider that it comes from. */
export interface SourcedCandle extends Candle {
  provider: ProviderName;
}

/** The candle at an index of a page, with its provider. */
export function sourcedCandleAt({ source }: InstrumentContext, candles: CandleColumns, index: number): SourcedCandle {
  return { ...candleAt(candles, index), provider: source.originOf(candles.origin[index]).provider };
}

/** None of the sources has the candles that are needed now. */
export class CandlesUnavailable extends Error {
  constructor() {
    super("no source has the candles");
  }
}

/**
 * A room's own candles of one interval, page by page, as a caller would get them.
 * The reader throws CandlesUnavailable if a page lacks what a source would have.
 */
export function pagesOf({ source }: InstrumentContext, interval: Interval): ReadPage<CandlesPage> {
  return async (from, to, limit, backward) => {
    const query = { interval, from, to, limit, backward, includeSuspect: false };
    const page = await source.readPage(query, "background");
    if (page.kind === "unavailable" || !page.isComplete) throw new CandlesUnavailable();
    return page;
  };
}
