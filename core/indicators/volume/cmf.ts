import { convergedAfter } from "../convergence.ts";
import type { IndicatorDefinition, Kernel, KernelInputs } from "../indicator.ts";
import { period } from "../parameters.ts";
import { finite } from "../ratio.ts";
import { moneyFlow } from "../series/money-flow.ts";
import { RollingSum } from "../series/rolling-sum.ts";
import { ZeroWindow } from "../series/zero-window.ts";

function build({ memory, numbers, scratch }: KernelInputs): Kernel {
  const flowSum = new RollingSum(memory, numbers.period);
  const volumeSum = new RollingSum(memory, numbers.period);
  const flowZeros = new ZeroWindow(memory, numbers.period);
  const volumeZeros = new ZeroWindow(memory, numbers.period);
  const flows = scratch();
  const volumeSums = scratch();
  return {
    advance(candles, [output]) {
      const flow = flows.of(candles.length);
      const volumes = volumeSums.of(candles.length);
      for (let i = 0; i < candles.length; i++) flow[i] = moneyFlow(candles, i);
      flowSum.advance(flow, output);
      flowZeros.advance(flow, output);
      volumeSum.advance(candles.volume, volumes);
      volumeZeros.advance(candles.volume, volumes);
      for (let i = 0; i < candles.length; i++) output[i] = finite(output[i] / volumes[i]);
    },
  };
}

export const cmf: IndicatorDefinition = {
  name: "CMF",
  category: "volume",
  description: "Chaikin money flow: the money flow of the last candles as a share of their volume, −1 to 1.",
  parameters: [period(20)],
  outputs: ["cmf"],
  takesSource: false,
  algorithm: "cmf.chaikin@1",
  formula: `CMF = the sum of flow over the sum of volume of the last \`period\` candles, null where that volume is 0
flow = volume × ((close − low) − (high − close)) / (high − low), 0 where high is low`,
  reference: "Marc Chaikin, Chaikin money flow (1980s)",
  example: "CMF:3",
  warmUp: (numbers) => [numbers.period - 1],
  convergence: (numbers) => convergedAfter(cmf.warmUp(numbers)),
  build,
};
