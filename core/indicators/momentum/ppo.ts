import { convergedAfter } from "../convergence.ts";
import type { IndicatorDefinition, Kernel, KernelInputs } from "../indicator.ts";
import { period } from "../parameters.ts";
import { percentOf } from "../ratio.ts";
import { exponentialAverage } from "../series/exponential-average.ts";
import { fastBelowSlow, slowestWeight, warmUpOfTwoAverages } from "../two-averages.ts";

function build({ memory, numbers, source }: KernelInputs): Kernel {
  const fast = exponentialAverage(memory, numbers.fast);
  const slow = exponentialAverage(memory, numbers.slow);
  const average = exponentialAverage(memory, numbers.signal);
  return {
    advance(candles, [line, signal, histogram]) {
      const price = source.column(candles);
      fast.advance(price, line);
      slow.advance(price, signal);
      for (let i = 0; i < candles.length; i++) line[i] = percentOf(line[i] - signal[i], signal[i]);
      average.advance(line, signal);
      for (let i = 0; i < candles.length; i++) histogram[i] = line[i] - signal[i];
    },
  };
}

export const ppo: IndicatorDefinition = {
  name: "PPO",
  category: "momentum",
  description: "Percentage price oscillator: how far a fast EMA is above a slow one, in percent of the slow one.",
  parameters: [period(12, 1, "fast"), period(26, 1, "slow"), period(9, 1, "signal")],
  outputs: ["line", "signal", "histogram"],
  takesSource: true,
  algorithm: "ppo.sma_seeded@1",
  formula: `line = 100 × (EMA(price, fast) − EMA(price, slow)) / EMA(price, slow), null where that is 0
signal = EMA(line, signal), seeded with the SMA of its first values
histogram = line − signal`,
  reference: "Gerald Appel, Technical Analysis: Power Tools for Active Investors (2005)",
  example: "PPO:2:4:3",
  validate: fastBelowSlow,
  warmUp: warmUpOfTwoAverages,
  convergence: (numbers) => convergedAfter(ppo.warmUp(numbers), slowestWeight(numbers)),
  build,
};
