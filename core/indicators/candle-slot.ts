import { type Candle, type CandleColumns, emptyCandles, type NUMBER_FIELDS } from "../candles.ts";

/** What an indicator reads of a candle. */
export type CandleValues = Pick<Candle, "time" | (typeof NUMBER_FIELDS)[number]>;

/** Columns of one candle, to feed machines from a stream without a new object for each candle. */
export function candleSlot(): CandleColumns {
  return emptyCandles(1);
}

/** Puts a candle into the slot, which is returned. */
export function fillSlot(slot: CandleColumns, candle: CandleValues): CandleColumns {
  slot.time[0] = candle.time;
  slot.open[0] = candle.open ?? Number.NaN;
  slot.high[0] = candle.high ?? Number.NaN;
  slot.low[0] = candle.low ?? Number.NaN;
  slot.close[0] = candle.close ?? Number.NaN;
  slot.volume[0] = candle.volume ?? Number.NaN;
  return slot;
}
