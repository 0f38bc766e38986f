import type { Memory } from "../memory.ts";
import { Window } from "./window.ts";
import { WindowSum } from "./window-sum.ts";

/** What is averaged over a window: distances from its mean, or their squares. */
export type DispersionOf = "distances" | "squares";

/** A window whose values are nearer to their mean than this part of it may be flat but for rounding. */
const NEARLY_FLAT = 1e-9;

/**
 * The mean of the last `period` values, and their mean distance from it or the mean of the squared distances. Those are
 * summed anew for every value, O(period), because a running sum of squares would lose all digits after a spike. A flat
 * window has no dispersion, to the last bit, though its mean may be rounded.
 */
export class RollingDispersion {
  readonly #memory: Memory;
  readonly #window: Window;
  readonly #mean: WindowSum;
  readonly #squared: boolean;

  constructor(memory: Memory, period: number, of: DispersionOf) {
    this.#memory = memory;
    this.#window = new Window(memory, period);
    this.#mean = new WindowSum(memory, period, period);
    this.#squared = of === "squares";
  }

  /** Both NaN until `period` values without a NaN are there. The outputs are columns of their own. */
  advance(input: Float64Array, mean: Float64Array, dispersion: Float64Array): void {
    const numbers = this.#memory.numbers;
    const window = this.#window;
    const taken = window.take(input);
    const base = window.end - taken;
    const warmingUp = window.lacking(taken);
    if (warmingUp > 0) dispersion.fill(Number.NaN, 0, warmingUp);
    this.#mean.work(numbers, base, 0, taken, mean);
    this.#work(numbers, base, warmingUp, taken, mean, dispersion);
    if (taken === input.length) return;
    this.#mean.work(input, 0, taken, input.length, mean);
    this.#work(input, 0, taken, input.length, mean, dispersion);
    window.keepLast(input);
  }

  /** Works from row `i` to `end`; the value of a row is `values[base + row]`. */
  #work(values: Float64Array, base: number, from: number, end: number, mean: Float64Array, output: Float64Array): void {
    const period = this.#window.length;
    const squared = this.#squared;
    let i = from;
    if (period >= 4) {
      for (; i + 3 < end; i += 4) this.#fourAtOnce(values, base + i, mean, output, i);
    }
    for (; i < end; i++) {
      const last = base + i;
      const centre = mean[i];
      let total = 0;
      if (squared) for (let j = last - period + 1; j <= last; j++) total += (values[j] - centre) * (values[j] - centre);
      else for (let j = last - period + 1; j <= last; j++) total += Math.abs(values[j] - centre);
      output[i] = this.#dispersion(values, last, centre, total);
    }
  }

  /** Four windows that end at `values[last]` and after it: they share most of their values, which are read once. */
  #fourAtOnce(values: Float64Array, last: number, mean: Float64Array, output: Float64Array, i: number): void {
    const squared = this.#squared;
    const first = last - this.#window.length + 1;
    const a = mean[i];
    const b = mean[i + 1];
    const c = mean[i + 2];
    const d = mean[i + 3];
    const second = values[first + 1];
    const third = values[first + 2];
    let totalA = term(values[first] - a, squared) + term(second - a, squared) + term(third - a, squared);
    let totalB = term(second - b, squared) + term(third - b, squared);
    let totalC = term(third - c, squared);
    let totalD = 0;
    if (squared) {
      for (let j = first + 3; j <= last; j++) {
        const value = values[j];
        totalA += (value - a) * (value - a);
        totalB += (value - b) * (value - b);
        totalC += (value - c) * (value - c);
        totalD += (value - d) * (value - d);
      }
    } else {
      for (let j = first + 3; j <= last; j++) {
        const value = values[j];
        totalA += Math.abs(value - a);
        totalB += Math.abs(value - b);
        totalC += Math.abs(value - c);
        totalD += Math.abs(value - d);
      }
    }
    const next = values[last + 1];
    const nextButOne = values[last + 2];
    totalB += term(next - b, squared);
    totalC = totalC + term(next - c, squared) + term(nextButOne - c, squared);
    totalD = totalD + term(next - d, squared) + term(nextButOne - d, squared) + term(values[last + 3] - d, squared);
    output[i] = this.#dispersion(values, last, a, totalA);
    output[i + 1] = this.#dispersion(values, last + 1, b, totalB);
    output[i + 2] = this.#dispersion(values, last + 2, c, totalC);
    output[i + 3] = this.#dispersion(values, last + 3, d, totalD);
  }

  /** The dispersion from the sum over the window that ends at `values[last]`: 0 where all its values are equal. */
  #dispersion(values: Float64Array, last: number, centre: number, total: number): number {
    const period = this.#window.length;
    const dispersion = total / period;
    return dispersion <= term(NEARLY_FLAT * centre, this.#squared) && isFlat(values, last - period + 1, last)
      ? 0
      : dispersion;
  }
}

/** The square of a distance, or its size. */
function term(distance: number, squared: boolean): number {
  return squared ? distance * distance : Math.abs(distance);
}

function isFlat(values: Float64Array, first: number, last: number): boolean {
  for (let i = first; i < last; i++) if (values[i] !== values[last]) return false;
  return true;
}
