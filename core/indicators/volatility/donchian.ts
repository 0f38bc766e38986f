import { convergedAfter } from "../convergence.ts";
import type { IndicatorDefinition, Kernel, KernelInputs } from "../indicator.ts";
import { period } from "../parameters.ts";
import { RollingRange } from "../series/rolling-range.ts";

function build({ memory, numbers }: KernelInputs): Kernel {
  const range = new RollingRange(memory, numbers.period);
  return {
    advance({ length, high, low }, [upper, middle, lower]) {
      range.advance(high, low, upper, lower);
      for (let i = 0; i < length; i++) middle[i] = (upper[i] + lower[i]) / 2;
    },
  };
}

export const donchian: IndicatorDefinition = {
  name: "DONCHIAN",
  category: "volatility",
  description: "Donchian channel: the highest high and the lowest low of the last candles, the present one included.",
  parameters: [period(20)],
  outputs: ["upper", "middle", "lower"],
  takesSource: false,
  algorithm: "donchian.inclusive@1",
  formula: `upper = the highest high of the last \`period\` candles, lower = the lowest low, both with the present candle
middle = (upper + lower) / 2`,
  reference: "Richard D. Donchian, Commodities: High Finance in Copper, Financial Analysts Journal (1960)",
  example: "DONCHIAN:3",
  warmUp: (numbers) => [numbers.period - 1, numbers.period - 1, numbers.period - 1],
  convergence: (numbers) => convergedAfter(donchian.warmUp(numbers)),
  build,
};
