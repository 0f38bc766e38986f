import { convergedAfter } from "../convergence.ts";
import type { IndicatorDefinition, Kernel, KernelInputs } from "../indicator.ts";
import { period } from "../parameters.ts";
import { percentOf } from "../ratio.ts";
import { Lag } from "../series/lag.ts";

function build({ memory, numbers, source }: KernelInputs): Kernel {
  const lag = new Lag(memory, numbers.period);
  return {
    advance(candles, [output]) {
      const price = source.column(candles);
      lag.advance(price, output);
      for (let i = 0; i < price.length; i++) output[i] = percentOf(price[i] - output[i], output[i]);
    },
  };
}

export const roc: IndicatorDefinition = {
  name: "ROC",
  category: "momentum",
  description: "Rate of change: how far the price has moved since some candles ago, in percent.",
  parameters: [period(12)],
  outputs: ["roc"],
  takesSource: true,
  algorithm: "roc@1",
  formula: "ROC = 100 × (price − price[period]) / price[period], null where that is 0",
  reference: "John J. Murphy, Technical Analysis of the Financial Markets (1999), chapter 10",
  example: "ROC:3",
  warmUp: (numbers) => [numbers.period],
  convergence: (numbers) => convergedAfter(roc.warmUp(numbers)),
  build,
};
