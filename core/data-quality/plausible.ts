import { type CandleColumns, PRICE_FIELDS } from "../candles.ts";
import type { Batch, ReportFinding } from "./finding.ts";

/** Adjusted prices are rounded one by one, so that a close may stand a millionth above its high. */
const ROUNDING = 1e-6;

/** Flags candles whose numbers no market can have made. Unknown fields are never wrong. */
export function checkPlausible(batch: Batch, report: ReportFinding): void {
  for (let i = 0; i < batch.candles.length; i++) {
    const fault = faultOf(batch.candles, i, batch.negativePrices ?? false);
    if (fault) report(i, "impossible", fault);
  }
}

function faultOf(candles: CandleColumns, i: number, negativePrices: boolean): string | null {
  for (const field of PRICE_FIELDS) {
    const price = candles[field][i];
    if (Math.abs(price) === Number.POSITIVE_INFINITY) return `${field} is infinite`;
    if (price <= 0 && !negativePrices) return `${field} is ${price}; a price must be above 0`;
  }
  if (candles.volume[i] < 0) return `volume is ${candles.volume[i]}; it cannot be below 0`;
  const high = candles.high[i];
  const low = candles.low[i];
  if (below(high, low)) return `high ${high} is below low ${low}`;
  for (const field of ["open", "close"] as const) {
    const price = candles[field][i];
    if (below(high, price)) return `${field} ${price} is above high ${high}`;
    if (below(price, low)) return `${field} ${price} is below low ${low}`;
  }
  return null;
}

const below = (a: number, b: number): boolean => b - a > ROUNDING * Math.abs(b);
