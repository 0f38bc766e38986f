import * as technical from "technicalindicators";
import * as signals from "trading-signals";
import type { CandleColumns } from "../../core/candles.ts";

/** The ten default indicators of two libraries, by our names, on data already in the form that each wants. */
export type LibraryRuns = ReadonlyMap<string, () => void>;

/** `technicalindicators`, whole arrays. */
export function technicalIndicators(candles: CandleColumns): LibraryRuns {
  const [high, low, close, volume] = [candles.high, candles.low, candles.close, candles.volume].map((column) =>
    Array.from(column),
  );
  const values = close;
  const range = { high, low, close };
  return new Map<string, () => void>([
    ["RSI", () => technical.RSI.calculate({ values, period: 14 })],
    [
      "MACD",
      () =>
        technical.MACD.calculate({
          values,
          fastPeriod: 12,
          slowPeriod: 26,
          signalPeriod: 9,
          SimpleMAOscillator: false,
          SimpleMASignal: false,
        }),
    ],
    ["SMA", () => technical.SMA.calculate({ values, period: 20 })],
    ["EMA", () => technical.EMA.calculate({ values, period: 20 })],
    ["BOLLINGER", () => technical.BollingerBands.calculate({ values, period: 20, stdDev: 2 })],
    ["STOCHASTIC", () => technical.Stochastic.calculate({ ...range, period: 14, signalPeriod: 3 })],
    ["ADX", () => technical.ADX.calculate({ ...range, period: 14 })],
    ["WILLIAMS_R", () => technical.WilliamsR.calculate({ ...range, period: 14 })],
    ["CCI", () => technical.CCI.calculate({ ...range, period: 20 })],
    ["OBV", () => technical.OBV.calculate({ close, volume })],
  ]);
}

/** `trading-signals`, candle by candle. */
export function tradingSignals(candles: CandleColumns): LibraryRuns {
  const bars = Array.from(candles.close, (close, i) => ({
    open: candles.open[i],
    high: candles.high[i],
    low: candles.low[i],
    close,
    volume: candles.volume[i],
  }));
  const closes = Array.from(candles.close);
  const room = <Input>(inputs: readonly Input[], make: () => { add(input: Input): unknown }) => {
    return () => {
      const indicator = make();
      for (const input of inputs) indicator.add(input);
    };
  };
  return new Map<string, () => void>([
    ["RSI", room(closes, () => new signals.RSI(14))],
    ["MACD", room(closes, () => new signals.MACD(new signals.EMA(12), new signals.EMA(26), new signals.EMA(9)))],
    ["SMA", room(closes, () => new signals.SMA(20))],
    ["EMA", room(closes, () => new signals.EMA(20))],
    ["BOLLINGER", room(closes, () => new signals.BollingerBands(20, 2))],
    ["STOCHASTIC", room(bars, () => new signals.StochasticOscillator({ kPeriod: 14, kSlowingPeriod: 1, dPeriod: 3 }))],
    ["ADX", room(bars, () => new signals.ADX(14))],
    ["WILLIAMS_R", room(bars, () => new signals.WilliamsR(14))],
    ["CCI", room(bars, () => new signals.CCI(20))],
    ["OBV", room(bars, () => new signals.OBV(2))],
  ]);
}
