import type { Memory } from "../memory.ts";
import { roundingError } from "./compensated-sum.ts";
import { Window } from "./window.ts";

const SUM = 0;
const LOST = 1;
const FILLED = 2;

/** The sum, or with a divisor the mean, of the last `period` values: compensated, O(1) a value. */
export class RollingSum {
  readonly #memory: Memory;
  readonly #at: number;
  readonly #window: Window;
  readonly #divisor: number;

  constructor(memory: Memory, period: number, divisor = 1) {
    this.#memory = memory;
    this.#at = memory.reserve(3);
    this.#window = new Window(memory, period);
    this.#divisor = divisor;
  }

  /** NaN until `period` values without a NaN are there. `output` is another column than `input`. */
  advance(input: Float64Array, output: Float64Array): void {
    const window = this.#window;
    const taken = window.take(input);
    this.#work(this.#memory.numbers, window.end - taken, taken, output, 0);
    if (taken === input.length) return;
    this.#work(input, taken, input.length - taken, output, taken);
    window.keepLast(input);
  }

  /** Works through `count` values from `values[from]` on, writing from `output[to]` on. */
  #work(values: Float64Array, from: number, count: number, output: Float64Array, to: number): void {
    const numbers = this.#memory.numbers;
    const period = this.#window.length;
    const divisor = this.#divisor;
    const at = this.#at;
    let sum = numbers[at + SUM];
    let lost = numbers[at + LOST];
    let filled = numbers[at + FILLED] | 0;
    for (let i = 0; i < count; ) {
      for (; i < count && filled < period; i++) {
        const value = values[from + i];
        if (Number.isNaN(value)) {
          filled = 0;
        } else {
          const more = filled === 0 ? value : sum + value;
          lost = filled === 0 ? 0 : lost + roundingError(sum, value, more);
          sum = more;
          filled++;
        }
        output[to + i] = filled === period ? (sum + lost) / divisor : Number.NaN;
      }
      for (; i < count; i++) {
        const value = values[from + i];
        if (Number.isNaN(value)) {
          filled = 0;
          break;
        }
        const leaving = -values[from + i - period];
        const more = sum + value;
        lost += roundingError(sum, value, more);
        sum = more + leaving;
        lost += roundingError(more, leaving, sum);
        output[to + i] = (sum + lost) / divisor;
      }
    }
    numbers[at + SUM] = sum;
    numbers[at + LOST] = lost;
    numbers[at + FILLED] = filled;
  }
}

/** The mean of the last `period` values. */
export const rollingMean = (memory: Memory, period: number): RollingSum => new RollingSum(memory, period, period);
