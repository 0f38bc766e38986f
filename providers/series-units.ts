import { type SeriesFacts, type SeriesUnits, unitsOf } from "../contracts/candle.ts";
import { quoteCurrencyOf } from "./coingecko/currency.ts";

type SymbolUnits = SeriesUnits & { currency: string };

/**
 * The units of a symbol's series from its provider: the symbol's own, except where the provider has units of its own, as in its quotes.
 * Of several providers they are the symbol's: volumes that are counted in another are unknown there.
 * @param provider null where there are no candles
 */
export function seriesUnits(record: SymbolUnits, provider: SeriesFacts["provider"]): SeriesUnits {
  switch (provider) {
    case "coingecko": {
      const label = quoteCurrencyOf(record.currency)?.label ?? record.currency;
      return { currency: label, price_unit: label, volume_unit: "quote" };
    }
    case "jse":
      return { currency: "ZAR", price_unit: "ZAc", volume_unit: "shares" };
    default:
      return unitsOf(record);
  }
}
