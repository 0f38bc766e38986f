/**
 * What rounding took from `a + b`, where `sum` is that sum rounded; exact, whichever is larger, so that adding these
 * up beside a running sum keeps the digits that the sum drops.
 *
 * Source: Knuth, The Art of Computer Programming, vol. 2 (1997), 4.2.2, theorem B; the running form is Neumaier's
 * (Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen, 1974).
 */
export function roundingError(a: number, b: number, sum: number): number {
  const addend = sum - a;
  return a - (sum - addend) + (b - addend);
}
