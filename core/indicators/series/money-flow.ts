import type { CandleColumns } from "../../candles.ts";

/**
 * Chaikin's money flow volume: volume × ((close − low) − (high − close)) / (high − low). A candle without a range has
 * no flow to either side: 0. NaN where a field is unknown.
 */
export function moneyFlow({ high, low, close, volume }: CandleColumns, i: number): number {
  const range = high[i] - low[i];
  const side = close[i] - low[i] - (high[i] - close[i]);
  const flow = (range === 0 ? 0 : side / range) * volume[i];
  return Number.isNaN(close[i]) ? Number.NaN : flow;
}
