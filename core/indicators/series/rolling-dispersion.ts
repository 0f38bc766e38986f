import type { Memory } from "../memory.ts";
import { roundingError } from "./compensated-sum.ts";
import { Window } from "./window.ts";

const SUM = 0;
const LOST = 1;
const FILLED = 2;
const EQUAL = 3;
const LAST = 4;

/**
 * The mean of the last `period` values, and the mean of their distances from it or of the squares of these. The mean is
 * a compensated running sum; the distances are summed anew at every value, O(period), because a running sum of squares
 * would lose all digits after a spike. In a flat window the dispersion is exactly 0.
 */
export class RollingDispersion {
  readonly #memory: Memory;
  readonly #at: number;
  readonly #window: Window;
  readonly #of: "distances" | "squares";

  constructor(memory: Memory, period: number, of: "distances" | "squares") {
    this.#memory = memory;
    this.#at = memory.reserve(5);
    this.#window = new Window(memory, period);
    this.#of = of;
  }

  /** NaN until `period` values without a NaN are there. The outputs are other columns than `input`. */
  advance(input: Float64Array, mean: Float64Array, dispersion: Float64Array): void {
    const window = this.#window;
    const taken = window.take(input);
    this.#work(this.#memory.numbers, window.end - taken, taken, mean, dispersion, 0);
    if (taken === input.length) return;
    this.#work(input, taken, input.length - taken, mean, dispersion, taken);
    window.keepLast(input);
  }

  /** Works through `count` values from `values[from]` on, writing from `mean[to]` and `dispersion[to]` on. */
  #work(
    values: Float64Array,
    from: number,
    count: number,
    mean: Float64Array,
    dispersion: Float64Array,
    to: number,
  ): void {
    const numbers = this.#memory.numbers;
    const period = this.#window.length;
    const squared = this.#of === "squares";
    const at = this.#at;
    let sum = numbers[at + SUM];
    let lost = numbers[at + LOST];
    let filled = numbers[at + FILLED] | 0;
    let equal = numbers[at + EQUAL] | 0;
    let last = numbers[at + LAST];
    for (let i = 0; i < count; i++) {
      const value = values[from + i];
      equal = value === last ? equal + 1 : 1;
      last = value;
      if (Number.isNaN(value)) {
        filled = 0;
        sum = 0;
        lost = 0;
      } else {
        const more = sum + value;
        lost += roundingError(sum, value, more);
        sum = more;
        filled++;
      }
      if (filled < period) {
        mean[to + i] = Number.NaN;
        dispersion[to + i] = Number.NaN;
        continue;
      }
      const end = from + i + 1;
      if (filled > period) {
        const leaving = -values[end - 1 - period];
        const less = sum + leaving;
        lost += roundingError(sum, leaving, less);
        sum = less;
        filled = period;
      }
      const centre = (sum + lost) / period;
      let total = 0;
      if (squared) {
        for (let j = end - period; j < end; j++) {
          const distance = values[j] - centre;
          total += distance * distance;
        }
      } else {
        for (let j = end - period; j < end; j++) total += Math.abs(values[j] - centre);
      }
      mean[to + i] = centre;
      dispersion[to + i] = equal >= period ? 0 : total / period;
    }
    numbers[at + SUM] = sum;
    numbers[at + LOST] = lost;
    numbers[at + FILLED] = filled;
    numbers[at + EQUAL] = equal;
    numbers[at + LAST] = last;
  }
}
