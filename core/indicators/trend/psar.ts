import type { IndicatorDefinition, Kernel, KernelInputs } from "../indicator.ts";
import type { Memory } from "../memory.ts";

const SEEN = 0;
const RISING = 1;
const STOP = 2;
const EXTREME = 3;
const ACCELERATION = 4;
const HIGH = 5;
const LOW = 6;

/** Candles after which stops that began at different candles have met: each reversal brings them nearer. */
const CONVERGED_CANDLES = 500;

/** A stop at work: all of it is in the memory, so each candle reads and writes it there. */
class ParabolicStop {
  readonly #memory: Memory;
  readonly #step: number;
  readonly #max: number;
  readonly #at: number;

  constructor(memory: Memory, step: number, max: number) {
    this.#memory = memory;
    this.#step = step;
    this.#max = max;
    this.#at = memory.reserve(7);
  }

  /** The stop for the candle of this high and low; NaN for the first of a series. */
  next(high: number, low: number): number {
    const numbers = this.#memory.numbers;
    const at = this.#at;
    if (Number.isNaN(high + low)) {
      numbers[at + SEEN] = 0;
      return Number.NaN;
    }
    const seen = numbers[at + SEEN];
    if (seen === 1) this.#start(high, low);
    const stop = seen === 0 ? Number.NaN : this.#follow(high, low);
    numbers[at + SEEN] = seen === 0 ? 1 : 2;
    numbers[at + HIGH] = high;
    numbers[at + LOW] = low;
    return stop;
  }

  /** The first trend, from the first two candles. */
  #start(high: number, low: number): void {
    const numbers = this.#memory.numbers;
    const at = this.#at;
    const fall = numbers[at + LOW] - low;
    const falling = fall > 0 && fall > high - numbers[at + HIGH];
    numbers[at + RISING] = falling ? 0 : 1;
    numbers[at + STOP] = falling ? numbers[at + HIGH] : numbers[at + LOW];
    numbers[at + EXTREME] = falling ? low : high;
    numbers[at + ACCELERATION] = this.#step;
    numbers[at + HIGH] = high;
    numbers[at + LOW] = low;
  }

  /** Moves the stop on to the next candle and returns the one for this. */
  #follow(high: number, low: number): number {
    const numbers = this.#memory.numbers;
    const at = this.#at;
    let rising = numbers[at + RISING] === 1;
    let stop = numbers[at + STOP];
    let acceleration = numbers[at + ACCELERATION];
    let extreme = numbers[at + EXTREME];
    const reached = rising ? low <= stop : high >= stop;
    if (reached) {
      rising = !rising;
      stop = this.#outside(rising, extreme, high, low);
      acceleration = this.#step;
      extreme = rising ? high : low;
    }
    const further = rising ? high > extreme : low < extreme;
    if (further) {
      acceleration = Math.min(acceleration + this.#step, this.#max);
      extreme = rising ? high : low;
    }
    numbers[at + RISING] = rising ? 1 : 0;
    numbers[at + STOP] = this.#outside(rising, stop + acceleration * (extreme - stop), high, low);
    numbers[at + EXTREME] = extreme;
    numbers[at + ACCELERATION] = acceleration;
    return stop;
  }

  /** The stop, kept out of the ranges of this candle and the last. */
  #outside(rising: boolean, stop: number, high: number, low: number): number {
    const numbers = this.#memory.numbers;
    return rising ? Math.min(stop, numbers[this.#at + LOW], low) : Math.max(stop, numbers[this.#at + HIGH], high);
  }
}

function build({ memory, numbers }: KernelInputs): Kernel {
  const stop = new ParabolicStop(memory, numbers.step, numbers.max);
  return {
    advance({ length, high, low }, [output]) {
      for (let i = 0; i < length; i++) output[i] = stop.next(high[i], low[i]);
    },
  };
}

export const psar: IndicatorDefinition = {
  name: "PSAR",
  category: "trend",
  description: "Parabolic stop and reverse: a stop that follows a trend ever faster until the price crosses it.",
  parameters: [
    { name: "step", default: 0.02, min: 0.0001, max: 1, integer: false },
    { name: "max", default: 0.2, min: 0.0001, max: 1, integer: false },
  ],
  outputs: ["psar"],
  takesSource: false,
  algorithm: "psar.wilder_talib_start@1",
  formula: `SAR of the next candle = SAR + AF × (EP − SAR), never beyond the last two candles' lows (highs in a falling trend)
EP = the extreme of the trend; AF = step, and step more with every new EP, at most max
A candle that reaches the SAR reverses the trend: the SAR becomes EP, AF becomes step
The first trend falls where candle 1 moved down more than up, else it rises; the first SAR is candle 0's far end`,
  reference:
    "J. Welles Wilder Jr., New Concepts in Technical Trading Systems (1978), section II; the first trend as in TA-Lib",
  example: "PSAR",
  validate: ({ step, max }) =>
    step <= max ? undefined : { parameter: "step", rule: `must be from 0.0001 to ${max}, not above max` },
  warmUp: () => [1],
  convergence: () => ({ candles: CONVERGED_CANDLES }),
  build,
};
