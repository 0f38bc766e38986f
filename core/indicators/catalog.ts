import type { IndicatorDefinition } from "./indicator.ts";
import { cci } from "./momentum/cci.ts";
import { momentum } from "./momentum/momentum.ts";
import { ppo } from "./momentum/ppo.ts";
import { roc } from "./momentum/roc.ts";
import { rsi } from "./momentum/rsi.ts";
import { stochastic } from "./momentum/stochastic.ts";
import { stochrsi } from "./momentum/stochrsi.ts";
import { trix } from "./momentum/trix.ts";
import { williamsR } from "./momentum/williams-r.ts";
import { ONE_CANDLE_PATTERNS } from "./pattern/one-candle.ts";
import { THREE_CANDLE_PATTERNS } from "./pattern/three-candles.ts";
import { TWO_CANDLE_PATTERNS } from "./pattern/two-candles.ts";
import { adx } from "./trend/adx.ts";
import { aroon } from "./trend/aroon.ts";
import { dema } from "./trend/dema.ts";
import { ema } from "./trend/ema.ts";
import { hma } from "./trend/hma.ts";
import { ichimoku } from "./trend/ichimoku.ts";
import { macd } from "./trend/macd.ts";
import { psar } from "./trend/psar.ts";
import { sma } from "./trend/sma.ts";
import { supertrend } from "./trend/supertrend.ts";
import { tema } from "./trend/tema.ts";
import { wma } from "./trend/wma.ts";
import { atr } from "./volatility/atr.ts";
import { bollinger } from "./volatility/bollinger.ts";
import { donchian } from "./volatility/donchian.ts";
import { keltner } from "./volatility/keltner.ts";
import { natr } from "./volatility/natr.ts";
import { stddev } from "./volatility/stddev.ts";
import { trueRange } from "./volatility/true-range.ts";
import { adl } from "./volume/adl.ts";
import { cmf } from "./volume/cmf.ts";
import { mfi } from "./volume/mfi.ts";
import { obv } from "./volume/obv.ts";
import { vwap } from "./volume/vwap.ts";

/** Every indicator there is, by category. */
export const CATALOG: readonly IndicatorDefinition[] = [
  sma,
  ema,
  wma,
  dema,
  tema,
  hma,
  macd,
  adx,
  aroon,
  ichimoku,
  psar,
  supertrend,
  rsi,
  stochastic,
  williamsR,
  cci,
  stochrsi,
  roc,
  momentum,
  trix,
  ppo,
  bollinger,
  atr,
  natr,
  trueRange,
  keltner,
  donchian,
  stddev,
  obv,
  adl,
  vwap,
  mfi,
  cmf,
  ...ONE_CANDLE_PATTERNS,
  ...TWO_CANDLE_PATTERNS,
  ...THREE_CANDLE_PATTERNS,
];

/** The ten that an answer holds where no others are asked for. */
export const DEFAULT_INDICATORS: readonly string[] = [
  "RSI",
  "MACD",
  "SMA",
  "EMA",
  "BOLLINGER",
  "STOCHASTIC",
  "ADX",
  "WILLIAMS_R",
  "CCI",
  "OBV",
];

const BY_NAME = new Map(CATALOG.map((definition) => [definition.name, definition]));

/** The definition of that name (upper case); undefined where there is none. */
export function indicatorNamed(name: string): IndicatorDefinition | undefined {
  return BY_NAME.get(name);
}
