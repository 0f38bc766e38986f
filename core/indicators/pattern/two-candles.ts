import {
  bearishengulfingpattern,
  bearishharami,
  bearishharamicross,
  bullishengulfingpattern,
  bullishharami,
  bullishharamicross,
  darkcloudcover,
  piercingline,
} from "technicalindicators";
import type { IndicatorDefinition } from "../indicator.ts";
import { pattern } from "./pattern.ts";

const NISON = "Steve Nison, Japanese Candlestick Charting Techniques (1991)";

/** Patterns of two candles. */
export const TWO_CANDLE_PATTERNS: readonly IndicatorDefinition[] = [
  pattern({
    name: "ENGULFING",
    description: "Engulfing: a body that covers the opposite body before it. 100 where it rises, −100 where it falls.",
    span: 2,
    bullish: bullishengulfingpattern,
    bearish: bearishengulfingpattern,
    formula: "rising: close[1] < open[1], open < close[1] and close > open[1]; falling: the mirror image",
    reference: NISON,
  }),
  pattern({
    name: "HARAMI",
    description: "Harami: a candle inside the long body before it. 100 after a falling body, −100 after a rising one.",
    span: 2,
    bullish: bullishharami,
    bearish: bearishharami,
    formula:
      "rising: close[1] < open < open[1], close > close[1], low < open[1] and high < high[1]; falling: open[1] < open < close[1], close < close[1], low > open[1] and high < high[1]",
    reference: NISON,
  }),
  pattern({
    name: "HARAMI_CROSS",
    description: "Harami cross: a harami whose second candle is a doji. 100 or −100 as for HARAMI.",
    span: 2,
    bullish: bullishharamicross,
    bearish: bearishharamicross,
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
