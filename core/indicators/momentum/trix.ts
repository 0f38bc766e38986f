import { convergedAfter, exponentialWeight } from "../convergence.ts";
import type { IndicatorDefinition, Kernel, KernelInputs } from "../indicator.ts";
import { period } from "../parameters.ts";
import { percentOf } from "../ratio.ts";
import { exponentialAverage } from "../series/exponential-average.ts";
import { Lag } from "../series/lag.ts";

function build({ memory, numbers, source, scratch }: KernelInputs): Kernel {
  const averages = [1, 2, 3].map(() => exponentialAverage(memory, numbers.period));
  const lag = new Lag(memory, 1);
  const smoothed = scratch();
  return {
    advance(candles, [output]) {
      const average = smoothed.of(candles.length);
      averages[0].advance(source.column(candles), average);
      averages[1].advance(average, average);
      averages[2].advance(average, average);
      lag.advance(average, output);
      for (let i = 0; i < average.length; i++) output[i] = percentOf(average[i] - output[i], output[i]);
    },
  };
}

export const trix: IndicatorDefinition = {
  name: "TRIX",
  category: "momentum",
  description: "TRIX: the change from candle to candle of a thrice smoothed price, in percent.",
  parameters: [period(15)],
  outputs: ["trix"],
  takesSource: true,
  algorithm: "trix.sma_seeded@1",
  formula: "TRIX = 100 × (T − T[1]) / T[1], T = EMA(EMA(EMA(price))), each EMA seeded with the SMA of its first values",
  reference: "Jack K. Hutson, Good Trix, Stocks & Commodities 1:5 (1983)",
  example: "TRIX:2",
  warmUp: (numbers) => [3 * (numbers.period - 1) + 1],
  convergence: (numbers) => convergedAfter(trix.warmUp(numbers), exponentialWeight(numbers.period)),
  build,
};
