import type { Memory } from "../memory.ts";
import { Window } from "./window.ts";

const FILLED = 0;
const LEFT = 1;
const PIVOT = 2;
const SUM = 3;
const SQUARES = 4;
const MIN_COUNT = 5;

/** The part of the largest sum of squares so far below which too many of its digits have cancelled. */
const CANCELLED = 1e-3;

/** Windows after which the sums are taken again in any case, and the fewest values. */
const WINDOWS = 4;
const MIN_WINDOW = 64;

/**
 * The mean and the population variance of the last `period` values, O(1) a value amortised.
 *
 * Distances from a pivot and their squares are summed up as the window moves. The pivot is a mean of the window, so
 * little cancels in the difference of the two sums; where more than three digits would, as after a spike, and every few
 * windows, pivot and sums are taken again in two passes. The relative error stays below 1e-9, and a flat window has a
 * variance of exactly 0.
 *
 * Source: Chan, Golub and LeVeque, Algorithms for Computing the Sample Variance (1983), on shifted data.
 */
export class RollingVariance {
  readonly #memory: Memory;
  readonly #window: Window;
  readonly #at: number;

  constructor(memory: Memory, period: number) {
    this.#memory = memory;
    this.#window = new Window(memory, period);
    this.#at = memory.reserve(6);
  }

  /** Both NaN until `period` values without a NaN are there. The outputs are columns of their own. */
  advance(input: Float64Array, mean: Float64Array, variance: Float64Array): void {
    const window = this.#window;
    const appended = window.append(input);
    this.#work(this.#memory.numbers, window.end - appended, 0, appended, mean, variance);
    if (appended === input.length) return;
    this.#work(input, 0, appended, input.length, mean, variance);
    window.keepLast(input);
  }

  /** Works from row `from` to `end`; the value of a row is `values[base + row]`. */
  #work(
    values: Float64Array,
    base: number,
    from: number,
    end: number,
    mean: Float64Array,
    variance: Float64Array,
  ): void {
    const numbers = this.#memory.numbers;
    const at = this.#at;
    const period = this.#window.length;
    for (let i = from; i < end; i++) {
      if (numbers[at + FILLED] === period) i = this.#stepWarm(values, base, i, end, mean, variance);
      if (i === end) return;
      const known = !Number.isNaN(values[base + i]);
      numbers[at + FILLED] = known ? Math.min(numbers[at + FILLED] + 1, period) : 0;
      if (numbers[at + FILLED] === period) {
        this.#recompute(values, base + i);
        mean[i] = numbers[at + PIVOT] + numbers[at + SUM] / period;
        variance[i] = (numbers[at + SQUARES] - numbers[at + SUM] * (numbers[at + SUM] / period)) / period;
      } else {
        mean[i] = Number.NaN;
        variance[i] = Number.NaN;
      }
    }
  }

  /** Moves a whole window on; returns the row that has no value, or needs the sums again, or the end. */
  #stepWarm(
    values: Float64Array,
    base: number,
    from: number,
    end: number,
    mean: Float64Array,
    variance: Float64Array,
  ): number {
    const numbers = this.#memory.numbers;
    const at = this.#at;
    const period = this.#window.length;
    const part = 1 / period;
    const pivot = numbers[at + PIVOT];
    const stop = Math.min(end, from + (numbers[at + LEFT] | 0));
    let sum = numbers[at + SUM];
    let squares = numbers[at + SQUARES];
    let minSquares = numbers[at + MIN_COUNT];
    let i = from;
    for (; i < stop; i++) {
      const value = values[base + i];
      if (Number.isNaN(value)) break;
      const entering = value - pivot;
      const leaving = values[base + i - period] - pivot;
      const change = entering - leaving;
      sum += change;
      squares += change * (entering + leaving);
      const centre = sum * part;
      const total = squares - sum * centre;
      if (total < minSquares) break;
      if (squares * CANCELLED > minSquares) minSquares = squares * CANCELLED;
      mean[i] = pivot + centre;
      variance[i] = total * part;
    }
    numbers[at + SUM] = sum;
    numbers[at + SQUARES] = squares;
    numbers[at + MIN_COUNT] = minSquares;
    numbers[at + LEFT] -= i - from;
    return i;
  }

  /** Takes pivot and sums again over the window that ends at `values[last]`. */
  #recompute(values: Float64Array, last: number): void {
    const numbers = this.#memory.numbers;
    const period = this.#window.length;
    const newest = values[last];
    let distances = 0;
    for (let i = last - period + 1; i < last; i++) distances += values[i] - newest;
    const pivot = newest + distances / period;
    let sum = 0;
    let squares = 0;
    for (let i = last - period + 1; i <= last; i++) {
      const distance = values[i] - pivot;
      sum += distance;
      squares += distance * distance;
    }
    numbers[this.#at + PIVOT] = pivot;
    numbers[this.#at + SUM] = sum;
    numbers[this.#at + SQUARES] = squares;
    numbers[this.#at + MIN_COUNT] = squares * CANCELLED;
    numbers[this.#at + LEFT] = Math.max(MIN_WINDOW, WINDOWS * period);
  }
}
