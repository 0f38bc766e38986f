import type { Memory } from "../memory.ts";
import { Window } from "./window.ts";

/** A series some places later. */
export class Lag {
  readonly #memory: Memory;
  readonly #seen: number;
  readonly #window: Window;

  constructor(memory: Memory, places: number) {
    this.#memory = memory;
    this.#seen = memory.reserve(1);
    this.#window = new Window(memory, places);
  }

  /** Each value of `input` that many places later in `output`, which is another column; NaN before the first. */
  advance(input: Float64Array, output: Float64Array): void {
    const numbers = this.#memory.numbers;
    const window = this.#window;
    const places = window.length;
    const missing = places - numbers[this.#seen];
    const taken = window.take(input);
    const before = window.end - taken - places;
    for (let i = 0; i < taken; i++) output[i] = i < missing ? Number.NaN : numbers[before + i];
    numbers[this.#seen] = Math.min(places, numbers[this.#seen] + input.length);
    if (taken === input.length) return;
    for (let i = taken; i < input.length; i++) output[i] = input[i - places];
    window.keepLast(input);
  }

  /** The values that the next places will have. */
  pending(): Float64Array {
    const numbers = this.#memory.numbers;
    const places = this.#window.length;
    const missing = places - numbers[this.#seen];
    const before = this.#window.end - places;
    return Float64Array.from({ length: places }, (_, i) => (i < missing ? Number.NaN : numbers[before + i]));
  }
}
