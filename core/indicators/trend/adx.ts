import type { CandleColumns } from "../../candles.ts";
import { convergedAfter, wilderWeight } from "../convergence.ts";
import type { IndicatorDefinition, Kernel, KernelInputs } from "../indicator.ts";
import type { Memory } from "../memory.ts";
import { period } from "../parameters.ts";
import { type ExponentialAverage, wilderAverage } from "../series/exponential-average.ts";
import { rangeWith } from "../series/true-range.ts";

const SEEN = 0;
const HIGH = 1;
const LOW = 2;
const CLOSE = 3;
const RANGE = 4;
const UP = 5;
const DOWN = 6;

/** Wilder's smoothed sums of true range and directional movement, and what follows from them. */
class DirectionalMovement {
  readonly #memory: Memory;
  readonly #period: number;
  readonly #at: number;

  constructor(memory: Memory, period: number) {
    this.#memory = memory;
    this.#period = period;
    this.#at = memory.reserve(7);
  }

  /** Whether `period` movements are summed: then every candle has values. */
  get summed(): boolean {
    return this.#memory.numbers[this.#at + SEEN] > this.#period;
  }

  /** Works from row `from` to `end`. Writes DX, +DI and −DI; all NaN until `period` movements are summed. */
  advance(
    { high, low, close }: CandleColumns,
    from: number,
    end: number,
    dx: Float64Array,
    plus: Float64Array,
    minus: Float64Array,
  ): void {
    const numbers = this.#memory.numbers;
    const period = this.#period;
    const retention = 1 - 1 / period;
    const at = this.#at;
    let seen = numbers[at + SEEN] | 0;
    let previousHigh = numbers[at + HIGH];
    let previousLow = numbers[at + LOW];
    let previousClose = numbers[at + CLOSE];
    let range = numbers[at + RANGE];
    let up = numbers[at + UP];
    let down = numbers[at + DOWN];
    for (let i = from; i < end; i++) {
      const h = high[i];
      const l = low[i];
      const c = close[i];
      if (Number.isNaN(h + l + c)) {
        seen = 0;
      } else {
        if (seen > 0) {
          const rise = h - previousHigh;
          const fall = previousLow - l;
          const trueRange = rangeWith(previousClose, h, l);
          const retained = seen > period ? retention : 1;
          range = range * retained + trueRange;
          up = up * retained + movement(rise, fall);
          down = down * retained + movement(fall, rise);
        } else {
          range = 0;
          up = 0;
          down = 0;
        }
        if (seen <= period) seen++;
        previousHigh = h;
        previousLow = l;
        previousClose = c;
      }
      if (seen > period) {
        const risen = 100 * (up / range);
        const moved = up + down;
        plus[i] = risen;
        minus[i] = 100 * (down / range);
        // Without movement both indicators are 0, or NaN where there is no range either.
        dx[i] = moved === 0 ? risen : 100 * (Math.abs(up - down) / moved);
      } else {
        plus[i] = Number.NaN;
        minus[i] = Number.NaN;
        dx[i] = Number.NaN;
      }
    }
    numbers[at + SEEN] = seen;
    numbers[at + HIGH] = previousHigh;
    numbers[at + LOW] = previousLow;
    numbers[at + CLOSE] = previousClose;
    numbers[at + RANGE] = range;
    numbers[at + UP] = up;
    numbers[at + DOWN] = down;
  }

  /**
   * The same where all is summed and the average of DX has started, in one loop, so that no sum waits for another; returns the row of
   * the first candle or DX that is not known, or the end.
   */
  stepWarm(
    { length, high, low, close }: CandleColumns,
    from: number,
    average: ExponentialAverage,
    adx: Float64Array,
    plus: Float64Array,
    minus: Float64Array,
  ): number {
    const numbers = this.#memory.numbers;
    const retention = 1 - 1 / this.#period;
    const at = this.#at;
    const { weight } = average;
    let strength = average.value;
    let previousHigh = numbers[at + HIGH];
    let previousLow = numbers[at + LOW];
    let previousClose = numbers[at + CLOSE];
    let range = numbers[at + RANGE];
    let up = numbers[at + UP];
    let down = numbers[at + DOWN];
    let i = from;
    for (; i < length; i++) {
      const h = high[i];
      const l = low[i];
      const c = close[i];
      const rise = h - previousHigh;
      const fall = previousLow - l;
      const nextRange = range * retention + rangeWith(previousClose, h, l);
      const nextUp = up * retention + movement(rise, fall);
      const nextDown = down * retention + movement(fall, rise);
      const risen = 100 * (nextUp / nextRange);
      const moved = nextUp + nextDown;
      const dx = moved === 0 ? risen : 100 * (Math.abs(nextUp - nextDown) / moved);
      if (Number.isNaN(dx + c)) break;
      range = nextRange;
      up = nextUp;
      down = nextDown;
      previousHigh = h;
      previousLow = l;
      previousClose = c;
      strength += (dx - strength) * weight;
      plus[i] = risen;
      minus[i] = 100 * (down / range);
      adx[i] = strength;
    }
    numbers[at + HIGH] = previousHigh;
    numbers[at + LOW] = previousLow;
    numbers[at + CLOSE] = previousClose;
    numbers[at + RANGE] = range;
    numbers[at + UP] = up;
    numbers[at + DOWN] = down;
    average.value = strength;
    return i;
  }
}

/**
 * Directional movement: how far a side moved if it moved more than the other, else 0. Without a branch: which side it is cannot be
 * foreseen. Halves are added, for twice the largest numbers would be infinite.
 */
function movement(side: number, other: number): number {
  return Number(side > other) * (side / 2 + Math.abs(side) / 2);
}

function build({ memory, numbers }: KernelInputs): Kernel {
  const movement = new DirectionalMovement(memory, numbers.period);
  const average = wilderAverage(memory, numbers.period);
  return {
    advance(candles, [adx, plus, minus]) {
      for (let i = 0; i < candles.length; ) {
        if (movement.summed && average.started) {
          i = movement.stepWarm(candles, i, average, adx, plus, minus);
          if (i === candles.length) return;
        }
        const end = Math.min(candles.length, i + 2 * numbers.period);
        movement.advance(candles, i, end, adx, plus, minus);
        average.advance(adx, adx, i, end);
        i = end;
      }
    },
  };
}

export const adx: IndicatorDefinition = {
  name: "ADX",
  category: "trend",
  description: "Average directional index with both directional indicators: how strong a trend is, and its side.",
  parameters: [period(14)],
  outputs: ["adx", "di_plus", "di_minus"],
  takesSource: false,
  algorithm: "adx.wilder@1",
  formula: `+DM = high − high[1] where that is positive and above low[1] − low, else 0; −DM the other way round
S(x) = S(x)[1] − S(x)[1] / period + x, first the sum of the first \`period\` values, which leave out candle 0
+DI = 100 × S(+DM) / S(TR), −DI = 100 × S(−DM) / S(TR)
DX = 100 × |+DI − −DI| / (+DI + −DI), 0 where both are 0
ADX = (ADX[1] × (period − 1) + DX) / period, first the mean of the first \`period\` DX`,
  reference: "J. Welles Wilder Jr., New Concepts in Technical Trading Systems (1978), section IV",
  example: "ADX:3",
  warmUp: (numbers) => [2 * numbers.period - 1, numbers.period, numbers.period],
  convergence: (numbers) => convergedAfter(adx.warmUp(numbers), wilderWeight(numbers.period)),
  build,
};
