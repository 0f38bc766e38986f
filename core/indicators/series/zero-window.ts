import type { Memory } from "../memory.ts";

/**
 * Makes the sum of a window of zeros exactly 0 where rounding has left a trace of what was there before, so that a
 * quotient of two such sums is seen to be undefined.
 */
export class ZeroWindow {
  readonly #memory: Memory;
  readonly #period: number;
  readonly #run: number;

  constructor(memory: Memory, period: number) {
    this.#memory = memory;
    this.#period = period;
    this.#run = memory.reserve(1);
  }

  /** `sum` is the rolling sum of `input` over the period, and is corrected in place. */
  advance(input: Float64Array, sum: Float64Array): void {
    let run = this.#memory.numbers[this.#run];
    for (let i = 0; i < input.length; i++) {
      run = input[i] === 0 ? run + 1 : 0;
      if (run >= this.#period) sum[i] = 0;
    }
    this.#memory.numbers[this.#run] = run;
  }
}
