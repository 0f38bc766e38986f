import type { Memory } from "../memory.ts";

const OFFSET = 0;
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

  /** NaN until `period` candles with both high and low known are there. The outputs are columns of their own. */
  advance(high: Float64Array, low: Float64Array, highest: Float64Array, lowest: Float64Array): void {
    const numbers = this.#memory.numbers;
    const period = this.#period;
    const at = this.#at;
    let offset = numbers[at + OFFSET] | 0;
    let top = numbers[at + TOP];
    let bottom = numbers[at + BOTTOM];
    for (let i = 0; i < high.length; ) {
      if (offset === 0) {
        top = -Number.MAX_VALUE;
        bottom = Number.MAX_VALUE;
        if (numbers[at + TAILS] === UNPREPARED) this.#resetTails();
      }
      const from = i;
      const end = Math.min(high.length, i + period - offset);
      let tailTop = this.#tops + offset + 1;
      let tailBottom = this.#bottoms + offset + 1;
      for (; i < end; i++) {
        const h = high[i];
        const l = low[i];
        if (Number.isNaN(h + l)) break;
        top = higher(h, top);
        bottom = lower(l, bottom);
        highest[i] = higher(top, numbers[tailTop++]);
        lowest[i] = lower(bottom, numbers[tailBottom++]);
      }
      if (i === end) {
        offset = this.#saveRows(high, low, from, end, offset);
      } else {
        highest[i] = Number.NaN;
        lowest[i] = Number.NaN;
        if (numbers[at + TAILS] === KNOWN) numbers[at + TAILS] = UNPREPARED;
        offset = 0;
        i++;
      }
    }
    numbers[at + OFFSET] = offset;
    numbers[at + TOP] = top;
    numbers[at + BOTTOM] = bottom;
  }

  /** Keeps the rows of an unfinished stretch, prepares the tails of a finished one; returns the offset it has come to. */
  #saveRows(high: Float64Array, low: Float64Array, from: number, end: number, offset: number): number {
    const next = offset + end - from;
    if (next === this.#period && offset === 0) return this.#prepareTails(high, from, low, from);
    const numbers = this.#memory.numbers;
    for (let i = from; i < end; i++) {
      numbers[this.#highs + offset + i - from] = high[i];
      numbers[this.#lows + offset + i - from] = low[i];
    }
    return next < this.#period ? next : this.#prepareTails(numbers, this.#highs, numbers, this.#lows);
  }

  /** Before the first whole stretch the tails are unknown: every comparison with them fails, and they are the result. */
  #resetTails(): void {
    const numbers = this.#memory.numbers;
    const period = this.#period;
    numbers.fill(Number.NaN, this.#tops, this.#tops + period);
    numbers.fill(Number.NaN, this.#bottoms, this.#bottoms + period);
    numbers[this.#tops + period] = -Number.MAX_VALUE;
    numbers[this.#bottoms + period] = Number.MAX_VALUE;
    numbers[this.#at + TAILS] = UNKNOWN;
  }

  /** Prepares the extremes of every tail of the stretch whose highs and lows begin here; the next is at offset 0. */
  #prepareTails(highs: Float64Array, firstHigh: number, lows: Float64Array, firstLow: number): number {
    const numbers = this.#memory.numbers;
    const tops = this.#tops;
    const bottoms = this.#bottoms;
    let top = -Number.MAX_VALUE;
    let bottom = Number.MAX_VALUE;
    for (let offset = this.#period; offset > 0; offset--) {
      numbers[tops + offset] = top;
      numbers[bottoms + offset] = bottom;
      top = higher(highs[firstHigh + offset - 1], top);
      bottom = lower(lows[firstLow + offset - 1], bottom);
    }
    numbers[this.#at + TAILS] = KNOWN;
    return 0;
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
