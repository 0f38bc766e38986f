import { subtractDecimals } from "../decimal.ts";

/**
 * The change since the previous close, in the price's unit and in percent, without the noise of binary subtraction;
 * null where either price is unknown.
 */
export function changeSince(
  previousClose: number | null,
  price: number | null,
): { change: number | null; change_percent: number | null } {
  if (price === null || previousClose === null || previousClose === 0) return { change: null, change_percent: null };
  const change = subtractDecimals(price, previousClose);
  return { change, change_percent: Math.round((change / previousClose) * 1e6) / 1e4 };
}
