import { convergedAfter } from "../convergence.ts";
import type { IndicatorDefinition, Kernel, KernelInputs } from "../indicator.ts";
import { period } from "../parameters.ts";
import { typicalPrice } from "../price-source.ts";
import { percentOf } from "../ratio.ts";
import { Lag } from "../series/lag.ts";
import { RollingSum } from "../series/rolling-sum.ts";
import { ZeroWindow } from "../series/zero-window.ts";

function build({ memory, numbers, scratch }: KernelInputs): Kernel {
  const lag = new Lag(memory, 1);
  const upSum = new RollingSum(memory, numbers.period);
  const downSum = new RollingSum(memory, numbers.period);
  const upZeros = new ZeroWindow(memory, numbers.period);
  const downZeros = new ZeroWindow(memory, numbers.period);
  const prices = scratch();
  const upFlows = scratch();
  const downFlows = scratch();
  return {
    advance(candles, [output]) {
      const { length, volume } = candles;
      const price = typicalPrice(candles, prices.of(length));
      const up = upFlows.of(length);
      const down = downFlows.of(length);
      lag.advance(price, output);
      for (let i = 0; i < length; i++) {
        const flow = price[i] * volume[i];
        const change = price[i] - output[i];
        const known = !Number.isNaN(change + flow);
        up[i] = known ? (change > 0 ? flow : 0) : Number.NaN;
        down[i] = known ? (change < 0 ? flow : 0) : Number.NaN;
      }
      upSum.advance(up, output);
      upZeros.advance(up, output);
      downSum.advance(down, price);
      downZeros.advance(down, price);
      for (let i = 0; i < length; i++) output[i] = percentOf(output[i], output[i] + price[i]);
    },
  };
}

export const mfi: IndicatorDefinition = {
  name: "MFI",
  category: "volume",
  description: "Money flow index: the share of the money that moved at rising prices, 0 to 100.",
  parameters: [period(14)],
  outputs: ["mfi"],
  takesSource: false,
  algorithm: "mfi.quong_soudack@1",
  formula: `MFI = 100 × up / (up + down), null where both are 0; TP = (high + low + close) / 3
up = the sum of TP × volume over those of the last \`period\` candles whose TP rose, down of those whose TP fell`,
  reference: "Gene Quong and Avrum Soudack, Volume-Weighted RSI: Money Flow, Stocks & Commodities 7:3 (1989)",
  example: "MFI:3",
  warmUp: (numbers) => [numbers.period],
  convergence: (numbers) => convergedAfter(mfi.warmUp(numbers)),
  build,
};
