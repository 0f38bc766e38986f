import { exponentialWeight, wilderWeight } from "../convergence.ts";
import type { Memory } from "../memory.ts";

const SEEN = 0;
const SEED = 1;
const AVERAGE = 2;

/**
 * An average that moves towards each value by a fixed part of the distance. It starts as the mean of its first
 * `seedPeriod` values, and starts again after a NaN.
 */
export class ExponentialAverage {
  readonly #memory: Memory;
  readonly #at: number;
  readonly #seedPeriod: number;
  readonly #weight: number;

  constructor(memory: Memory, seedPeriod: number, weight: number) {
    this.#memory = memory;
    this.#at = memory.reserve(3);
    this.#seedPeriod = seedPeriod;
    this.#weight = weight;
  }

  /** What is taken of the distance at each value. */
  get weight(): number {
    return this.#weight;
  }

  /** Whether it has started: then it has a value, and the next one moves it. */
  get started(): boolean {
    return this.#memory.numbers[this.#at + SEEN] === this.#seedPeriod;
  }

  /** The average as it is, of one that has started. */
  get value(): number {
    return this.#memory.numbers[this.#at + AVERAGE];
  }

  set value(average: number) {
    this.#memory.numbers[this.#at + AVERAGE] = average;
  }

  /** Works from row `from` to `end`. NaN until it has started. `output` may be `input` itself. */
  advance(input: Float64Array, output: Float64Array, from = 0, end = input.length): void {
    const numbers = this.#memory.numbers;
    const seedPeriod = this.#seedPeriod;
    const weight = this.#weight;
    const at = this.#at;
    let seen = numbers[at + SEEN] | 0;
    let seed = numbers[at + SEED];
    let average = numbers[at + AVERAGE];
    for (let i = from; i < end; ) {
      for (; i < end && seen < seedPeriod; i++) {
        const value = input[i];
        if (Number.isNaN(value)) {
          seen = 0;
        } else {
          seed = seen === 0 ? value : seed + value;
          seen++;
        }
        average = seed / seedPeriod;
        output[i] = seen === seedPeriod ? average : Number.NaN;
      }
      for (; i < end; i++) {
        const value = input[i];
        if (Number.isNaN(value)) {
          seen = 0;
          break;
        }
        average += (value - average) * weight;
        output[i] = average;
      }
    }
    numbers[at + SEEN] = seen;
    numbers[at + SEED] = seed;
    numbers[at + AVERAGE] = average;
  }
}

/** The exponential moving average of `period`, weight 2 / (period + 1), seeded with the mean of its first values. */
export const exponentialAverage = (memory: Memory, period: number): ExponentialAverage =>
  new ExponentialAverage(memory, period, exponentialWeight(period));

/** Wilder's average of `period`, weight 1 / period, seeded with the mean of its first values. */
export const wilderAverage = (memory: Memory, period: number): ExponentialAverage =>
  new ExponentialAverage(memory, period, wilderWeight(period));
