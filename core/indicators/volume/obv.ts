import type { CandleColumns } from "../../candles.ts";
import type { IndicatorDefinition, Kernel, KernelInputs } from "../indicator.ts";
import type { Memory } from "../memory.ts";
import { roundingError } from "../series/compensated-sum.ts";

const STARTED = 0;
const CLOSE = 1;
const TOTAL = 2;
const COMPENSATION = 3;

/** The running total: all of it is in the memory. */
class OnBalance {
  readonly #memory: Memory;
  readonly #at: number;

  constructor(memory: Memory) {
    this.#memory = memory;
    this.#at = memory.reserve(4);
  }

  advance({ length, close, volume }: CandleColumns, output: Float64Array): void {
    const numbers = this.#memory.numbers;
    const at = this.#at;
    for (let i = 0; i < length; i++) {
      if (numbers[at + STARTED] === 1) i = this.#follow(close, volume, i, output);
      if (i === length) return;
      const complete = !Number.isNaN(close[i] + volume[i]);
      output[i] = complete ? 0 : Number.NaN;
      if (complete) numbers[at + STARTED] = 1;
      if (!Number.isNaN(close[i])) numbers[at + CLOSE] = close[i];
    }
  }

  /** Adds up rows to the end or to the first with an unknown value; returns the row it stopped at. */
  #follow(close: Float64Array, volume: Float64Array, from: number, output: Float64Array): number {
    const numbers = this.#memory.numbers;
    const at = this.#at;
    let previous = numbers[at + CLOSE];
    let total = numbers[at + TOTAL];
    let compensation = numbers[at + COMPENSATION];
    let i = from;
    for (; i < close.length; i++) {
      const c = close[i];
      const v = volume[i];
      if (Number.isNaN(c + v)) break;
      // Without a branch: which way the close went is not to be foreseen.
      const flow = v * (Number(c > previous) - Number(c < previous));
      const more = total + flow;
      compensation += roundingError(total, flow, more);
      total = more;
      output[i] = total + compensation;
      previous = c;
    }
    numbers[at + CLOSE] = previous;
    numbers[at + TOTAL] = total;
    numbers[at + COMPENSATION] = compensation;
    return i;
  }
}

function build({ memory }: KernelInputs): Kernel {
  const total = new OnBalance(memory);
  return {
    advance(candles, [output]) {
      total.advance(candles, output);
    },
  };
}

export const obv: IndicatorDefinition = {
  name: "OBV",
  category: "volume",
  description: "On-balance volume: the volume of rising candles less that of falling ones, since the first candle.",
  parameters: [],
  outputs: ["obv"],
  takesSource: false,
  algorithm: "obv.zero_anchor@1",
  formula: `OBV = OBV[1] + volume where the close is above the last known one, − volume where it is below; 0 at the first candle
A candle without close or volume is null and adds nothing`,
  reference: "Joseph E. Granville, Granville's New Key to Stock Market Profits (1963)",
  example: "OBV",
  warmUp: () => [0],
  convergence: () => ({ since: "first" }),
  build,
};
