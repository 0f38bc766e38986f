/** The value, or NaN where it is infinite: 0 × ∞ is NaN, and to add 0 changes nothing. Without a branch, for loops. */
export function finite(value: number): number {
  return value + 0 * value;
}

/** `part` in percent of `whole`; NaN where that is not a number, as with a whole of 0. */
export function percentOf(part: number, whole: number): number {
  return finite(100 * (part / whole));
}
