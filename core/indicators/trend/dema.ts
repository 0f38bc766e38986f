import { convergedAfter, exponentialWeight } from "../convergence.ts";
import type { IndicatorDefinition, Kernel, KernelInputs } from "../indicator.ts";
import { period } from "../parameters.ts";
import { ExponentialAverage, exponentialAverage } from "../series/exponential-average.ts";

function build({ memory, numbers, source, scratch }: KernelInputs): Kernel {
  const average = exponentialAverage(memory, numbers.period);
  const averageOfAverage = new ExponentialAverage(memory, 1, exponentialWeight(numbers.period));
  const second = scratch();
  return {
    advance(candles, [output]) {
      const again = second.of(candles.length);
      average.advance(source.column(candles), output);
      averageOfAverage.advance(output, again);
      for (let i = 0; i < candles.length; i++) output[i] = 2 * output[i] - again[i];
    },
  };
}

export const dema: IndicatorDefinition = {
  name: "DEMA",
  category: "trend",
  description: "Double exponential moving average: an EMA with most of its lag taken out.",
  parameters: [period(20)],
  outputs: ["dema"],
  takesSource: true,
  algorithm: "dema.mulloy@1",
  formula: "DEMA = 2 × EMA − EMA(EMA); the outer EMA starts as the first value of the inner one.",
  reference: "Patrick G. Mulloy, Smoothing Data with Faster Moving Averages, Stocks & Commodities 12:1 (1994)",
  example: "DEMA:3",
  warmUp: (numbers) => [numbers.period - 1],
  convergence: (numbers) => convergedAfter(dema.warmUp(numbers), exponentialWeight(numbers.period)),
  build,
};
