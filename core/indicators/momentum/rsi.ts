import { convergedAfter, wilderWeight } from "../convergence.ts";
import type { IndicatorDefinition } from "../indicator.ts";
import { period } from "../parameters.ts";
import { RelativeStrength } from "../series/relative-strength.ts";
import { seriesKernel } from "../series-kernel.ts";

export const rsi: IndicatorDefinition = {
  name: "RSI",
  category: "momentum",
  description: "Relative strength index: the share of the rises in all recent movement, 0 to 100.",
  parameters: [period(14)],
  outputs: ["rsi"],
  takesSource: true,
  algorithm: "rsi.wilder@1",
  formula: `RSI = 100 × up / (up + down), null where both are 0
up = (up[1] × (period − 1) + rise) / period, first the mean of the first \`period\` rises; down likewise of the falls`,
  reference: "J. Welles Wilder Jr., New Concepts in Technical Trading Systems (1978), section VI",
  example: "RSI:3",
  warmUp: (numbers) => [numbers.period],
  convergence: (numbers) => convergedAfter(rsi.warmUp(numbers), wilderWeight(numbers.period)),
  build: (setup) => seriesKernel(setup, new RelativeStrength(setup.memory, setup.numbers.period)),
};
