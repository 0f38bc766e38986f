import { convergedAfter } from "../convergence.ts";
import type { IndicatorDefinition, Kernel, KernelInputs } from "../indicator.ts";
import { period } from "../parameters.ts";
import { ExtremeAge } from "../series/extreme-age.ts";

function build({ memory, numbers }: KernelInputs): Kernel {
  const sinceHighest = new ExtremeAge(memory, numbers.period + 1, 1);
  const sinceLowest = new ExtremeAge(memory, numbers.period + 1, -1);
  const recency = (age: number) => (100 * (numbers.period - age)) / numbers.period;
  return {
    advance(candles, [up, down, oscillator]) {
      sinceHighest.advance(candles.high, up);
      sinceLowest.advance(candles.low, down);
      for (let i = 0; i < candles.length; i++) {
        up[i] = recency(up[i]);
        down[i] = recency(down[i]);
        oscillator[i] = up[i] - down[i];
      }
    },
  };
}

export const aroon: IndicatorDefinition = {
  name: "AROON",
  category: "trend",
  description: "Aroon: how recent the highest high and the lowest low are.",
  parameters: [period(25)],
  outputs: ["up", "down", "oscillator"],
  takesSource: false,
  algorithm: "aroon.latest_extreme@1",
  formula: `up = 100 × (period − candles since the highest high of the last period + 1 candles) / period
down = the same for the lowest low; the latest extreme counts where there are several
oscillator = up − down`,
  reference: "Tushar S. Chande, A Time Price Oscillator, Stocks & Commodities 13:9 (1995)",
  example: "AROON:4",
  warmUp: (numbers) => [numbers.period, numbers.period, numbers.period],
  convergence: (numbers) => convergedAfter(aroon.warmUp(numbers)),
  build,
};
