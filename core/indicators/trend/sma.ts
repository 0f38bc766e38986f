import { convergedAfter } from "../convergence.ts";
import type { IndicatorDefinition } from "../indicator.ts";
import { period } from "../parameters.ts";
import { rollingMean } from "../series/rolling-sum.ts";
import { seriesKernel } from "../series-kernel.ts";

export const sma: IndicatorDefinition = {
  name: "SMA",
  category: "trend",
  description: "Simple moving average: the mean of the last prices.",
  parameters: [period(20)],
  outputs: ["sma"],
  takesSource: true,
  algorithm: "sma@1",
  formula: "SMA = (p[0] + p[1] + … + p[period − 1]) / period, p[k] being the price k candles ago.",
  reference: "Robert D. Edwards and John Magee, Technical Analysis of Stock Trends (1948)",
  example: "SMA:3",
  warmUp: (numbers) => [numbers.period - 1],
  convergence: (numbers) => convergedAfter(sma.warmUp(numbers)),
  build: (setup) => seriesKernel(setup, rollingMean(setup.memory, setup.numbers.period)),
};
