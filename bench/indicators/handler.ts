import { NO_UNITS } from "../../contracts/candle.ts";
import type { CandleColumns } from "../../core/candles.ts";
import type { IndicatorSpec } from "../../core/indicators/spec.ts";
import { calculateAll } from "../../workers/indicator-engine/compute.ts";
import { indicatorResponse, withTimestamp } from "../../workers/indicator-engine/response.ts";

/** Bars of history that the service reads before the first one that it answers. */
const HISTORY = 500;

/**
 * What `GET /indicators/{symbol}` does once the candles are there: calculate, and write the answer as JSON.
 * @param candles history and the bars that are answered
 */
export function handlerOf(specs: readonly IndicatorSpec[], candles: CandleColumns): () => string {
  const read = {
    bars: { columns: candles, first: HISTORY, fromTheBeginning: false, anchor: null },
    facts: { provider: null, simulated: true, adjustment: "raw", construction: "provider" },
    segments: [],
    forming: false,
  } as const;
  const options = {
    ...{ symbol: "BTC/USDT", interval: "1h", units: NO_UNITS },
    ...{ includeOpen: false, includeCandles: false, errors: {} },
  };
  return () => withTimestamp(indicatorResponse(calculateAll(specs, read.bars, {}), read, options).json);
}

/** Candles to pass to a handler so that it answers `points` bars. */
export const handlerCandles = (points: number): number => points + HISTORY;
