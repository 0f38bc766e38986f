import type { CandleColumns } from "../../candles.ts";
import type { Memory } from "../memory.ts";
import type { ScratchColumn } from "../workspace.ts";
import { RollingRange } from "./rolling-range.ts";

/** The highest high and the lowest low of the last candles, for each candle of a block. */
export interface Extremes {
  readonly highest: Float64Array;
  readonly lowest: Float64Array;
}

/** Where an indicator has the extremes of the last `period` candles from; NaN where `RollingRange` has NaN. */
export interface CandleRange {
  /** The extremes of the next block of candles; they last until the next block. */
  of(candles: CandleColumns): Extremes;
}

/** Extremes of its own: each call takes the candles as the next ones. */
export function candleRange(memory: Memory, period: number, tops: ScratchColumn, bottoms: ScratchColumn): CandleRange {
  const range = new RollingRange(memory, period);
  return {
    of({ length, high, low }) {
      const highest = tops.of(length);
      const lowest = bottoms.of(length);
      range.advance(high, low, highest, lowest);
      return { highest, lowest };
    },
  };
}

/** Extremes that several read: they are computed by who asks first for a block, which is another object than the one before. */
export function sharedRange(range: CandleRange): CandleRange {
  let block: CandleColumns | undefined;
  let extremes: Extremes | undefined;
  return {
    of(candles) {
      if (extremes === undefined || block !== candles) extremes = range.of(candles);
      block = candles;
      return extremes;
    },
  };
}
