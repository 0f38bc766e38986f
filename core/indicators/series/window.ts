import type { Memory } from "../memory.ts";

/**
 * The last `length` values of a series side by side, so that what looks back finds them before the block it works on.
 *
 * A block is worked through in two parts: its first values (at most `length`) are put behind the older ones in the
 * window's buffer and read there; the others have all they look back on in the block itself. The buffer holds twice
 * `length`; its newer half moves to the front when it is full: O(1) a value amortised, also one by one.
 */
export class Window {
  readonly length: number;
  readonly #memory: Memory;
  readonly #filled: number;
  readonly #first: number;

  constructor(memory: Memory, length: number) {
    this.length = length;
    this.#memory = memory;
    this.#filled = memory.reserve(1);
    this.#first = memory.reserve(2 * length);
  }

  /** The slot after the newest value, in the memory's numbers. */
  get end(): number {
    return this.#first + (this.#memory.numbers[this.#filled] | 0);
  }

  /** Puts the first values of a block behind the older ones; returns how many, at most `length`. */
  append(block: Float64Array): number {
    const numbers = this.#memory.numbers;
    const count = Math.min(block.length, this.length);
    let end = this.end;
    if (end + count > this.#first + 2 * this.length) {
      numbers.copyWithin(this.#first, end - this.length, end);
      end = this.#first + this.length;
    }
    for (let i = 0; i < count; i++) numbers[end + i] = block[i];
    numbers[this.#filled] = end + count - this.#first;
    return count;
  }

  /** How many of the `taken` first values of a block have no whole window behind them. */
  incomplete(appended: number): number {
    const length = this.end - this.#first;
    return Math.min(appended, Math.max(0, this.length - 1 - (length - appended)));
  }

  /** Keeps the last values of a block longer than `length`, when it has been worked through. */
  keepLast(block: Float64Array): void {
    const numbers = this.#memory.numbers;
    const start = block.length - this.length;
    for (let i = 0; i < this.length; i++) numbers[this.#first + i] = block[start + i];
    numbers[this.#filled] = this.length;
  }
}
