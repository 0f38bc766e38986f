import type { IndicatorDefinition, Kernel, Setup } from "../indicator.ts";
import { roundingError } from "../series/compensated-sum.ts";

const STARTED = 0;
const CLOSE = 1;
const TOTAL = 2;
const LOST = 3;

function build({ memory }: Setup): Kernel {
  const at = memory.reserve(4);
  return {
    advance({ length, close, volume }, [output]) {
      const numbers = memory.numbers;
      let started = numbers[at + STARTED] === 1;
      let previous = numbers[at + CLOSE];
      let total = numbers[at + TOTAL];
      let lost = numbers[at + LOST];
      for (let i = 0; i < length; i++) {
        const c = close[i];
        const v = volume[i];
        if (Number.isNaN(c + v)) {
          output[i] = Number.NaN;
          if (!Number.isNaN(c)) previous = c;
          continue;
        }
        if (!started) {
          started = true;
          previous = c;
        }
        const side = (c > previous ? 1 : 0) - (c < previous ? 1 : 0);
        const flow = side * v;
        const more = total + flow;
        lost += roundingError(total, flow, more);
        total = more;
        output[i] = total + lost;
        previous = c;
      }
      numbers[at + STARTED] = started ? 1 : 0;
      numbers[at + CLOSE] = previous;
      numbers[at + TOTAL] = total;
      numbers[at + LOST] = lost;
    },
  };
}

export const obv: IndicatorDefinition = {
  name: "OBV",
  category: "volume",
  description: "On-balance volume: the volume of rising candles less that of falling ones, since the first candle.",
  parameters: [],
  outputs: ["obv"],
  takesSource: false,
  algorithm: "obv.zero_anchor@1",
  formula: `OBV = OBV[1] + volume where the close is above the last known one, − volume where it is below; 0 at the first candle
A candle without close or volume is null and adds nothing`,
  reference: "Joseph E. Granville, Granville's New Key to Stock Market Profits (1963)",
  example: "OBV",
  warmUp: () => [0],
  settling: () => ({ since: "first" }),
  build,
};
