import type { Memory } from "../memory.ts";
import { Window } from "./window.ts";
import { WindowSum } from "./window-sum.ts";

/** A window whose values are nearer to their mean than this part of it may be flat but for rounding. */
const NEARLY_FLAT = 1e-9;

/**
 * The mean of the last `period` values, and the mean of their distances from it. The distances are summed again for every
 * value, O(period), since all of them change with the mean. A flat window has no deviation, to the last bit, though its
 * mean may be rounded.
 */
export class MeanDeviation {
  readonly #memory: Memory;
  readonly #window: Window;
  readonly #mean: WindowSum;

  constructor(memory: Memory, period: number) {
    this.#memory = memory;
    this.#window = new Window(memory, period);
    this.#mean = new WindowSum(memory, period, period);
  }

  /** Both NaN until `period` values without a NaN are there. The outputs are columns of their own. */
  advance(input: Float64Array, mean: Float64Array, deviation: Float64Array): void {
    const numbers = this.#memory.numbers;
    const window = this.#window;
    const appended = window.append(input);
    const base = window.end - appended;
    const warmingUp = window.incomplete(appended);
    if (warmingUp > 0) deviation.fill(Number.NaN, 0, warmingUp);
    this.#mean.work(numbers, base, 0, appended, mean);
    this.#work(numbers, base, warmingUp, appended, mean, deviation);
    if (appended === input.length) return;
    this.#mean.work(input, 0, appended, input.length, mean);
    this.#work(input, 0, appended, input.length, mean, deviation);
    window.keepLast(input);
  }

  /** Works from row `from` to `end`; the value of a row is `values[base + row]`. */
  #work(
    values: Float64Array,
    base: number,
    from: number,
    end: number,
    mean: Float64Array,
    deviation: Float64Array,
  ): void {
    const period = this.#window.length;
    let i = period < 4 ? from : this.#fourByFour(values, base, from, end, mean, deviation);
    for (; i < end; i++) {
      const last = base + i;
      const centre = mean[i];
      let total = 0;
      for (let j = last - period + 1; j <= last; j++) total += Math.abs(values[j] - centre);
      deviation[i] = this.#deviation(values, last, centre, total);
    }
  }

  /** Works through four windows at a time: they share most of their values, which are read once. Returns the row it has come to. */
  #fourByFour(
    values: Float64Array,
    base: number,
    from: number,
    end: number,
    mean: Float64Array,
    deviation: Float64Array,
  ): number {
    const period = this.#window.length;
    let i = from;
    for (; i + 3 < end; i += 4) {
      const last = base + i;
      const first = last - period + 1;
      const a = mean[i];
      const b = mean[i + 1];
      const c = mean[i + 2];
      const d = mean[i + 3];
      const second = values[first + 1];
      const third = values[first + 2];
      // Each total is summed from the oldest value to the newest, as that of a single window is: rounding is the same.
      let totalA = Math.abs(values[first] - a) + Math.abs(second - a) + Math.abs(third - a);
      let totalB = Math.abs(second - b) + Math.abs(third - b);
      let totalC = Math.abs(third - c);
      let totalD = 0;
      for (let j = first + 3; j <= last; j++) {
        const value = values[j];
        totalA += Math.abs(value - a);
        totalB += Math.abs(value - b);
        totalC += Math.abs(value - c);
        totalD += Math.abs(value - d);
      }
      const next = values[last + 1];
      const nextButOne = values[last + 2];
      totalB += Math.abs(next - b);
      totalC = totalC + Math.abs(next - c) + Math.abs(nextButOne - c);
      totalD = totalD + Math.abs(next - d) + Math.abs(nextButOne - d) + Math.abs(values[last + 3] - d);
      deviation[i] = this.#deviation(values, last, a, totalA);
      deviation[i + 1] = this.#deviation(values, last + 1, b, totalB);
      deviation[i + 2] = this.#deviation(values, last + 2, c, totalC);
      deviation[i + 3] = this.#deviation(values, last + 3, d, totalD);
    }
    return i;
  }

  /** The deviation from the sum over the window that ends at `values[last]`: 0 where all its values are equal. */
  #deviation(values: Float64Array, last: number, centre: number, total: number): number {
    const period = this.#window.length;
    const deviation = total / period;
    return deviation <= NEARLY_FLAT * Math.abs(centre) && isFlat(values, last - period + 1, last) ? 0 : deviation;
  }
}

function isFlat(values: Float64Array, first: number, last: number): boolean {
  for (let i = first; i < last; i++) if (values[i] !== values[last]) return false;
  return true;
}
