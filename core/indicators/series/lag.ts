import type { Memory } from "../memory.ts";
import { Window } from "./window.ts";

/** A series some shift later. */
export class Lag {
  readonly #memory: Memory;
  readonly #seen: number;
  readonly #window: Window;

  constructor(memory: Memory, shift: number) {
    this.#memory = memory;
    this.#seen = memory.reserve(1);
    this.#window = new Window(memory, shift);
  }

  /** Each value of `input` that many shift later in `output`, which is another column; NaN before the first. */
  advance(input: Float64Array, output: Float64Array): void {
    const numbers = this.#memory.numbers;
    const window = this.#window;
    const shift = window.length;
    const missing = shift - numbers[this.#seen];
    const appended = window.append(input);
    const before = window.end - appended - shift;
    for (let i = 0; i < appended; i++) output[i] = i < missing ? Number.NaN : numbers[before + i];
    numbers[this.#seen] = Math.min(shift, numbers[this.#seen] + input.length);
    if (appended === input.length) return;
    for (let i = appended; i < input.length; i++) output[i] = input[i - shift];
    window.keepLast(input);
  }

  /** The values that the next shift will have. */
  pending(): Float64Array {
    const numbers = this.#memory.numbers;
    const shift = this.#window.length;
    const missing = shift - numbers[this.#seen];
    const before = this.#window.end - shift;
    return Float64Array.from({ length: shift }, (_, i) => (i < missing ? Number.NaN : numbers[before + i]));
  }
}
