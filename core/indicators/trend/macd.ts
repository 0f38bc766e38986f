import { convergedAfter } from "../convergence.ts";
import type { IndicatorDefinition, Kernel, KernelInputs } from "../indicator.ts";
import { period } from "../parameters.ts";
import { type ExponentialAverage, exponentialAverage } from "../series/exponential-average.ts";
import { fastBelowSlow, slowestWeight, warmUpOfTwoAverages } from "../two-averages.ts";

function build({ memory, numbers, source }: KernelInputs): Kernel {
  const fast = exponentialAverage(memory, numbers.fast);
  const slow = exponentialAverage(memory, numbers.slow);
  const signal = exponentialAverage(memory, numbers.signal);
  return {
    advance(candles, [lines, signals, histograms]) {
      const prices = source.column(candles);
      for (let i = 0; i < prices.length; ) {
        if (fast.started && slow.started && signal.started) {
          i = stepAll(fast, slow, signal, prices, i, lines, signals, histograms);
          if (i === prices.length) return;
        }
        const end = Math.min(prices.length, i + numbers.slow + numbers.signal);
        fast.advance(prices, lines, i, end);
        slow.advance(prices, signals, i, end);
        for (let row = i; row < end; row++) lines[row] -= signals[row];
        signal.advance(lines, signals, i, end);
        for (; i < end; i++) histograms[i] = lines[i] - signals[i];
      }
    },
  };
}

/**
 * Moves the averages on in one loop when all have started, so that none waits for another; returns the row that has no
 * value, or the end.
 */
function stepAll(
  fast: ExponentialAverage,
  slow: ExponentialAverage,
  signal: ExponentialAverage,
  prices: Float64Array,
  from: number,
  lines: Float64Array,
  signals: Float64Array,
  histograms: Float64Array,
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
    const line = nextFast - nextSlow;
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

export const macd: IndicatorDefinition = {
  name: "MACD",
  category: "trend",
  description: "Moving average convergence divergence: how far a fast EMA is above a slow one.",
  parameters: [period(12, 1, "fast"), period(26, 1, "slow"), period(9, 1, "signal")],
  outputs: ["line", "signal", "histogram"],
  takesSource: true,
  algorithm: "macd.sma_seeded@1",
  formula: `line = EMA(price, fast) − EMA(price, slow), each seeded on its own
signal = EMA(line, signal), seeded with the SMA of its first values
histogram = line − signal`,
  reference: "Gerald Appel, The Moving Average Convergence Divergence Trading Method (1979)",
  example: "MACD:2:4:3",
  validate: fastBelowSlow,
  warmUp: warmUpOfTwoAverages,
  convergence: (numbers) => convergedAfter(macd.warmUp(numbers), slowestWeight(numbers)),
  build,
};
