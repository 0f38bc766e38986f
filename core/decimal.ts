/** A finite number as its shortest decimal text writes it: `mantissa` × 10^−`decimals`. */
interface Decimal {
  mantissa: bigint;
  decimals: number;
}

/** The decimal that `String(value)` writes: the shortest one that reads back as the same number (ECMA-262, Number::toString). */
function decimalOf(value: number): Decimal {
  const [digits, exponent = "0"] = String(value).split("e");
  const [whole, fraction = ""] = digits.split(".");
  const decimals = fraction.length - Number(exponent);
  const mantissa = BigInt(whole + fraction);
  return decimals >= 0 ? { mantissa, decimals } : { mantissa: mantissa * 10n ** BigInt(-decimals), decimals: 0 };
}

const scaledTo = ({ mantissa, decimals }: Decimal, to: number): bigint => mantissa * 10n ** BigInt(to - decimals);

/**
 * `a − b` in decimals, as on paper: 100.07 − 100.06 is 0.01, not 0.00999999999999801. Exact but for the nearest double of the result.
 * @param a a finite number
 * @param b a finite number
 */
export function subtractDecimals(a: number, b: number): number {
  const [left, right] = [decimalOf(a), decimalOf(b)];
  const decimals = Math.max(left.decimals, right.decimals);
  return Number(`${scaledTo(left, decimals) - scaledTo(right, decimals)}e-${decimals}`);
}

/** A finite number rounded half away from zero, in its decimals, to at most `decimals` of them: 1.005 to two is 1.01. */
export function roundTo(value: number, decimals: number): number {
  const { mantissa, decimals: known } = decimalOf(value);
  if (known <= decimals) return value;
  const unit = 10n ** BigInt(known - decimals);
  const half = mantissa < 0n ? -unit / 2n : unit / 2n;
  return Number(`${(mantissa + half) / unit}e-${decimals}`);
}

/**
 * A finite number times a power of ten, in its decimals: 12345.6 by −2 is 123.456, where 12345.6 × 0.01 is 123.45600000000002. The nearest
 * double of the exact decimal.
 */
export function scaleByTen(value: number, power: number): number {
  const [digits, exponent = "0"] = String(value).split("e");
  return Number(`${digits}e${Number(exponent) + power}`);
}
