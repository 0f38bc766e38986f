import { convergedAfter } from "../convergence.ts";
import type { IndicatorDefinition, Kernel, KernelInputs } from "../indicator.ts";
import { factor, period } from "../parameters.ts";
import { RollingVariance } from "../series/rolling-variance.ts";

function build({ memory, numbers: { period, deviations }, source }: KernelInputs): Kernel {
  const variance = new RollingVariance(memory, period);
  return {
    advance(candles, [upper, middle, lower]) {
      const price = source.column(candles);
      variance.advance(price, middle, upper);
      for (let i = 0; i < candles.length; i++) {
        const width = deviations * Math.sqrt(upper[i]);
        upper[i] = middle[i] + width;
        lower[i] = middle[i] - width;
      }
    },
  };
}

export const bollinger: IndicatorDefinition = {
  name: "BOLLINGER",
  category: "volatility",
  description: "Bollinger bands: some standard deviations above and below the mean.",
  parameters: [period(20, 2), factor("deviations", 2)],
  outputs: ["upper", "middle", "lower"],
  takesSource: true,
  algorithm: "bollinger.population@1",
  formula: `middle = SMA(price, period)
upper, lower = middle ± deviations × the population standard deviation of the same prices`,
  reference: "John Bollinger, Bollinger on Bollinger Bands (2001)",
  example: "BOLLINGER:3:2",
  warmUp: (numbers) => [numbers.period - 1, numbers.period - 1, numbers.period - 1],
  convergence: (numbers) => convergedAfter(bollinger.warmUp(numbers)),
  build,
};
