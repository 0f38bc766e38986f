import { convergedAfter, wilderWeight } from "../convergence.ts";
import type { IndicatorDefinition, Kernel, KernelInputs, Numbers } from "../indicator.ts";
import { period } from "../parameters.ts";
import { positionInRange } from "../series/position-in-range.ts";
import { RelativeStrength } from "../series/relative-strength.ts";
import { RollingRange } from "../series/rolling-range.ts";
import { rollingMean } from "../series/rolling-sum.ts";

function build({ memory, numbers, source, scratch }: KernelInputs): Kernel {
  const strength = new RelativeStrength(memory, numbers.rsi);
  const range = new RollingRange(memory, numbers.stoch);
  const smoothing = rollingMean(memory, numbers.smooth);
  const average = rollingMean(memory, numbers.d);
  const index = scratch();
  return {
    advance(candles, [k, d]) {
      const rsi = index.of(candles.length);
      strength.advance(source.column(candles), rsi);
      range.advance(rsi, rsi, k, d);
      positionInRange(rsi, k, d, rsi);
      smoothing.advance(rsi, k);
      average.advance(k, d);
    },
  };
}

function warmUp({ rsi, stoch, smooth, d }: Numbers): readonly number[] {
  const first = rsi + stoch - 1 + smooth - 1;
  return [first, first + d - 1];
}

export const stochrsi: IndicatorDefinition = {
  name: "STOCHRSI",
  category: "momentum",
  description: "Stochastic RSI: where the RSI lies in its own recent range, 0 to 100.",
  parameters: [period(14, 1, "rsi"), period(14, 1, "stoch"), period(3, 1, "smooth"), period(3, 1, "d")],
  outputs: ["k", "d"],
  takesSource: true,
  algorithm: "stochrsi.chande_kroll@1",
  formula: `raw = 100 × (RSI − lowest RSI) / (highest RSI − lowest RSI) of the last stoch values, null where these are equal
k = SMA(raw, smooth), d = SMA(k, d)`,
  reference: "Tushar S. Chande and Stanley Kroll, The New Technical Trader (1994)",
  example: "STOCHRSI:3:3:1:2",
  warmUp,
  convergence: (numbers) => convergedAfter(warmUp(numbers), wilderWeight(numbers.rsi)),
  build,
};
