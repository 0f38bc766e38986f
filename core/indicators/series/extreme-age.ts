import type { Memory } from "../memory.ts";

const HEAD = 0;
const COUNT = 1;
const SEEN = 2;

/**
 * How many candles ago the highest (or lowest) of the last `period` values was, the latest on ties: a monotonic queue
 * of the values that may still become the extreme, O(1) a value amortised.
 */
export class ExtremeAge {
  readonly #memory: Memory;
  readonly #period: number;
  /** 1 for the highest, −1 for the lowest. */
  readonly #sign: 1 | -1;
  readonly #at: number;
  readonly #values: number;
  readonly #offsets: number;

  constructor(memory: Memory, period: number, sign: 1 | -1) {
    this.#memory = memory;
    this.#period = period;
    this.#sign = sign;
    this.#at = memory.reserve(3);
    this.#values = memory.reserve(period);
    this.#offsets = memory.reserve(period);
  }

  /** NaN until `period` values without a NaN are there. `output` may be `input` itself. */
  advance(input: Float64Array, output: Float64Array): void {
    const numbers = this.#memory.numbers;
    const period = this.#period;
    const values = this.#values;
    const offsets = this.#offsets;
    const at = this.#at;
    let head = numbers[at + HEAD] | 0;
    let count = numbers[at + COUNT] | 0;
    let seen = numbers[at + SEEN];
    for (let i = 0; i < input.length; i++) {
      const value = this.#sign * input[i];
      if (Number.isNaN(value)) {
        count = 0;
        seen = 0;
        output[i] = Number.NaN;
        continue;
      }
      if (count > 0 && numbers[offsets + head] <= seen - period) {
        head = (head + 1) % period;
        count--;
      }
      while (count > 0 && numbers[values + ((head + count - 1) % period)] <= value) count--;
      const tail = (head + count) % period;
      numbers[values + tail] = value;
      numbers[offsets + tail] = seen;
      count++;
      seen++;
      output[i] = seen >= period ? seen - 1 - numbers[offsets + head] : Number.NaN;
    }
    numbers[at + HEAD] = head;
    numbers[at + COUNT] = count;
    numbers[at + SEEN] = seen;
  }
}
