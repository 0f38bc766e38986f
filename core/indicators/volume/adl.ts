import type { IndicatorDefinition, Kernel, KernelInputs } from "../indicator.ts";
import { moneyFlow } from "../series/money-flow.ts";
import { RunningTotal } from "../series/running-total.ts";

function build({ memory }: KernelInputs): Kernel {
  const total = new RunningTotal(memory);
  return {
    advance(candles, [output]) {
      for (let i = 0; i < candles.length; i++) output[i] = moneyFlow(candles, i);
      total.advance(output, output);
    },
  };
}

export const adl: IndicatorDefinition = {
  name: "ADL",
  category: "volume",
  description:
    "Accumulation/distribution line: volume counted by where the close lies in its candle, since the first one.",
  parameters: [],
  outputs: ["adl"],
  takesSource: false,
  algorithm: "adl.chaikin@1",
  formula: `ADL = ADL[1] + volume × ((close − low) − (high − close)) / (high − low), beginning with the first candle's flow
A candle whose high is its low adds nothing; one with an unknown field is null and adds nothing`,
  reference:
    "Marc Chaikin, accumulation/distribution line (1970s); Steven B. Achelis, Technical Analysis from A to Z (1995)",
  example: "ADL",
  warmUp: () => [0],
  convergence: () => ({ since: "first" }),
  build,
};
