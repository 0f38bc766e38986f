/** What indices are counted in. */
const POINTS = "points";

/**
 * How many units of a symbol's prices make one of its currency: 1 where prices are in the currency itself, or in points, 100 where they are in
 * its hundredths, as ZAc (South African cents) and GBX (pence) are. No exchange quotes in any other part of a currency.
 */
export const unitsPerMajor = (currency: string, priceUnit: string): number =>
  priceUnit === currency || priceUnit === POINTS ? 1 : 100;
