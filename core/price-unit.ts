/**
 * How many units of a symbol's prices make one of its currency: 1 where prices are in the currency itself, 100 where they are in its
 * hundredths, as ZAc (South African cents) and GBX (pence) are. No exchange quotes in any other part of a currency.
 */
export const unitsPerMajor = (currency: string, priceUnit: string): number => (priceUnit === currency ? 1 : 100);
