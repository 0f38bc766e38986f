import { convergedAfter } from "../convergence.ts";
import type { IndicatorDefinition } from "../indicator.ts";
import { period } from "../parameters.ts";
import { WeightedMean } from "../series/weighted-mean.ts";
import { seriesKernel } from "../series-kernel.ts";

export const wma: IndicatorDefinition = {
  name: "WMA",
  category: "trend",
  description:
    "Weighted moving average: the mean of the last prices, weighted 1 for the oldest to period for the newest.",
  parameters: [period(20)],
  outputs: ["wma"],
  takesSource: true,
  algorithm: "wma.linear@1",
  formula: "WMA = (period × p[0] + (period − 1) × p[1] + … + 1 × p[period − 1]) / (period × (period + 1) / 2)",
  reference: "John J. Murphy, Technical Analysis of the Financial Markets (1999), chapter 9",
  example: "WMA:3",
  warmUp: (numbers) => [numbers.period - 1],
  convergence: (numbers) => convergedAfter(wma.warmUp(numbers)),
  build: (setup) => seriesKernel(setup, new WeightedMean(setup.memory, setup.numbers.period)),
};
