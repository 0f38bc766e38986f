import type { Kernel, Numbers, Refusal, Setup } from "./indicator.ts";
import { percentOf } from "./ratio.ts";
import { exponentialAverage } from "./series/exponential-average.ts";
import { exponentialWeight } from "./settling.ts";

/**
 * The form of MACD and PPO: how far a fast EMA is above a slow one, in price or in percent of the slow one, the EMA of
 * that distance, and what lies between these.
 */
export function twoAverages({ memory, numbers, source }: Setup, unit: "price" | "percent"): Kernel {
  const fast = exponentialAverage(memory, numbers.fast);
  const slow = exponentialAverage(memory, numbers.slow);
  const average = exponentialAverage(memory, numbers.signal);
  return {
    advance(candles, [line, signal, histogram]) {
      const price = source.column(candles);
      fast.advance(price, line);
      slow.advance(price, signal);
      for (let i = 0; i < candles.length; i++) line[i] -= signal[i];
      if (unit === "percent") {
        for (let i = 0; i < candles.length; i++) line[i] = percentOf(line[i], signal[i]);
      }
      average.advance(line, signal);
      for (let i = 0; i < candles.length; i++) histogram[i] = line[i] - signal[i];
    },
  };
}

/** Refuses a fast period that is not below the slow one. */
export function fastBelowSlow({ fast, slow }: Numbers): Refusal | undefined {
  return fast < slow ? undefined : { parameter: "fast", rule: `must be from 1 to ${slow - 1}, below slow (${slow})` };
}

export function warmUpOfTwoAverages({ slow, signal }: Numbers): readonly number[] {
  return [slow - 1, slow + signal - 2, slow + signal - 2];
}

export function slowestWeight({ slow, signal }: Numbers): number {
  return exponentialWeight(Math.max(slow, signal));
}
