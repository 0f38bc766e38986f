import type { Memory } from "../memory.ts";
import { roundingError } from "./compensated-sum.ts";

/** The compensated sum of all values so far. At a NaN the sum is NaN, and it adds nothing. */
export class RunningTotal {
  readonly #memory: Memory;
  readonly #at: number;

  constructor(memory: Memory) {
    this.#memory = memory;
    this.#at = memory.reserve(2);
  }

  /** `output` may be `input` itself. */
  advance(input: Float64Array, output: Float64Array): void {
    const numbers = this.#memory.numbers;
    let sum = numbers[this.#at];
    let compensation = numbers[this.#at + 1];
    for (let i = 0; i < input.length; i++) {
      const value = input[i];
      if (Number.isNaN(value)) {
        output[i] = Number.NaN;
        continue;
      }
      const more = sum + value;
      compensation += roundingError(sum, value, more);
      sum = more;
      output[i] = sum + compensation;
    }
    numbers[this.#at] = sum;
    numbers[this.#at + 1] = compensation;
  }
}
