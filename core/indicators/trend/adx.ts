import type { CandleColumns } from "../../candles.ts";
import type { IndicatorDefinition, Kernel, Setup } from "../indicator.ts";
import type { Memory } from "../memory.ts";
import { period } from "../parameters.ts";
import { wilderAverage } from "../series/exponential-average.ts";
import { rangeWith } from "../series/true-range.ts";
import { settledAfter, wilderWeight } from "../settling.ts";

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

  /** Writes DX, +DI and −DI; all NaN until `period` movements are summed. */
  advance(
    { length, high, low, close }: CandleColumns,
    dx: Float64Array,
    plus: Float64Array,
    minus: Float64Array,
  ): void {
    const numbers = this.#memory.numbers;
    const period = this.#period;
    const keep = 1 - 1 / period;
    const at = this.#at;
    let seen = numbers[at + SEEN] | 0;
    let previousHigh = numbers[at + HIGH];
    let previousLow = numbers[at + LOW];
    let previousClose = numbers[at + CLOSE];
    let range = numbers[at + RANGE];
    let up = numbers[at + UP];
    let down = numbers[at + DOWN];
    for (let i = 0; i < length; i++) {
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
          const retained = seen > period ? keep : 1;
          range = range * retained + trueRange;
          // The movement to a side is how far it moved if that is more than the other did. Without a branch: it is not to be foreseen.
          up = up * retained + rise * Number(rise > fall && rise > 0);
          down = down * retained + fall * Number(fall > rise && fall > 0);
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
}

function build({ memory, numbers }: Setup): Kernel {
  const movement = new DirectionalMovement(memory, numbers.period);
  const average = wilderAverage(memory, numbers.period);
  return {
    advance(candles, [adx, plus, minus]) {
      movement.advance(candles, adx, plus, minus);
      average.advance(adx, adx);
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
  settling: (numbers) => settledAfter(adx.warmUp(numbers), wilderWeight(numbers.period)),
  build,
};
