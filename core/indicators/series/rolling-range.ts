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

  /** NaN until `period` candles with both high and low known are there. The outputs are columns of their own. */
  advance(high: Float64Array, low: Float64Array, highest: Float64Array, lowest: Float64Array): void {
    const numbers = this.#memory.numbers;
    const period = this.#period;
    const at = this.#at;
    for (let i = 0; i < high.length; ) {
      const place = numbers[at + PLACE] | 0;
      if (numbers[at + TAILS] === UNPREPARED) this.#forgetTails();
      const end = Math.min(high.length, i + period - place);
      const next = this.#follow(high, low, i, end, highest, lowest);
      if (next === end) {
        this.#keep(high, low, i, end);
        i = end;
      } else {
        highest[next] = Number.NaN;
        lowest[next] = Number.NaN;
        numbers[at + PLACE] = 0;
        if (numbers[at + TAILS] === KNOWN) numbers[at + TAILS] = UNPREPARED;
        i = next + 1;
      }
    }
  }

  /** Works through rows of one stretch up to `end` or the first with an unknown value; gives the row it stopped at. */
  #follow(
    high: Float64Array,
    low: Float64Array,
    from: number,
    end: number,
    highest: Float64Array,
    lowest: Float64Array,
  ): number {
    const numbers = this.#memory.numbers;
    const at = this.#at;
    const place = numbers[at + PLACE] | 0;
    let top = place === 0 ? -Number.MAX_VALUE : numbers[at + TOP];
    let bottom = place === 0 ? Number.MAX_VALUE : numbers[at + BOTTOM];
    let tailTop = this.#tops + place + 1;
    let tailBottom = this.#bottoms + place + 1;
    let i = from;
    for (; i < end; i++) {
      const h = high[i];
      const l = low[i];
      if (Number.isNaN(h + l)) break;
      top = higher(h, top);
      bottom = lower(l, bottom);
      highest[i] = higher(top, numbers[tailTop++]);
      lowest[i] = lower(bottom, numbers[tailBottom++]);
    }
    numbers[at + TOP] = top;
    numbers[at + BOTTOM] = bottom;
    return i;
  }

  /** Keeps the rows of an unfinished stretch; prepares the tails of a finished one. */
  #keep(high: Float64Array, low: Float64Array, from: number, end: number): void {
    const numbers = this.#memory.numbers;
    const place = numbers[this.#at + PLACE] | 0;
    const reached = place + end - from;
    if (reached === this.#period && place === 0) {
      this.#prepareTails(high, from, low, from);
      return;
    }
    for (let i = from; i < end; i++) {
      numbers[this.#highs + place + i - from] = high[i];
      numbers[this.#lows + place + i - from] = low[i];
    }
    if (reached === this.#period) this.#prepareTails(numbers, this.#highs, numbers, this.#lows);
    else numbers[this.#at + PLACE] = reached;
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

  /** Prepares the extremes of every tail of the stretch whose highs and lows begin at these places; the next begins. */
  #prepareTails(highs: Float64Array, firstHigh: number, lows: Float64Array, firstLow: number): void {
    const numbers = this.#memory.numbers;
    let top = -Number.MAX_VALUE;
    let bottom = Number.MAX_VALUE;
    for (let place = this.#period; place > 0; place--) {
      numbers[this.#tops + place] = top;
      numbers[this.#bottoms + place] = bottom;
      top = higher(highs[firstHigh + place - 1], top);
      bottom = lower(lows[firstLow + place - 1], bottom);
    }
    numbers[this.#at + PLACE] = 0;
    numbers[this.#at + TAILS] = KNOWN;
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
