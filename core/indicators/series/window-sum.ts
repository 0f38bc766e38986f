import type { Memory } from "../memory.ts";
import { roundingError } from "./compensated-sum.ts";

const SUM = 0;
const COMPENSATION = 1;
const FILLED = 2;

/** The running sum of a window whose values are kept elsewhere: compensated, O(1) a value. */
export class WindowSum {
  readonly #memory: Memory;
  readonly #at: number;
  readonly #period: number;
  readonly #divisor: number;

  constructor(memory: Memory, period: number, divisor: number) {
    this.#memory = memory;
    this.#at = memory.reserve(3);
    this.#period = period;
    this.#divisor = divisor;
  }

  /**
   * Writes the sum, divided, of rows `from` to `end`. The value of a row is `values[base + row]`, and those of the window
   * lie before it. NaN until `period` values without a NaN are there.
   */
  work(values: Float64Array, base: number, from: number, end: number, output: Float64Array): void {
    const numbers = this.#memory.numbers;
    const period = this.#period;
    const divisor = this.#divisor;
    const at = this.#at;
    let sum = numbers[at + SUM];
    let compensation = numbers[at + COMPENSATION];
    let filled = numbers[at + FILLED] | 0;
    for (let i = from; i < end; ) {
      for (; i < end && filled < period; i++) {
        const value = values[base + i];
        if (Number.isNaN(value)) {
          filled = 0;
        } else {
          const more = filled === 0 ? value : sum + value;
          compensation = filled === 0 ? 0 : compensation + roundingError(sum, value, more);
          sum = more;
          filled++;
        }
        output[i] = filled === period ? (sum + compensation) / divisor : Number.NaN;
      }
      for (; i < end; i++) {
        const value = values[base + i];
        if (Number.isNaN(value)) {
          filled = 0;
          break;
        }
        const leaving = -values[base + i - period];
        const more = sum + value;
        compensation += roundingError(sum, value, more);
        sum = more + leaving;
        compensation += roundingError(more, leaving, sum);
        output[i] = (sum + compensation) / divisor;
      }
    }
    numbers[at + SUM] = sum;
    numbers[at + COMPENSATION] = compensation;
    numbers[at + FILLED] = filled;
  }
}
