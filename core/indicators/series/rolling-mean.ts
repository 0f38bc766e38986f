import type { Memory } from "../memory.ts";
import { Window } from "./window.ts";
import { WindowMean } from "./window-mean.ts";

/** The mean of the last `period` values, O(1) a value amortised. */
export class RollingMean {
  readonly #memory: Memory;
  readonly #window: Window;
  readonly #mean: WindowMean;

  constructor(memory: Memory, period: number) {
    this.#memory = memory;
    this.#window = new Window(memory, period);
    this.#mean = new WindowMean(memory, period);
  }

  /** NaN until `period` values without a NaN are there. `output` is another column than `input`. */
  advance(input: Float64Array, output: Float64Array): void {
    const window = this.#window;
    const taken = window.take(input);
    this.#mean.work(this.#memory.numbers, window.end - taken, 0, taken, output);
    if (taken === input.length) return;
    this.#mean.work(input, 0, taken, input.length, output);
    window.keepLast(input);
  }
}
