import { type CandleColumns, firstAtOrAfter, NUMBER_FIELDS, pickCandles } from "../../../../core/candles.ts";
import type { Interval } from "../../../../core/interval.ts";
import { passBars } from "../../../isolate/long-work.ts";
import type { Series } from "../series.ts";
import { isAlike } from "../storage/bucket-rows.ts";
import type { KeptOrigin } from "../storage/origins.ts";
import { finerIntervals } from "./known-stretch.ts";
import { ratio, readPage } from "./series-pages.ts";
import type { Visibility } from "./visibility.ts";

/** Imported candles that are shown already, made of finer ones, and the others. */
export interface MadeAlready {
  rest: CandleColumns;
  count: number;
}

/** Finer candles that are read at a time; then quotes pass. */
const ROWS_AT_ONCE = 20_000;

/**
 * Finds the candles of a batch that finer stored ones make already, to the last digit: to store them would make another source of what is
 * known. Those of buckets that have a stored candle are not looked at: what is stored decides there.
 * @param candles ascending
 * @param origin the one that they have, or would have
 */
export async function madeAlready(
  series: Series,
  visibility: Visibility,
  interval: Interval,
  candles: CandleColumns,
  origin: KeptOrigin,
): Promise<MadeAlready> {
  const { origins, store } = series;
  const { time, length } = candles;
  const [finest] = finerIntervals(series, interval);
  if (length === 0 || finest === undefined) return { rest: candles, count: 0 };
  const limit = Math.max(1, Math.floor(ROWS_AT_ONCE / ratio(finest, interval)));
  const isMade = new Uint8Array(length);
  for (let first = 0; first < length; first += limit) {
    const last = Math.min(first + limit, length) - 1;
    const query = { interval, from: time[first], to: time[last] + 1, backward: false, includeSuspect: true };
    const stored = store.read({ ...query, limit: 2 * limit + 100 });
    const isFree = (at: number): boolean => stored.time[firstAtOrAfter(stored, time[at])] !== time[at];
    if (!candles.time.subarray(first, last + 1).some((_, i) => isFree(first + i))) continue;
    await passBars(ROWS_AT_ONCE);
    const page = readPage(series, visibility, { ...query, limit: 2 * limit + 100 }, Date.now() / 1000).candles;
    for (let at = first; at <= last; at++) {
      const i = firstAtOrAfter(page, time[at]);
      if (page.time[i] !== time[at] || !isFree(at)) continue;
      const isSame = NUMBER_FIELDS.every((field) => Object.is(candles[field][at], page[field][i]));
      if (isSame && isAlike(origins.get(page.origin[i]), origin)) isMade[at] = 1;
    }
  }
  const count = isMade.reduce((sum, each) => sum + each, 0);
  if (count === 0) return { rest: candles, count };
  const others = Array.from(isMade.keys()).filter((i) => isMade[i] === 0);
  return { rest: pickCandles(others.map((i) => [candles, i] as const)), count };
}
