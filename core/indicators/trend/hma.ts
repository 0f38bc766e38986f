import { convergedAfter } from "../convergence.ts";
import type { IndicatorDefinition, Kernel, KernelInputs } from "../indicator.ts";
import { period } from "../parameters.ts";
import { WeightedMean } from "../series/weighted-mean.ts";

function build({ memory, numbers, source, scratch }: KernelInputs): Kernel {
  const half = new WeightedMean(memory, Math.floor(numbers.period / 2));
  const whole = new WeightedMean(memory, numbers.period);
  const smoothing = new WeightedMean(memory, Math.floor(Math.sqrt(numbers.period)));
  const raw = scratch();
  return {
    advance(candles, [output]) {
      const price = source.column(candles);
      const leading = raw.of(candles.length);
      half.advance(price, leading);
      whole.advance(price, output);
      for (let i = 0; i < candles.length; i++) leading[i] = 2 * leading[i] - output[i];
      smoothing.advance(leading, output);
    },
  };
}

export const hma: IndicatorDefinition = {
  name: "HMA",
  category: "trend",
  description: "Hull moving average: a weighted average that leads, smoothed over the square root of its period.",
  parameters: [period(20, 2)],
  outputs: ["hma"],
  takesSource: true,
  algorithm: "hma@1",
  formula: "HMA = WMA(2 × WMA(price, ⌊period / 2⌋) − WMA(price, period), ⌊√period⌋)",
  reference: "Alan Hull, How to Reduce Lag in a Moving Average (2005)",
  example: "HMA:4",
  warmUp: (numbers) => [numbers.period - 1 + Math.floor(Math.sqrt(numbers.period)) - 1],
  convergence: (numbers) => convergedAfter(hma.warmUp(numbers)),
  build,
};
