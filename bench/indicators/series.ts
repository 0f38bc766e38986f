import { type CandleColumns, emptyCandles } from "../../core/candles.ts";

/** A random walk of hourly candles, the same in every run. */
export function randomWalk(length: number): CandleColumns {
  let state = 20_261_122;
  const next = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  const candles = emptyCandles(length);
  let close = 100;
  for (let i = 0; i < length; i++) {
    const open = close;
    close *= 1 + 0.01 * (next() + next() - 1);
    candles.time[i] = 1_700_000_000 + 3600 * i;
    candles.open[i] = open;
    candles.close[i] = close;
    candles.high[i] = Math.max(open, close) * (1 + 0.005 * next());
    candles.low[i] = Math.min(open, close) * (1 - 0.005 * next());
    candles.volume[i] = Math.round(1e6 * next()) / 100;
  }
  return candles;
}
