import { type CandleColumns, emptyCandles } from "../../../core/candles.ts";

/** Numbers from 0 to 1 that are the same in every run (Lehmer's generator, 1951). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

export interface SeriesOptions {
  readonly seed?: number;
  /** The first price. */
  readonly price?: number;
  /** Standard step from candle to candle, as a part of the price. */
  readonly step?: number;
}

/** A random walk of hourly candles, with stretches in which nothing moves or trades. */
export function randomCandles(
  length: number,
  { seed = 7, price = 100, step = 0.01 }: SeriesOptions = {},
): CandleColumns {
  const next = random(seed);
  const candles = emptyCandles(length);
  let close = price;
  for (let i = 0; i < length; i++) {
    const quiet = i % 97 > 80 && i > 97;
    const open = close;
    if (!quiet) close *= 1 + step * (next() + next() - 1);
    candles.time[i] = 1_700_000_000 + 3600 * i;
    candles.open[i] = open;
    candles.close[i] = close;
    candles.high[i] = quiet ? close : Math.max(open, close) * (1 + step * next());
    candles.low[i] = quiet ? close : Math.min(open, close) * (1 - step * next());
    candles.volume[i] = quiet ? 0 : Math.round(1e6 * next()) / 100;
  }
  return candles;
}

/** A random walk in which every candle moves, so that every value is defined once warm. */
export function movingCandles(length: number, options: SeriesOptions = {}): CandleColumns {
  const { seed = 7, price = 100, step = 0.01 } = options;
  const next = random(seed);
  const candles = emptyCandles(length);
  let close = price;
  for (let i = 0; i < length; i++) {
    const open = close * (1 + 0.1 * step * (next() - 0.5));
    close *= 1 + step * (next() + next() - 1);
    candles.time[i] = 1_700_000_000 + 3600 * i;
    candles.open[i] = open;
    candles.close[i] = close;
    candles.high[i] = Math.max(open, close) * (1 + step * next());
    candles.low[i] = Math.min(open, close) * (1 - step * next());
    candles.volume[i] = 1 + Math.round(1e6 * next()) / 100;
  }
  return candles;
}

/** Candles from closes alone; high and low are the close, volume is 1. */
export function closesOnly(closes: readonly (number | null)[]): CandleColumns {
  const candles = emptyCandles(closes.length);
  closes.forEach((close, i) => {
    candles.time[i] = 3600 * i;
    for (const field of ["open", "high", "low", "close"] as const) candles[field][i] = close ?? Number.NaN;
    candles.volume[i] = 1;
  });
  return candles;
}

/** A candle of the same fields with some values unknown. */
export function withUnknown(
  candles: CandleColumns,
  field: "open" | "high" | "low" | "close" | "volume",
  ...rows: readonly number[]
): CandleColumns {
  const column = candles[field].slice();
  for (const row of rows) column[row] = Number.NaN;
  return { ...candles, [field]: column };
}
