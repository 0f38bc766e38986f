import { convergedAfter, exponentialWeight } from "../convergence.ts";
import type { IndicatorDefinition, Kernel, KernelInputs } from "../indicator.ts";
import { period } from "../parameters.ts";
import { ExponentialAverage, exponentialAverage } from "../series/exponential-average.ts";

function build({ memory, numbers, source, scratch }: KernelInputs): Kernel {
  const weight = exponentialWeight(numbers.period);
  const first = exponentialAverage(memory, numbers.period);
  const second = new ExponentialAverage(memory, 1, weight);
  const third = new ExponentialAverage(memory, 1, weight);
  const twice = scratch();
  const thrice = scratch();
  return {
    advance(candles, [output]) {
      const again = twice.of(candles.length);
      const onceMore = thrice.of(candles.length);
      first.advance(source.column(candles), output);
      second.advance(output, again);
      third.advance(again, onceMore);
      for (let i = 0; i < candles.length; i++) output[i] = 3 * output[i] - 3 * again[i] + onceMore[i];
    },
  };
}

export const tema: IndicatorDefinition = {
  name: "TEMA",
  category: "trend",
  description: "Triple exponential moving average: an EMA with nearly all of its lag taken out.",
  parameters: [period(20)],
  outputs: ["tema"],
  takesSource: true,
  algorithm: "tema.mulloy@1",
  formula:
    "TEMA = 3 × EMA − 3 × EMA(EMA) + EMA(EMA(EMA)); each outer EMA starts as the first value of the one inside it.",
  reference: "Patrick G. Mulloy, Smoothing Data with Less Lag, Stocks & Commodities 12:2 (1994)",
  example: "TEMA:3",
  warmUp: (numbers) => [numbers.period - 1],
  convergence: (numbers) => convergedAfter(tema.warmUp(numbers), exponentialWeight(numbers.period)),
  build,
};
