import type { IndicatorDefinition } from "../indicator.ts";
import { period } from "../parameters.ts";
import { settledAfter } from "../settling.ts";
import { fastBelowSlow, slowestWeight, twoAverages, warmUpOfTwoAverages } from "../two-averages.ts";

export const macd: IndicatorDefinition = {
  name: "MACD",
  category: "trend",
  description: "Moving average convergence divergence: how far a fast EMA is above a slow one.",
  parameters: [period(12, 1, "fast"), period(26, 1, "slow"), period(9, 1, "signal")],
  outputs: ["line", "signal", "histogram"],
  takesSource: true,
  algorithm: "macd.sma_seeded@1",
  formula: `line = EMA(price, fast) − EMA(price, slow), each seeded on its own
signal = EMA(line, signal), seeded with the SMA of its first values
histogram = line − signal`,
  reference: "Gerald Appel, The Moving Average Convergence Divergence Trading Method (1979)",
  example: "MACD:2:4:3",
  refuse: fastBelowSlow,
  warmUp: warmUpOfTwoAverages,
  settling: (numbers) => settledAfter(macd.warmUp(numbers), slowestWeight(numbers)),
  build: (setup) => twoAverages(setup, "price"),
};
