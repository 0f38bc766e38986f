import type { Kernel, Numbers, Refusal, Setup } from "./indicator.ts";
import { percentOf } from "./ratio.ts";
import { type ExponentialAverage, exponentialAverage } from "./series/exponential-average.ts";
import { exponentialWeight } from "./settling.ts";

/**
 * The form of MACD and PPO: how far a fast EMA is above a slow one, in price or in percent of the slow one, the EMA of
 * that distance, and what lies between these.
 */
export function twoAverages({ memory, numbers, source }: Setup, unit: "price" | "percent"): Kernel {
  const fast = exponentialAverage(memory, numbers.fast);
  const slow = exponentialAverage(memory, numbers.slow);
  const signal = exponentialAverage(memory, numbers.signal);
  const inPercent = unit === "percent";
  const averages = [fast, slow, signal];
  return {
    advance(candles, outputs) {
      const [lines, signals, histograms] = outputs;
      const prices = source.column(candles);
      for (let i = 0; i < prices.length; i++) {
        if (signal.started && fast.started) i = together(averages, inPercent, prices, i, outputs);
        if (i === prices.length) return;
        const fastValue = fast.next(prices[i]);
        const slowValue = slow.next(prices[i]);
        const distance = fastValue - slowValue;
        const line = inPercent ? percentOf(distance, slowValue) : distance;
        const signalValue = signal.next(line);
        lines[i] = line;
        signals[i] = signalValue;
        histograms[i] = line - signalValue;
      }
    },
  };
}

/**
 * Moves the three averages on in one loop when all have started, so that none waits for another; gives the row of the first
 * distance that is not known, or the end.
 */
function together(
  [fast, slow, signal]: readonly ExponentialAverage[],
  inPercent: boolean,
  prices: Float64Array,
  from: number,
  [lines, signals, histograms]: readonly Float64Array[],
): number {
  const { weight: fastWeight } = fast;
  const { weight: slowWeight } = slow;
  const { weight: signalWeight } = signal;
  let fastValue = fast.value;
  let slowValue = slow.value;
  let signalValue = signal.value;
  let i = from;
  for (; i < prices.length; i++) {
    const price = prices[i];
    const nextFast = fastValue + (price - fastValue) * fastWeight;
    const nextSlow = slowValue + (price - slowValue) * slowWeight;
    const distance = nextFast - nextSlow;
    const line = inPercent ? percentOf(distance, nextSlow) : distance;
    if (Number.isNaN(line)) break;
    fastValue = nextFast;
    slowValue = nextSlow;
    signalValue += (line - signalValue) * signalWeight;
    lines[i] = line;
    signals[i] = signalValue;
    histograms[i] = line - signalValue;
  }
  fast.value = fastValue;
  slow.value = slowValue;
  signal.value = signalValue;
  return i;
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
