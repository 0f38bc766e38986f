import { type CandleColumns, PRICE_FIELDS } from "./candles.ts";
import { scaleByTen } from "./decimal.ts";

/**
 * The units that prices can be asked for, or a file can have: the one that the symbol is quoted in (cents), or its currency's major one (rand).
 */
export const PRICE_UNITS = ["quoted", "major"] as const;

export type PriceUnit = (typeof PRICE_UNITS)[number];

/** How many digits the unit of a symbol's prices stands below its currency: no exchange quotes in any other part of a currency than its hundredth. */
const MINOR_DIGITS = 2;

/**
 * How many units of a symbol's prices make one of its currency: 1 where prices are in the currency itself, 100 where they are in its
 * hundredths, as ZAc (South African cents) and GBX (pence) are.
 */
export const unitsPerMajor = (currency: string, priceUnit: string): number =>
  priceUnit === currency || priceUnit === POINTS ? 1 : 10 ** MINOR_DIGITS;

/** What indices are counted in. */
const POINTS = "points";

/** What is said of a price's unit. */
interface Priced {
  currency: string | null;
  price_unit: string | null;
}

/** By how many digits prices are moved to be in a unit: 0 where they are in it. */
const digitsTo = (unit: PriceUnit, { currency, price_unit }: Priced): number =>
  unit === "quoted" || currency === null || price_unit === null || unitsPerMajor(currency, price_unit) === 1
    ? 0
    : -MINOR_DIGITS;

/** The units of an answer whose prices were asked for in a unit. */
export const unitsIn = <T extends Priced>(unit: PriceUnit, units: T): T =>
  digitsTo(unit, units) === 0 ? units : { ...units, price_unit: units.currency };

/** Moves prices to a unit, in their decimals; null is unknown, and stays it. */
export function priceIn(unit: PriceUnit, units: Priced): (price: number | null) => number | null {
  const digits = digitsTo(unit, units);
  return digits === 0 ? (price) => price : (price) => (price === null ? null : scaleByTen(price, digits));
}

/** Columns of candles whose prices are in a unit; the same where they are in it. */
export function columnsIn(unit: PriceUnit, units: Priced, columns: CandleColumns): CandleColumns {
  const digits = digitsTo(unit, units);
  if (digits === 0) return columns;
  const moved = { ...columns };
  for (const field of PRICE_FIELDS) {
    moved[field] = columns[field].map((price) => (Number.isFinite(price) ? scaleByTen(price, digits) : price));
  }
  return moved;
}
