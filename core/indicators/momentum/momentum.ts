import { convergedAfter } from "../convergence.ts";
import type { IndicatorDefinition, Kernel, KernelInputs } from "../indicator.ts";
import { period } from "../parameters.ts";
import { Lag } from "../series/lag.ts";

function build({ memory, numbers, source }: KernelInputs): Kernel {
  const lag = new Lag(memory, numbers.period);
  return {
    advance(candles, [output]) {
      const price = source.column(candles);
      lag.advance(price, output);
      for (let i = 0; i < price.length; i++) output[i] = price[i] - output[i];
    },
  };
}

export const momentum: IndicatorDefinition = {
  name: "MOMENTUM",
  category: "momentum",
  description: "Momentum: how far the price has moved since some candles ago.",
  parameters: [period(10)],
  outputs: ["momentum"],
  takesSource: true,
  algorithm: "momentum@1",
  formula: "MOMENTUM = price − price[period]",
  reference: "John J. Murphy, Technical Analysis of the Financial Markets (1999), chapter 10",
  example: "MOMENTUM:3",
  warmUp: (numbers) => [numbers.period],
  convergence: (numbers) => convergedAfter(momentum.warmUp(numbers)),
  build,
};
