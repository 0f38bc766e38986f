import type { CandleAnswer } from "../../contracts/candle.ts";
import type { Consensus, Quote } from "../../contracts/quote.ts";
import { PRICE_FIELDS } from "../../core/candles.ts";
import { type PriceUnit, priceIn, unitsIn } from "../../core/price-unit.ts";
import type { CandlePage } from "./candle-reader.ts";

/** The members of a quote that are prices, or differences of prices. Its `market_cap` is in the currency whatever the prices are in. */
const QUOTE_PRICES = ["price", "change", "open", "high", "low", "previous_close", "bid", "ask"] as const;

/** A quote with its prices in a unit. */
export function quoteIn<T extends Quote>(unit: PriceUnit, quote: T): T {
  const units = unitsIn(unit, quote);
  if (units === quote) return quote;
  const move = priceIn(unit, quote);
  return { ...units, ...Object.fromEntries(QUOTE_PRICES.map((field) => [field, move(quote[field])])) };
}

/** A quote and what all sources say of it, with their prices in a unit. */
export function consensusIn<T extends Quote & { consensus: Consensus }>(unit: PriceUnit, quote: T): T {
  const move = priceIn(unit, quote);
  const { price, sources, ...rest } = quote.consensus;
  const moved = sources.map((source) => ({ ...source, price: move(source.price) ?? source.price }));
  return { ...quoteIn(unit, quote), consensus: { ...rest, price: move(price), sources: moved } };
}

/** The candles of a page with their prices in a unit. */
export function candlesIn(
  unit: PriceUnit,
  units: { currency: string | null; price_unit: string | null },
  page: CandlePage,
): CandleAnswer[] {
  if (unitsIn(unit, units) === units) return page.candles;
  const move = priceIn(unit, units);
  return page.candles.map((candle) => ({
    ...candle,
    ...Object.fromEntries(PRICE_FIELDS.map((field) => [field, move(candle[field])])),
  }));
}
