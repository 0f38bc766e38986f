import { samplesUntilNegligible, wilderWeight } from "../convergence.ts";
import type { IndicatorDefinition, Kernel, KernelInputs } from "../indicator.ts";
import type { Memory } from "../memory.ts";
import { factor, period } from "../parameters.ts";
import { wilderAverage } from "../series/exponential-average.ts";
import { TrueRange } from "../series/true-range.ts";

const DIRECTION = 0;
const UPPER = 1;
const LOWER = 2;
const CLOSE = 3;

/** Candles after which bands that began at different candles have met, the range apart. */
const BANDS_CONVERGED_CANDLES = 500;

function build({ memory, numbers: { period, multiplier }, scratch }: KernelInputs): Kernel {
  const trueRange = new TrueRange(memory);
  const average = wilderAverage(memory, period);
  const bands = new TrailingBands(memory);
  const ranges = scratch();
  return {
    advance(candles, [line, directions]) {
      const { length, high, low, close } = candles;
      const atr = ranges.of(length);
      trueRange.advance(candles, atr);
      average.advance(atr, atr);
      for (let i = 0; i < length; i++) {
        directions[i] = bands.next((high[i] + low[i]) / 2, multiplier * atr[i], close[i]);
        line[i] = bands.line;
      }
    },
  };
}

/** The two bands and the side that the trend is on: all of it is in the memory. */
class TrailingBands {
  readonly #memory: Memory;
  readonly #at: number;

  constructor(memory: Memory) {
    this.#memory = memory;
    this.#at = memory.reserve(4);
  }

  /** The band on the trend's side, after `next`; NaN where there is none. */
  get line(): number {
    const numbers = this.#memory.numbers;
    switch (numbers[this.#at + DIRECTION]) {
      case 1:
        return numbers[this.#at + LOWER];
      case -1:
        return numbers[this.#at + UPPER];
      default:
        return Number.NaN;
    }
  }

  /** The direction after a candle of that middle and close, with bands `width` away; NaN where one is unknown. */
  next(middle: number, width: number, close: number): number {
    const numbers = this.#memory.numbers;
    const at = this.#at;
    if (Number.isNaN(middle + width + close)) {
      numbers[at + DIRECTION] = 0;
      return Number.NaN;
    }
    const direction = numbers[at + DIRECTION];
    const upper = numbers[at + UPPER];
    const lower = numbers[at + LOWER];
    const last = numbers[at + CLOSE];
    const begins = direction === 0;
    const newUpper = begins || last > upper ? middle + width : Math.min(middle + width, upper);
    const newLower = begins || last < lower ? middle - width : Math.max(middle - width, lower);
    const rising = begins ? close >= middle : direction === 1;
    const newDirection = close <= (rising ? newLower : newUpper) ? -1 : 1;
    numbers[at + DIRECTION] = newDirection;
    numbers[at + UPPER] = newUpper;
    numbers[at + LOWER] = newLower;
    numbers[at + CLOSE] = close;
    return newDirection;
  }
}

export const supertrend: IndicatorDefinition = {
  name: "SUPERTREND",
  category: "trend",
  description: "SuperTrend: a band of average true ranges that trails the price and changes side when it is crossed.",
  parameters: [period(10), factor("multiplier", 3)],
  outputs: ["supertrend", "direction"],
  takesSource: false,
  algorithm: "supertrend.wilder_atr@1",
  formula: `upper = (high + low) / 2 + multiplier × ATR, and no higher than before unless the last close was above it
lower = (high + low) / 2 − multiplier × ATR, and no lower than before unless the last close was below it
direction = −1 from a close at or under lower, +1 from a close above upper; at first by the close's half of the candle
supertrend = lower while direction is +1, upper while it is −1`,
  reference: "Olivier Seban, Tout le monde mérite d'être riche (2009)",
  example: "SUPERTREND:3:2",
  warmUp: (numbers) => [numbers.period, numbers.period],
  convergence: (numbers) => ({
    candles: numbers.period + samplesUntilNegligible(wilderWeight(numbers.period)) + BANDS_CONVERGED_CANDLES,
  }),
  build,
};
