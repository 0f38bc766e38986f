import { convergedAfter } from "../convergence.ts";
import type { IndicatorDefinition, Kernel, KernelInputs } from "../indicator.ts";
import { period } from "../parameters.ts";
import { percentOf } from "../ratio.ts";

function build({ numbers, range }: KernelInputs): Kernel {
  const extremes = range(numbers.period);
  return {
    advance(candles, [output]) {
      const { highest, lowest } = extremes.of(candles);
      const { length, close } = candles;
      for (let i = 0; i < length; i++) {
        const top = highest[i];
        output[i] = percentOf(close[i] - top, top - lowest[i]);
      }
    },
  };
}

export const williamsR: IndicatorDefinition = {
  name: "WILLIAMS_R",
  category: "momentum",
  description: "Williams %R: how far the close is below the highest high, in percent of the range, −100 to 0.",
  parameters: [period(14)],
  outputs: ["williams_r"],
  takesSource: false,
  algorithm: "williams_r@1",
  formula:
    "%R = 100 × (close − highest high) / (highest high − lowest low) of the last `period` candles, null where these are equal",
  reference: "Larry Williams, How I Made One Million Dollars Last Year Trading Commodities (1973)",
  example: "WILLIAMS_R:3",
  warmUp: (numbers) => [numbers.period - 1],
  convergence: (numbers) => convergedAfter(williamsR.warmUp(numbers)),
  build,
};
