import { convergedAfter, exponentialWeight, wilderWeight } from "../convergence.ts";
import type { IndicatorDefinition, Kernel, KernelInputs, Numbers } from "../indicator.ts";
import { factor, period } from "../parameters.ts";
import { exponentialAverage, wilderAverage } from "../series/exponential-average.ts";
import { TrueRange } from "../series/true-range.ts";

function build({ memory, numbers }: KernelInputs): Kernel {
  const centre = exponentialAverage(memory, numbers.period);
  const range = new TrueRange(memory);
  const average = wilderAverage(memory, numbers.atr);
  const { multiplier } = numbers;
  return {
    advance(candles, [upper, middle, lower]) {
      centre.advance(candles.close, middle);
      range.advance(candles, upper);
      average.advance(upper, upper);
      for (let i = 0; i < candles.length; i++) {
        const width = multiplier * upper[i];
        upper[i] = middle[i] + width;
        lower[i] = middle[i] - width;
      }
    },
  };
}

function warmUp({ period, atr }: Numbers): readonly number[] {
  const bands = Math.max(period - 1, atr);
  return [bands, period - 1, bands];
}

export const keltner: IndicatorDefinition = {
  name: "KELTNER",
  category: "volatility",
  description: "Keltner channels: some average true ranges above and below an EMA.",
  parameters: [period(20), factor("multiplier", 2), period(10, 1, "atr")],
  outputs: ["upper", "middle", "lower"],
  takesSource: false,
  algorithm: "keltner.ema_wilder_atr@1",
  formula: `middle = EMA(close, period)
upper, lower = middle ± multiplier × ATR(atr)`,
  reference: "Linda Bradford Raschke's form of Chester W. Keltner, How to Make Money in Commodities (1960)",
  example: "KELTNER:3:2:3",
  warmUp,
  convergence: (numbers) =>
    convergedAfter(warmUp(numbers), Math.min(exponentialWeight(numbers.period), wilderWeight(numbers.atr))),
  build,
};
