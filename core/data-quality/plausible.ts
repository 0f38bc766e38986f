import { type NUMBER_FIELDS, PRICE_FIELDS } from "../candles.ts";
import type { Batch, ReportFinding } from "./finding.ts";

/** Adjusted prices are rounded one by one, so that a close may stand a millionth above its high. */
const ROUNDING = 1e-6;

/** Flags candles whose numbers no market can have made. Unknown fields are never wrong. */
export function checkPlausible(batch: Batch, report: ReportFinding): void {
  for (let i = 0; i < batch.candles.length; i++) {
    const { open, high, low, close, volume } = batch.candles;
    const numbers = { open: open[i], high: high[i], low: low[i], close: close[i], volume: volume[i] };
    const fault = implausible(numbers, batch.negativePrices ?? false);
    if (fault) report(i, "impossible", fault);
  }
}

/**
 * What is wrong with one candle's numbers, for a person; null where a market can have made them.
 * @param numbers unknown is NaN
 * @param negativePrices whether prices of zero and below are possible
 */
export function implausible(
  numbers: Record<(typeof NUMBER_FIELDS)[number], number>,
  negativePrices: boolean,
): string | null {
  for (const field of PRICE_FIELDS) {
    const price = numbers[field];
    if (Math.abs(price) === Number.POSITIVE_INFINITY) return `${field} is infinite`;
    if (price <= 0 && !negativePrices) return `${field} is ${price}; a price must be above 0`;
  }
  const { high, low, volume } = numbers;
  if (volume < 0) return `volume is ${volume}; it cannot be below 0`;
  if (below(high, low)) return `high ${high} is below low ${low}`;
  for (const field of ["open", "close"] as const) {
    const price = numbers[field];
    if (below(high, price)) return `${field} ${price} is above high ${high}`;
    if (below(price, low)) return `${field} ${price} is below low ${low}`;
  }
  return null;
}

const below = (a: number, b: number): boolean => b - a > ROUNDING * Math.abs(b);
