import { convergedAfter, wilderWeight } from "../convergence.ts";
import type { IndicatorDefinition, Kernel, KernelInputs } from "../indicator.ts";
import { period } from "../parameters.ts";
import { percentOf } from "../ratio.ts";
import { wilderAverage } from "../series/exponential-average.ts";
import { TrueRange } from "../series/true-range.ts";

function build({ memory, numbers }: KernelInputs): Kernel {
  const range = new TrueRange(memory);
  const average = wilderAverage(memory, numbers.period);
  return {
    advance(candles, [output]) {
      range.advance(candles, output);
      average.advance(output, output);
      for (let i = 0; i < candles.length; i++) output[i] = percentOf(output[i], candles.close[i]);
    },
  };
}

export const natr: IndicatorDefinition = {
  name: "NATR",
  category: "volatility",
  description: "Normalised average true range: the ATR in percent of the close.",
  parameters: [period(14)],
  outputs: ["natr"],
  takesSource: false,
  algorithm: "natr.wilder@1",
  formula: "NATR = 100 × ATR(period) / close, null where that is 0",
  reference:
    "John Forman, Cross-Market Evaluations with Normalized Average True Range, Stocks & Commodities 24:5 (2006)",
  example: "NATR:3",
  warmUp: (numbers) => [numbers.period],
  convergence: (numbers) => convergedAfter(natr.warmUp(numbers), wilderWeight(numbers.period)),
  build,
};
