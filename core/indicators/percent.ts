/** `part` in percent of `whole`; NaN where the whole is 0. */
export function percentOf(part: number, whole: number): number {
  return whole === 0 ? Number.NaN : 100 * (part / whole);
}
