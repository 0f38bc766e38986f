import type { Memory } from "../memory.ts";
import { roundingError } from "./compensated-sum.ts";
import { Window } from "./window.ts";

const SUM = 0;
const SUM_COMPENSATION = 1;
const WEIGHTED = 2;
const WEIGHTED_COMPENSATION = 3;
const FILLED = 4;

/** 2^27 + 1: multiplying by it splits a double into two halves (Dekker, 1971), whose products with a period are exact. */
const SPLITTER = 134217729;

/**
 * The mean of the last `period` values weighted 1 for the oldest to `period` for the newest: compensated, O(1) a value.
 * Moving on takes the plain sum away once (every weight falls by one) and adds the new value `period` times.
 */
export class WeightedMean {
  readonly #memory: Memory;
  readonly #at: number;
  readonly #window: Window;

  constructor(memory: Memory, period: number) {
    this.#memory = memory;
    this.#at = memory.reserve(5);
    this.#window = new Window(memory, period);
  }

  /** NaN until `period` values without a NaN are there. `output` is another column than `input`. */
  advance(input: Float64Array, output: Float64Array): void {
    const window = this.#window;
    const appended = window.append(input);
    this.#work(this.#memory.numbers, window.end - appended, appended, output, 0);
    if (appended === input.length) return;
    this.#work(input, appended, input.length - appended, output, appended);
    window.keepLast(input);
  }

  /** Works through `count` values from `values[from]` on, writing from `output[to]` on. */
  #work(values: Float64Array, from: number, count: number, output: Float64Array, to: number): void {
    const numbers = this.#memory.numbers;
    const period = this.#window.length;
    const divisor = (period * (period + 1)) / 2;
    const at = this.#at;
    let sum = numbers[at + SUM];
    let sumCompensation = numbers[at + SUM_COMPENSATION];
    let weighted = numbers[at + WEIGHTED];
    let weightedCompensation = numbers[at + WEIGHTED_COMPENSATION];
    let filled = numbers[at + FILLED] | 0;
    for (let i = 0; i < count; i++) {
      const value = values[from + i];
      if (Number.isNaN(value)) {
        sum = 0;
        sumCompensation = 0;
        weighted = 0;
        weightedCompensation = 0;
        filled = 0;
        output[to + i] = Number.NaN;
        continue;
      }
      if (filled < period) {
        filled++;
      } else {
        const lighter = weighted - sum;
        weightedCompensation += roundingError(weighted, -sum, lighter) - sumCompensation;
        weighted = lighter;
        const leaving = -values[from + i - period];
        const less = sum + leaving;
        sumCompensation += roundingError(sum, leaving, less);
        sum = less;
      }
      const more = sum + value;
      sumCompensation += roundingError(sum, value, more);
      sum = more;
      const wide = SPLITTER * value;
      const upper = wide - (wide - value);
      const coarse = filled * upper;
      const fine = filled * (value - upper);
      const heavier = weighted + coarse;
      weightedCompensation += roundingError(weighted, coarse, heavier);
      weighted = heavier + fine;
      weightedCompensation += roundingError(heavier, fine, weighted);
      output[to + i] = filled === period ? (weighted + weightedCompensation) / divisor : Number.NaN;
    }
    numbers[at + SUM] = sum;
    numbers[at + SUM_COMPENSATION] = sumCompensation;
    numbers[at + WEIGHTED] = weighted;
    numbers[at + WEIGHTED_COMPENSATION] = weightedCompensation;
    numbers[at + FILLED] = filled;
  }
}
