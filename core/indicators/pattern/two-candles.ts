import { darkcloudcover, piercingline } from "technicalindicators";
import type { IndicatorDefinition } from "../indicator.ts";
import { type PatternCandles, pattern } from "./pattern.ts";

const NISON = "Steve Nison, Japanese Candlestick Charting Techniques (1991)";

/*
 * Where a market never closes, a candle opens where the one before it closed. A body that touches the other one's edge on that side counts
 * here, as it does in TA-Lib; the library's own functions want it beyond the edge, and so never see these patterns there.
 */

/** Whether a rising body covers the falling one before it; on one side the two may end at the same price. */
function engulfsRising({ open: [before, open], close: [closed, close] }: PatternCandles): boolean {
  if (closed >= before || close <= open) return false;
  return (open < closed && close >= before) || (open <= closed && close > before);
}

/** Whether a falling body covers the rising one before it. */
function engulfsFalling({ open: [before, open], close: [closed, close] }: PatternCandles): boolean {
  if (closed <= before || close >= open) return false;
  return (open > closed && close <= before) || (open >= closed && close < before);
}

/** Whether a candle lies inside the falling body before it, at whose close it may open. */
function isInsideFalling({ open: [before, open], high, close: [closed, close] }: PatternCandles): boolean {
  return open >= closed && open < before && close > closed && close < before && high[1] < high[0];
}

/** Whether a candle lies inside the rising body before it, at whose close it may open. */
function isInsideRising({ open: [before, open], high, low, close: [closed, close] }: PatternCandles): boolean {
  return open <= closed && open > before && close < closed && low[1] > before && high[1] < high[0];
}

/** Whether a candle closes about where it opened: the difference, to four digits, is at most a thousandth of the opening. */
function isDojiAfter({ open, close }: PatternCandles): boolean {
  return Number(Math.abs(open[1] - close[1]).toPrecision(4)) <= Number((open[1] * 0.001).toPrecision(4));
}

/** Patterns of two candles. */
export const TWO_CANDLE_PATTERNS: readonly IndicatorDefinition[] = [
  pattern({
    name: "ENGULFING",
    description: "Engulfing: a body that covers the opposite body before it. 100 where it rises, −100 where it falls.",
    span: 2,
    bullish: engulfsRising,
    bearish: engulfsFalling,
    algorithm: "engulfing.real_body@2",
    formula:
      "rising: close[1] < open[1], close > open, open ≤ close[1] and close ≥ open[1], of which one is an equality at most; falling: the mirror image",
    reference: NISON,
  }),
  pattern({
    name: "HARAMI",
    description: "Harami: a candle inside the long body before it. 100 after a falling body, −100 after a rising one.",
    span: 2,
    bullish: isInsideFalling,
    bearish: isInsideRising,
    algorithm: "harami.real_body@2",
    formula:
      "rising: close[1] ≤ open < open[1], close[1] < close < open[1] and high < high[1]; falling: open[1] < open ≤ close[1], close < close[1], low > open[1] and high < high[1]",
    reference: NISON,
  }),
  pattern({
    name: "HARAMI_CROSS",
    description: "Harami cross: a harami whose second candle is a doji. 100 or −100 as for HARAMI.",
    span: 2,
    bullish: (candles) => isInsideFalling(candles) && isDojiAfter(candles),
    bearish: (candles) => isInsideRising(candles) && isDojiAfter(candles),
    algorithm: "harami_cross.real_body@2",
    formula: "HARAMI, and open ≈ close (within 0.1 %)",
    reference: NISON,
  }),
  pattern({
    name: "PIERCING_LINE",
    description: "Piercing line: opens under the low of a falling candle and closes above its middle. 100.",
    span: 2,
    bullish: piercingline,
    formula: "close[1] < open[1], open < low[1], low < low[1] and close > (open[1] + close[1]) / 2",
    reference: NISON,
  }),
  pattern({
    name: "DARK_CLOUD_COVER",
    description: "Dark cloud cover: opens above the high of a rising candle and closes under its middle. −100.",
    span: 2,
    bearish: darkcloudcover,
    formula: "close[1] > open[1], open > high[1] and open[1] < close < (open[1] + close[1]) / 2",
    reference: NISON,
  }),
];
