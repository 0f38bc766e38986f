import { convergedAfter } from "../convergence.ts";
import type { IndicatorDefinition, Kernel, KernelInputs } from "../indicator.ts";
import { period } from "../parameters.ts";
import { RollingVariance } from "../series/rolling-variance.ts";

function build({ memory, numbers, source, scratch }: KernelInputs): Kernel {
  const variance = new RollingVariance(memory, numbers.period);
  const means = scratch();
  return {
    advance(candles, [output]) {
      const price = source.column(candles);
      const centre = means.of(candles.length);
      variance.advance(price, centre, output);
      for (let i = 0; i < candles.length; i++) output[i] = Math.sqrt(output[i]);
    },
  };
}

export const stddev: IndicatorDefinition = {
  name: "STDDEV",
  category: "volatility",
  description: "Standard deviation of the last prices, of the population.",
  parameters: [period(20, 2)],
  outputs: ["stddev"],
  takesSource: true,
  algorithm: "stddev.population@1",
  formula: "STDDEV = √(the mean of (price[k] − SMA)² over the window), SMA being that of the present candle",
  reference: "Karl Pearson, Contributions to the Mathematical Theory of Evolution (1894)",
  example: "STDDEV:3",
  warmUp: (numbers) => [numbers.period - 1],
  convergence: (numbers) => convergedAfter(stddev.warmUp(numbers)),
  build,
};
