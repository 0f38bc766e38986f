import type { CandleColumns } from "../../candles.ts";
import type { Memory } from "../memory.ts";

/** The largest of high − low, |high − previous close| and |low − previous close|. */
export class TrueRange {
  readonly #memory: Memory;
  readonly #at: number;

  constructor(memory: Memory) {
    this.#memory = memory;
    this.#at = memory.reserve(2);
  }

  /** NaN at the first candle, which has no previous close, and where one of the three is unknown. */
  advance({ length, high, low, close }: CandleColumns, output: Float64Array): void {
    const numbers = this.#memory.numbers;
    let previous = numbers[this.#at] === 1 ? numbers[this.#at + 1] : Number.NaN;
    for (let i = 0; i < length; i++) {
      const h = high[i];
      const l = low[i];
      output[i] = Number.isNaN(h + l + previous) ? Number.NaN : rangeWith(previous, h, l);
      previous = close[i];
    }
    numbers[this.#at] = 1;
    numbers[this.#at + 1] = previous;
  }
}

/** The range of a candle stretched to the previous close: the same number as the largest of the three distances. */
export function rangeWith(previousClose: number, high: number, low: number): number {
  const top = previousClose > high ? previousClose : high;
  const bottom = previousClose < low ? previousClose : low;
  return top - bottom;
}
