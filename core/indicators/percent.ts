/** `part` in percent of `whole`; NaN where that is not a number, as with a whole of 0. */
export function percentOf(part: number, whole: number): number {
  const percent = 100 * (part / whole);
  return Number.isFinite(percent) ? percent : Number.NaN;
}
