import type { Memory } from "../memory.ts";
import { Window } from "./window.ts";
import { WindowSum } from "./window-sum.ts";

/** The sum, or with a divisor the mean, of the last `period` values: compensated, O(1) a value. */
export class RollingSum {
  readonly #memory: Memory;
  readonly #window: Window;
  readonly #sum: WindowSum;

  constructor(memory: Memory, period: number, divisor = 1) {
    this.#memory = memory;
    this.#window = new Window(memory, period);
    this.#sum = new WindowSum(memory, period, divisor);
  }

  /** NaN until `period` values without a NaN are there. `output` is another column than `input`. */
  advance(input: Float64Array, output: Float64Array): void {
    const window = this.#window;
    const appended = window.append(input);
    this.#sum.work(this.#memory.numbers, window.end - appended, 0, appended, output);
    if (appended === input.length) return;
    this.#sum.work(input, 0, appended, input.length, output);
    window.keepLast(input);
  }
}

/** The mean of the last `period` values. */
export const rollingMean = (memory: Memory, period: number): RollingSum => new RollingSum(memory, period, period);
