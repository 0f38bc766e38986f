import type { Memory } from "../memory.ts";

const PLACE = 0;
const TAILS = 1;
const TOP = 2;
const BOTTOM = 3;

const UNPREPARED = 0;
const UNKNOWN = 1;
const KNOWN = 2;

/**
 * The highest high and the lowest low of the last `period` candles, O(1) a candle amortised. The series is cut into
 * stretches of `period`; a window is the tail of one stretch, whose extremes are prepared when it ends, and the head of
 * the next, whose extremes run along.
 *
 * Source: van Herk, A fast algorithm for local minimum and maximum filters (1992).
 */
export class RollingRange {
  readonly #memory: Memory;
  readonly #period: number;
  readonly #at: number;
  readonly #highs: number;
  readonly #lows: number;
  readonly #tops: number;
  readonly #bottoms: number;

  constructor(memory: Memory, period: number) {
    this.#memory = memory;
    this.#period = period;
    this.#at = memory.reserve(4);
    this.#highs = memory.reserve(period);
    this.#lows = memory.reserve(period);
    this.#tops = memory.reserve(period + 1);
    this.#bottoms = memory.reserve(period + 1);
  }

  /** NaN until `period` candles with both high and low known are there. Output columns may be the input columns. */
  advance(high: Float64Array, low: Float64Array, highest: Float64Array, lowest: Float64Array): void {
    const numbers = this.#memory.numbers;
    const period = this.#period;
    const at = this.#at;
    const highs = this.#highs;
    const lows = this.#lows;
    const tops = this.#tops;
    const bottoms = this.#bottoms;
    let place = numbers[at + PLACE] | 0;
    let top = numbers[at + TOP];
    let bottom = numbers[at + BOTTOM];
    for (let i = 0; i < high.length; ) {
      if (place === 0) {
        top = -Number.MAX_VALUE;
        bottom = Number.MAX_VALUE;
        if (numbers[at + TAILS] === UNPREPARED) this.#forgetTails();
      }
      const end = Math.min(high.length, i + period - place);
      for (; i < end; i++) {
        const h = high[i];
        const l = low[i];
        if (Number.isNaN(h + l)) break;
        numbers[highs + place] = h;
        numbers[lows + place] = l;
        place++;
        top = higher(h, top);
        bottom = lower(l, bottom);
        highest[i] = higher(top, numbers[tops + place]);
        lowest[i] = lower(bottom, numbers[bottoms + place]);
      }
      if (place === period) {
        this.#prepareTails();
        place = 0;
      } else if (i < end) {
        highest[i] = Number.NaN;
        lowest[i] = Number.NaN;
        i++;
        place = 0;
        if (numbers[at + TAILS] === KNOWN) numbers[at + TAILS] = UNPREPARED;
      }
    }
    numbers[at + PLACE] = place;
    numbers[at + TOP] = top;
    numbers[at + BOTTOM] = bottom;
  }

  /** Before the first whole stretch the tails are unknown: every comparison with them fails, and they are the result. */
  #forgetTails(): void {
    const numbers = this.#memory.numbers;
    const period = this.#period;
    numbers.fill(Number.NaN, this.#tops, this.#tops + period);
    numbers.fill(Number.NaN, this.#bottoms, this.#bottoms + period);
    numbers[this.#tops + period] = -Number.MAX_VALUE;
    numbers[this.#bottoms + period] = Number.MAX_VALUE;
    numbers[this.#at + TAILS] = UNKNOWN;
  }

  /** Prepares the extremes of every tail of the stretch that has just ended. */
  #prepareTails(): void {
    const numbers = this.#memory.numbers;
    let top = -Number.MAX_VALUE;
    let bottom = Number.MAX_VALUE;
    numbers[this.#at + TAILS] = KNOWN;
    for (let place = this.#period; place > 0; place--) {
      numbers[this.#tops + place] = top;
      numbers[this.#bottoms + place] = bottom;
      top = higher(numbers[this.#highs + place - 1], top);
      bottom = lower(numbers[this.#lows + place - 1], bottom);
    }
  }
}

/** The higher of two; the second where that is NaN. */
function higher(a: number, b: number): number {
  return a > b ? a : b;
}

/** The lower of two; the second where that is NaN. */
function lower(a: number, b: number): number {
  return a < b ? a : b;
}
