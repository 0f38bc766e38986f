import { convergedAfter } from "../convergence.ts";
import type { IndicatorDefinition, Kernel, KernelInputs, Numbers } from "../indicator.ts";
import { period } from "../parameters.ts";
import { positionInRange } from "../series/position-in-range.ts";
import { rollingMean } from "../series/rolling-sum.ts";

function build({ memory, numbers, scratch, range }: KernelInputs): Kernel {
  const extremes = range(numbers.k);
  const smoothing = rollingMean(memory, numbers.smooth);
  const average = rollingMean(memory, numbers.d);
  const raw = scratch();
  return {
    advance(candles, [k, d]) {
      const percent = numbers.smooth === 1 ? k : raw.of(candles.length);
      const { highest, lowest } = extremes.of(candles);
      positionInRange(candles.close, highest, lowest, percent);
      if (percent !== k) smoothing.advance(percent, k);
      average.advance(k, d);
    },
  };
}

function warmUp({ k, smooth, d }: Numbers): readonly number[] {
  const first = k - 1 + smooth - 1;
  return [first, first + d - 1];
}

export const stochastic: IndicatorDefinition = {
  name: "STOCHASTIC",
  category: "momentum",
  description: "Stochastic oscillator: where the close lies in the range of the last candles, 0 to 100; fast or slow.",
  parameters: [period(14, 1, "k"), period(3, 1, "d"), period(1, 1, "smooth")],
  positional: (count) => (count === 3 ? ["k", "smooth", "d"] : ["k", "d"]),
  outputs: ["k", "d"],
  takesSource: false,
  algorithm: "stochastic.sma@1",
  formula: `raw = 100 × (close − lowest low) / (highest high − lowest low) of the last k candles, null where these are equal
k = raw (fast, two values: k:d) or SMA(raw, smooth) (slow, three values: k:smooth:d)
d = SMA(k, d)`,
  reference: "George C. Lane, Lane's Stochastics, Stocks & Commodities 2:3 (1984)",
  example: "STOCHASTIC:3:2",
  warmUp,
  convergence: (numbers) => convergedAfter(warmUp(numbers)),
  build,
};
