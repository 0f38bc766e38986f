import {
  bearishhammerstick,
  bearishinvertedhammerstick,
  bearishmarubozu,
  bullishhammerstick,
  bullishinvertedhammerstick,
  bullishmarubozu,
  doji,
  dragonflydoji,
  gravestonedoji,
} from "technicalindicators";
import type { IndicatorDefinition } from "../indicator.ts";
import { pattern } from "./pattern.ts";

const NISON = "Steve Nison, Japanese Candlestick Charting Techniques (1991)";

/** Patterns of a single candle; "about" is within a thousandth of the price. */
export const ONE_CANDLE_PATTERNS: readonly IndicatorDefinition[] = [
  pattern({
    name: "DOJI",
    description: "Doji: a candle that closes about where it opened. 100.",
    span: 1,
    bullish: doji,
    formula: "open ≈ close (within 0.1 %), with a shadow on both sides or on none",
    reference: NISON,
  }),
  pattern({
    name: "DRAGONFLY_DOJI",
    description: "Dragonfly doji: opens and closes about at the high, far above the low. 100.",
    span: 1,
    bullish: dragonflydoji,
    formula: "open ≈ close ≈ high (within 0.1 %), low further away",
    reference: NISON,
  }),
  pattern({
    name: "GRAVESTONE_DOJI",
    description: "Gravestone doji: opens and closes about at the low, far below the high. −100.",
    span: 1,
    bearish: gravestonedoji,
    formula: "open ≈ close ≈ low (within 0.1 %), high further away",
    reference: NISON,
  }),
  pattern({
    name: "MARUBOZU",
    description: "Marubozu: a body with about no shadows. 100 where it rises, −100 where it falls.",
    span: 1,
    bullish: bullishmarubozu,
    bearish: bearishmarubozu,
    formula: "rising: open ≈ low and close ≈ high (within 0.1 %); falling: open ≈ high and close ≈ low",
    reference: NISON,
  }),
  pattern({
    name: "HAMMER",
    description: "Hammer: a body at the top of the candle with a long lower shadow, of either colour. 100.",
    span: 1,
    bullish: (candles) => bullishhammerstick(candles) || bearishhammerstick(candles),
    formula: "the body's upper end ≈ high (within 0.1 %), and the body at most twice the lower shadow",
    reference: NISON,
  }),
  pattern({
    name: "INVERTED_HAMMER",
    description: "Inverted hammer: a body at the bottom of the candle with a long upper shadow, of either colour. 100.",
    span: 1,
    bullish: (candles) => bullishinvertedhammerstick(candles) || bearishinvertedhammerstick(candles),
    formula: "the body's lower end ≈ low (within 0.1 %), and the body at most twice the upper shadow",
    reference: NISON,
  }),
];
