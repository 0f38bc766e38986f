import { type SeriesUnits, unitsOf } from "../contracts/candle.ts";
import type { ProviderName } from "../contracts/provider.ts";
import type { SymbolRecord } from "../contracts/symbol.ts";
import { quoteCurrencyOf } from "./coingecko/currency.ts";

/**
 * The units of a symbol's series from its provider: the symbol's own, except where the provider has units of its own, as in its quotes.
 * @param provider null where there are no candles
 */
export function seriesUnits(record: SymbolRecord, provider: ProviderName | null): SeriesUnits {
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
