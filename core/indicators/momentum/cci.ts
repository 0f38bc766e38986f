import { convergedAfter } from "../convergence.ts";
import type { IndicatorDefinition, Kernel, KernelInputs } from "../indicator.ts";
import { period } from "../parameters.ts";
import { typicalPrice } from "../price-source.ts";
import { finite } from "../ratio.ts";
import { MeanDeviation } from "../series/mean-deviation.ts";

/** Lambert's constant: with it most values of a random series lie between −100 and 100. */
const LAMBERT = 0.015;

function build({ memory, numbers, scratch }: KernelInputs): Kernel {
  const meanDeviation = new MeanDeviation(memory, numbers.period);
  const prices = scratch();
  const deviations = scratch();
  return {
    advance(candles, [output]) {
      const price = typicalPrice(candles, prices.of(candles.length));
      const deviation = deviations.of(candles.length);
      meanDeviation.advance(price, output, deviation);
      for (let i = 0; i < price.length; i++) {
        output[i] = finite((price[i] - output[i]) / (LAMBERT * deviation[i]));
      }
    },
  };
}

export const cci: IndicatorDefinition = {
  name: "CCI",
  category: "momentum",
  description: "Commodity channel index: how many mean deviations the typical price is from its mean.",
  parameters: [period(20, 2)],
  outputs: ["cci"],
  takesSource: false,
  algorithm: "cci.lambert@1",
  formula: `CCI = (TP − SMA(TP, period)) / (0.015 × mean deviation), null in a flat window; TP = (high + low + close) / 3
mean deviation = the mean of |TP[k] − SMA| over the window, SMA being that of the present candle`,
  reference: "Donald R. Lambert, Commodity Channel Index, Commodities magazine (October 1980)",
  example: "CCI:3",
  warmUp: (numbers) => [numbers.period - 1],
  convergence: (numbers) => convergedAfter(cci.warmUp(numbers)),
  build,
};
