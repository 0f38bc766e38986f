import {
  abandonedbaby,
  downsidetasukigap,
  eveningdojistar,
  eveningstar,
  morningdojistar,
  morningstar,
} from "technicalindicators";
import type { IndicatorDefinition } from "../indicator.ts";
import { type PatternCandles, pattern } from "./pattern.ts";

const NISON = "Steve Nison, Japanese Candlestick Charting Techniques (1991)";
const MORRIS = "Gregory L. Morris, Candlestick Charting Explained (1995)";

/** Whether three rising candles each open in the body before them, at whose close they may open, and reach higher. */
function areWhiteSoldiers({ open, high, close }: PatternCandles): boolean {
  const rise = open.every((each, i) => close[i] > each);
  return rise && high[0] < high[1] && high[1] < high[2] && open[1] <= close[0] && open[2] <= close[1];
}

/** Whether three falling candles each open in the body before them, at whose close they may open, and reach lower. */
function areBlackCrows({ open, low, close }: PatternCandles): boolean {
  const fall = open.every((each, i) => close[i] < each);
  const areInside = open[1] >= close[0] && open[1] < open[0] && open[2] >= close[1] && open[2] < open[1];
  return fall && low[0] > low[1] && low[1] > low[2] && areInside;
}

/** Patterns of three candles. */
export const THREE_CANDLE_PATTERNS: readonly IndicatorDefinition[] = [
  pattern({
    name: "MORNING_STAR",
    description: "Morning star: a falling candle, one that lies under it, and a rise past the first one's middle. 100.",
    span: 3,
    bullish: morningstar,
    formula: "close[2] < open[2], high[1] < low[2], open > high[1], close > open and close > (open[2] + close[2]) / 2",
    reference: NISON,
  }),
  pattern({
    name: "EVENING_STAR",
    description: "Evening star: a rising candle, one that lies above it, and a fall past the first one's middle. −100.",
    span: 3,
    bearish: eveningstar,
    formula: "close[2] > open[2], low[1] > high[2], open < low[1], close < open and close < (open[2] + close[2]) / 2",
    reference: NISON,
  }),
  pattern({
    name: "MORNING_DOJI_STAR",
    description: "Morning doji star: a morning star whose middle candle is a doji. 100.",
    span: 3,
    bullish: morningdojistar,
    formula: "MORNING_STAR, and open[1] ≈ close[1] (within 0.1 %)",
    reference: NISON,
  }),
  pattern({
    name: "EVENING_DOJI_STAR",
    description: "Evening doji star: an evening star whose middle candle is a doji. −100.",
    span: 3,
    bearish: eveningdojistar,
    formula: "EVENING_STAR, and open[1] ≈ close[1] (within 0.1 %)",
    reference: NISON,
  }),
  pattern({
    name: "ABANDONED_BABY",
    description: "Abandoned baby: a doji with a gap on either side, between a falling and a rising candle. 100.",
    span: 3,
    bullish: abandonedbaby,
    formula: "close[2] < open[2], a DOJI with high[1] < low[2] and high[1] < low, close > open and high < open[2]",
    reference: MORRIS,
  }),
  pattern({
    name: "THREE_WHITE_SOLDIERS",
    description:
      "Three white soldiers: three rising candles, each opening in the body before and reaching higher. 100.",
    span: 3,
    bullish: areWhiteSoldiers,
    algorithm: "three_white_soldiers.real_body@2",
    formula: "each close > open, high > high[1] > high[2], open[1] ≤ close[2] and open ≤ close[1]",
    reference: NISON,
  }),
  pattern({
    name: "THREE_BLACK_CROWS",
    description: "Three black crows: three falling candles, each opening in the body before and reaching lower. −100.",
    span: 3,
    bearish: areBlackCrows,
    algorithm: "three_black_crows.real_body@2",
    formula: "each close < open, low < low[1] < low[2], close[2] ≤ open[1] < open[2] and close[1] ≤ open < open[1]",
    reference: NISON,
  }),
  pattern({
    name: "DOWNSIDE_TASUKI_GAP",
    description: "Downside Tasuki gap: a rise into the gap between two falling candles that leaves it open. −100.",
    span: 3,
    bearish: downsidetasukigap,
    formula: "close[2] < open[2], close[1] < open[1], high[1] < low[2], close[1] < open < open[1] < close < close[2]",
    reference: MORRIS,
  }),
];
