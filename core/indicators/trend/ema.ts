import { convergedAfter, exponentialWeight } from "../convergence.ts";
import type { IndicatorDefinition } from "../indicator.ts";
import { period } from "../parameters.ts";
import { exponentialAverage } from "../series/exponential-average.ts";
import { seriesKernel } from "../series-kernel.ts";

export const ema: IndicatorDefinition = {
  name: "EMA",
  category: "trend",
  description: "Exponential moving average: moves towards each price by a fixed part of the distance.",
  parameters: [period(20)],
  outputs: ["ema"],
  takesSource: true,
  algorithm: "ema.sma_seeded@1",
  formula: "EMA = EMA[1] + (price − EMA[1]) × 2 / (period + 1); the first is the SMA of the first `period` prices.",
  reference: "P. N. Haurlan, Measuring Trend Values (1968)",
  example: "EMA:3",
  warmUp: (numbers) => [numbers.period - 1],
  convergence: (numbers) => convergedAfter(ema.warmUp(numbers), exponentialWeight(numbers.period)),
  build: (setup) => seriesKernel(setup, exponentialAverage(setup.memory, setup.numbers.period)),
};
