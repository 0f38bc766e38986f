import type { IndicatorDefinition, Kernel, Setup } from "../indicator.ts";
import { period } from "../parameters.ts";
import { percentOf } from "../ratio.ts";
import { RollingRange } from "../series/rolling-range.ts";
import { settledAfter } from "../settling.ts";

function build({ memory, numbers, scratch }: Setup): Kernel {
  const range = new RollingRange(memory, numbers.period);
  const bottom = scratch();
  return {
    advance({ length, high, low, close }, [output]) {
      const lowest = bottom.of(length);
      range.advance(high, low, output, lowest);
      for (let i = 0; i < length; i++) {
        const highest = output[i];
        output[i] = percentOf(close[i] - highest, highest - lowest[i]);
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
  settling: (numbers) => settledAfter(williamsR.warmUp(numbers)),
  build,
};
