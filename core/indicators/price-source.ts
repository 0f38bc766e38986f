import type { CandleColumns, PriceField } from "../candles.ts";
import type { ScratchColumn } from "./workspace.ts";

/** The one series that an indicator such as RSI reads from candles. */
export const PRICE_SOURCES = ["close", "open", "high", "low", "hl2", "hlc3", "ohlc4"] as const;

export type PriceSourceName = (typeof PRICE_SOURCES)[number];

export interface PriceSource {
  /** The price of every candle; NaN where a field that it needs is unknown. */
  column(candles: CandleColumns): Float64Array;
}

/** Whether a text names a price source. */
export function isPriceSource(text: string): text is PriceSourceName {
  return PRICE_SOURCES.some((name) => name === text);
}

/** The price source of that name; `scratch` holds a source that is computed. */
export function priceSource(name: PriceSourceName, scratch: ScratchColumn): PriceSource {
  switch (name) {
    case "close":
    case "open":
    case "high":
    case "low":
      return new GivenPrice(name);
    case "hl2":
      return new ComputedPrice(medianPrice, scratch);
    case "hlc3":
      return new ComputedPrice(typicalPrice, scratch);
    case "ohlc4":
      return new ComputedPrice(averagePrice, scratch);
  }
}

/** A price that candles have. */
class GivenPrice implements PriceSource {
  readonly #field: PriceField;

  constructor(field: PriceField) {
    this.#field = field;
  }

  column(candles: CandleColumns): Float64Array {
    return candles[this.#field];
  }
}

/** A price that is computed from those that candles have. */
class ComputedPrice implements PriceSource {
  readonly #compute: (candles: CandleColumns, output: Float64Array) => Float64Array;
  readonly #scratch: ScratchColumn;

  constructor(compute: (candles: CandleColumns, output: Float64Array) => Float64Array, scratch: ScratchColumn) {
    this.#compute = compute;
    this.#scratch = scratch;
  }

  column(candles: CandleColumns): Float64Array {
    return this.#compute(candles, this.#scratch.of(candles.length));
  }
}

/** (high + low) / 2 of every candle, into `output`, which is returned. */
function medianPrice({ length, high, low }: CandleColumns, output: Float64Array): Float64Array {
  for (let i = 0; i < length; i++) output[i] = (high[i] + low[i]) / 2;
  return output;
}

/** (high + low + close) / 3 of every candle, into `output`, which is returned. */
export function typicalPrice({ length, high, low, close }: CandleColumns, output: Float64Array): Float64Array {
  for (let i = 0; i < length; i++) output[i] = (high[i] + low[i] + close[i]) / 3;
  return output;
}

function averagePrice({ length, open, high, low, close }: CandleColumns, output: Float64Array): Float64Array {
  for (let i = 0; i < length; i++) output[i] = (open[i] + high[i] + low[i] + close[i]) / 4;
  return output;
}
