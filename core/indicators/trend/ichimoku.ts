import { convergedAfter } from "../convergence.ts";
import type { IndicatorDefinition, Kernel, KernelInputs } from "../indicator.ts";
import { period } from "../parameters.ts";
import { Lag } from "../series/lag.ts";
import { RollingRange } from "../series/rolling-range.ts";

/** The cloud is drawn this many candles ahead, and the close as many behind: 26 with the present candle counted. */
const DISPLACEMENT = 25;

function build({ memory, numbers, scratch }: KernelInputs): Kernel {
  const ranges = [numbers.tenkan, numbers.kijun, numbers.senkou].map((length) => new RollingRange(memory, length));
  const [tenkanRange, kijunRange, senkouRange] = ranges;
  const lagA = new Lag(memory, DISPLACEMENT);
  const lagB = new Lag(memory, DISPLACEMENT);
  const lowest = scratch();
  const undisplaced = scratch();
  return {
    advance(candles, [tenkan, kijun, senkouA, senkouB, chikou]) {
      const { length, high, low, close } = candles;
      const middle = (range: RollingRange, output: Float64Array) => {
        const bottom = lowest.of(length);
        range.advance(high, low, output, bottom);
        for (let i = 0; i < length; i++) output[i] = (output[i] + bottom[i]) / 2;
      };
      const cloud = undisplaced.of(length);
      middle(tenkanRange, tenkan);
      middle(kijunRange, kijun);
      for (let i = 0; i < length; i++) cloud[i] = (tenkan[i] + kijun[i]) / 2;
      lagA.advance(cloud, senkouA);
      middle(senkouRange, cloud);
      lagB.advance(cloud, senkouB);
      const shown = Math.max(0, length - DISPLACEMENT);
      chikou.set(close.subarray(length - shown));
      chikou.fill(Number.NaN, shown);
    },
    ahead: () => ({ senkou_a: lagA.pending(), senkou_b: lagB.pending() }),
  };
}

export const ichimoku: IndicatorDefinition = {
  name: "ICHIMOKU",
  category: "trend",
  description: "Ichimoku kinkō hyō: middles of three ranges, two of them drawn ahead as a cloud.",
  parameters: [period(9, 1, "tenkan"), period(26, 1, "kijun"), period(52, 1, "senkou")],
  outputs: ["tenkan", "kijun", "senkou_a", "senkou_b", "chikou"],
  lookahead: ["chikou"],
  takesSource: false,
  algorithm: "ichimoku.displaced_25@1",
  formula: `middle(n) = (highest high + lowest low of the last n candles) / 2
tenkan = middle(tenkan), kijun = middle(kijun)
senkou_a = (tenkan + kijun) / 2 of 25 candles ago, senkou_b = middle(senkou) of 25 candles ago
chikou = the close 25 candles later, so it is never streamed; \`ahead\` holds the cloud of the next 25 candles`,
  reference: "Goichi Hosoda, Ichimoku Kinkō Hyō (1969)",
  example: "ICHIMOKU:2:3:4",
  warmUp: ({ tenkan, kijun, senkou }) => [
    tenkan - 1,
    kijun - 1,
    Math.max(tenkan, kijun) - 1 + DISPLACEMENT,
    senkou - 1 + DISPLACEMENT,
    0,
  ],
  convergence: (numbers) => convergedAfter(ichimoku.warmUp(numbers)),
  build,
};
