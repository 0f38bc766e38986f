import type { IndicatorDefinition } from "../indicator.ts";
import { period } from "../parameters.ts";
import { settledAfter } from "../settling.ts";
import { fastBelowSlow, slowestWeight, twoAverages, warmUpOfTwoAverages } from "../two-averages.ts";

export const ppo: IndicatorDefinition = {
  name: "PPO",
  category: "momentum",
  description: "Percentage price oscillator: how far a fast EMA is above a slow one, in percent of the slow one.",
  parameters: [period(12, 1, "fast"), period(26, 1, "slow"), period(9, 1, "signal")],
  outputs: ["line", "signal", "histogram"],
  takesSource: true,
  algorithm: "ppo.sma_seeded@1",
  formula: `line = 100 × (EMA(price, fast) − EMA(price, slow)) / EMA(price, slow), null where that is 0
signal = EMA(line, signal), seeded with the SMA of its first values
histogram = line − signal`,
  reference: "Gerald Appel, Technical Analysis: Power Tools for Active Investors (2005)",
  example: "PPO:2:4:3",
  refuse: fastBelowSlow,
  warmUp: warmUpOfTwoAverages,
  settling: (numbers) => settledAfter(ppo.warmUp(numbers), slowestWeight(numbers)),
  build: (setup) => twoAverages(setup, "percent"),
};
