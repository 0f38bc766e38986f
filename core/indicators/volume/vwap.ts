import {
  ANCHORS,
  type Anchor,
  type Choices,
  type Convergence,
  type IndicatorDefinition,
  type Kernel,
  type KernelInputs,
  type TradingDay,
} from "../indicator.ts";
import { choice } from "../parameters.ts";
import { roundingError } from "../series/compensated-sum.ts";

const STARTED = 0;
const KEY = 1;
const VALUE = 2;
const VALUE_COMPENSATION = 3;
const VOLUME = 4;
const VOLUME_COMPENSATION = 5;

const MILLISECONDS_PER_DAY = 86_400_000;

function build({ memory, choices, tradingDay }: KernelInputs): Kernel {
  const key = anchorKey(anchorNamed(choices.anchor), tradingDay);
  const at = memory.reserve(6);
  return {
    advance({ length, time, high, low, close, volume }, [output]) {
      const numbers = memory.numbers;
      let currentKey = numbers[at + STARTED] === 1 ? numbers[at + KEY] : Number.NaN;
      let value = numbers[at + VALUE];
      let valueCompensation = numbers[at + VALUE_COMPENSATION];
      let traded = numbers[at + VOLUME];
      let tradedCompensation = numbers[at + VOLUME_COMPENSATION];
      for (let i = 0; i < length; i++) {
        const stretch = key(time[i]);
        if (stretch !== currentKey) {
          currentKey = stretch;
          value = 0;
          valueCompensation = 0;
          traded = 0;
          tradedCompensation = 0;
        }
        const v = volume[i];
        const flow = ((high[i] + low[i] + close[i]) / 3) * v;
        if (Number.isNaN(flow)) {
          output[i] = Number.NaN;
          continue;
        }
        const moreValue = value + flow;
        valueCompensation += roundingError(value, flow, moreValue);
        value = moreValue;
        const moreTraded = traded + v;
        tradedCompensation += roundingError(traded, v, moreTraded);
        traded = moreTraded;
        const sum = traded + tradedCompensation;
        output[i] = sum === 0 ? Number.NaN : (value + valueCompensation) / sum;
      }
      numbers[at + STARTED] = 1;
      numbers[at + KEY] = currentKey;
      numbers[at + VALUE] = value;
      numbers[at + VALUE_COMPENSATION] = valueCompensation;
      numbers[at + VOLUME] = traded;
      numbers[at + VOLUME_COMPENSATION] = tradedCompensation;
    },
  };
}

/** A number that changes where a new average begins. */
function anchorKey(anchor: Anchor, tradingDay: TradingDay): (time: number) => number {
  switch (anchor) {
    case "session":
      return tradingDay;
    case "week":
      // Day 0, 1970-01-01, was a Thursday; weeks begin on Monday.
      return (time) => Math.floor((tradingDay(time) + 3) / 7);
    case "month":
      return (time) => {
        const date = new Date(tradingDay(time) * MILLISECONDS_PER_DAY);
        return date.getUTCFullYear() * 12 + date.getUTCMonth();
      };
    case "first":
      return () => 0;
  }
}

function anchorNamed(name: string): Anchor {
  const anchor = ANCHORS.find((known) => known === name);
  if (anchor === undefined) throw new RangeError(`VWAP has no anchor "${name}".`);
  return anchor;
}

function convergence(_: unknown, { anchor }: Choices): Convergence {
  return { since: anchorNamed(anchor) };
}

export const vwap: IndicatorDefinition = {
  name: "VWAP",
  category: "volume",
  description: "Volume-weighted average price since the session, week, month or series began.",
  parameters: [choice("anchor", "session", ANCHORS)],
  outputs: ["vwap"],
  takesSource: false,
  algorithm: "vwap.hlc3@1",
  formula: `VWAP = the sum of TP × volume over the sum of volume since the anchor, null while that is 0; TP = (high + low + close) / 3
A candle with an unknown field is null and adds nothing`,
  reference:
    "Stephen A. Berkowitz, Dennis E. Logue and Eugene A. Noser, The Total Cost of Transactions on the NYSE, Journal of Finance 43:1 (1988)",
  example: "VWAP:first",
  warmUp: () => [0],
  convergence,
  build,
};
