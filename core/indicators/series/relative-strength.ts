import type { Memory } from "../memory.ts";

const SEEN = 0;
const PREVIOUS = 1;
const UP = 2;
const DOWN = 3;
const STRENGTH = 4;

/** Wilder's relative strength index of a series, 0 to 100. */
export class RelativeStrength {
  readonly #memory: Memory;
  readonly #period: number;
  readonly #at: number;

  constructor(memory: Memory, period: number) {
    this.#memory = memory;
    this.#period = period;
    this.#at = memory.reserve(5);
  }

  /** NaN until `period` changes without a NaN are there, and while nothing has moved. `output` may be `input`. */
  advance(input: Float64Array, output: Float64Array): void {
    const numbers = this.#memory.numbers;
    const period = this.#period;
    const weight = 1 / period;
    const halfWeight = weight / 2;
    const keep = 1 - weight;
    const at = this.#at;
    let seen = numbers[at + SEEN] | 0;
    let previous = numbers[at + PREVIOUS];
    let up = numbers[at + UP];
    let down = numbers[at + DOWN];
    let strength = numbers[at + STRENGTH];
    for (let i = 0; i < input.length; ) {
      for (; i < input.length && seen <= period; i++) {
        const value = input[i];
        if (Number.isNaN(value)) {
          seen = 0;
          up = 0;
          down = 0;
        } else {
          const change = seen === 0 ? 0 : value - previous;
          up += Math.max(change, 0) * weight;
          down += Math.max(-change, 0) * weight;
          strength = 100 * (up / (up + down));
          previous = value;
          seen++;
        }
        output[i] = seen > period ? strength : Number.NaN;
      }
      for (; i < input.length; i++) {
        const value = input[i];
        if (Number.isNaN(value)) {
          seen = 0;
          break;
        }
        const change = value - previous;
        const distance = Math.abs(change);
        up = up * keep + (distance + change) * halfWeight;
        down = down * keep + (distance - change) * halfWeight;
        // Without a change both averages shrink alike: the index is what it was, to the last bit.
        if (change !== 0) strength = 100 * (up / (up + down));
        previous = value;
        output[i] = strength;
      }
    }
    numbers[at + SEEN] = seen;
    numbers[at + PREVIOUS] = previous;
    numbers[at + UP] = up;
    numbers[at + DOWN] = down;
    numbers[at + STRENGTH] = strength;
  }
}
