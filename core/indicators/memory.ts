/** The state of a machine as JSON: numbers in a fixed order, null where one is unknown. */
export type SavedNumbers = (number | null)[];

const EMPTY = new Float64Array(0);

/**
 * All the numbers that a machine remembers, in one block, so that saving, restoring and trying out a candle are a
 * copy of that block. Parts reserve their slots while the machine is built and write nothing outside of them; a fresh
 * machine is all zeros.
 */
export class Memory {
  /** The block itself; empty until it is `allocate`d. */
  numbers: Float64Array = EMPTY;
  #size = 0;
  #saved = EMPTY;

  /** Reserves `count` slots and returns the offset of the first. */
  reserve(count: number): number {
    const offset = this.#size;
    this.#size += count;
    return offset;
  }

  /** How many slots are reserved. */
  get size(): number {
    return this.#size;
  }

  /** Makes the block, when all has been reserved; `zeros` is one of that size. */
  allocate(zeros: Float64Array = new Float64Array(this.#size)): void {
    this.numbers = zeros;
  }

  /** Keeps a copy that `rollBack` returns to. */
  mark(): void {
    if (this.#saved.length !== this.#size) this.#saved = new Float64Array(this.#size);
    this.#saved.set(this.numbers);
  }

  /** Returns to the last `mark`. */
  rollBack(): void {
    this.numbers.set(this.#saved);
  }

  /** The block as JSON. JSON knows neither NaN, which becomes null, nor a negative zero, which becomes zero. */
  save(): SavedNumbers {
    return Array.from(this.numbers, (value) => (Number.isNaN(value) ? null : value));
  }

  /** Takes up what `save` gave; throws where it is of another length. */
  restore(saved: SavedNumbers): void {
    if (saved.length !== this.#size) {
      throw new RangeError(`The saved state has ${saved.length} numbers; this machine has ${this.#size}.`);
    }
    this.numbers.set(saved.map((value) => value ?? Number.NaN));
  }
}
