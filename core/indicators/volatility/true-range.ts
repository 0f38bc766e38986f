import { convergedAfter } from "../convergence.ts";
import type { IndicatorDefinition } from "../indicator.ts";
import { TrueRange } from "../series/true-range.ts";

export const trueRange: IndicatorDefinition = {
  name: "TRUE_RANGE",
  category: "volatility",
  description: "True range: how far the price moved since the last close.",
  parameters: [],
  outputs: ["true_range"],
  takesSource: false,
  algorithm: "true_range.wilder@1",
  formula: "TR = the largest of high − low, |high − close[1]| and |low − close[1]|; candle 0 has none",
  reference: "J. Welles Wilder Jr., New Concepts in Technical Trading Systems (1978), section III",
  example: "TRUE_RANGE",
  warmUp: () => [1],
  convergence: () => convergedAfter([1]),
  build({ memory }) {
    const range = new TrueRange(memory);
    return { advance: (candles, [output]) => range.advance(candles, output) };
  },
};
