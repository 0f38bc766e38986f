import { convergedAfter, wilderWeight } from "../convergence.ts";
import type { IndicatorDefinition, Kernel, KernelInputs } from "../indicator.ts";
import { period } from "../parameters.ts";
import { wilderAverage } from "../series/exponential-average.ts";
import { TrueRange } from "../series/true-range.ts";

function build({ memory, numbers }: KernelInputs): Kernel {
  const range = new TrueRange(memory);
  const average = wilderAverage(memory, numbers.period);
  return {
    advance(candles, [output]) {
      range.advance(candles, output);
      average.advance(output, output);
    },
  };
}

export const atr: IndicatorDefinition = {
  name: "ATR",
  category: "volatility",
  description: "Average true range: Wilder's average of how far the price moves in a candle.",
  parameters: [period(14)],
  outputs: ["atr"],
  takesSource: false,
  algorithm: "atr.wilder@1",
  formula:
    "ATR = (ATR[1] × (period − 1) + TR) / period, first the mean of the first `period` TR, which leave out candle 0",
  reference: "J. Welles Wilder Jr., New Concepts in Technical Trading Systems (1978), section III",
  example: "ATR:3",
  warmUp: (numbers) => [numbers.period],
  convergence: (numbers) => convergedAfter(atr.warmUp(numbers), wilderWeight(numbers.period)),
  build,
};
