import type { Memory } from "../memory.ts";

const FILLED = 0;
const LEFT = 1;
const PIVOT = 2;
const SUM = 3;

/** How many times as large as the pivot, or as small, a mean may become before the sum is taken anew. */
const FAR = 16;

/** Windows after which the sum is taken anew in any case, and the fewest values. */
const WINDOWS = 4;
const FEWEST = 64;

/**
 * The running mean of a window whose values someone else keeps, O(1) a value amortised.
 *
 * The distances from a pivot are summed up as the window moves. The pivot is a mean of the window, so they are small and little is
 * lost in rounding; where the mean has gone far from it, as after a spike, and every few windows, pivot and sum are taken anew. The
 * relative error stays below 1e-9, and the mean of a flat window that is taken anew is its value to the last bit.
 */
export class WindowMean {
  readonly #memory: Memory;
  readonly #at: number;
  readonly #period: number;

  constructor(memory: Memory, period: number) {
    this.#memory = memory;
    this.#at = memory.reserve(4);
    this.#period = period;
  }

  /**
   * Writes the mean of rows `from` to `end`. The value of a row is `values[base + row]`, and those of the window lie before it. NaN
   * until `period` values without a NaN are there.
   */
  work(values: Float64Array, base: number, from: number, end: number, output: Float64Array): void {
    const numbers = this.#memory.numbers;
    const at = this.#at;
    const period = this.#period;
    for (let i = from; i < end; i++) {
      if (numbers[at + FILLED] === period) i = this.#move(values, base, i, end, output);
      if (i === end) return;
      const known = !Number.isNaN(values[base + i]);
      numbers[at + FILLED] = known ? Math.min(numbers[at + FILLED] + 1, period) : 0;
      output[i] = numbers[at + FILLED] === period ? this.#takeAnew(values, base + i) : Number.NaN;
    }
  }

  /** Moves a whole window on; gives the row that has no value, or needs the sum anew, or the end. */
  #move(values: Float64Array, base: number, from: number, end: number, output: Float64Array): number {
    const numbers = this.#memory.numbers;
    const at = this.#at;
    const period = this.#period;
    const part = 1 / period;
    const pivot = numbers[at + PIVOT];
    const most = FAR * Math.abs(pivot);
    const least = Math.abs(pivot) / FAR;
    const stop = Math.min(end, from + (numbers[at + LEFT] | 0));
    let sum = numbers[at + SUM];
    let i = from;
    for (; i < stop; i++) {
      sum += values[base + i] - values[base + i - period];
      const mean = pivot + sum * part;
      const size = Math.abs(mean);
      // A NaN fails both.
      if (!(size <= most && size >= least)) break;
      output[i] = mean;
    }
    numbers[at + SUM] = sum;
    numbers[at + LEFT] -= i - from;
    return i;
  }

  /** Takes pivot and sum anew over the window that ends at `values[last]`; gives its mean. */
  #takeAnew(values: Float64Array, last: number): number {
    const numbers = this.#memory.numbers;
    const at = this.#at;
    const period = this.#period;
    const newest = values[last];
    let distances = 0;
    for (let i = last - period + 1; i < last; i++) distances += values[i] - newest;
    const pivot = newest + distances / period;
    let sum = 0;
    for (let i = last - period + 1; i <= last; i++) sum += values[i] - pivot;
    numbers[at + PIVOT] = pivot;
    numbers[at + SUM] = sum;
    numbers[at + LEFT] = Math.max(FEWEST, WINDOWS * period);
    return pivot + sum / period;
  }
}
