import { type CandleColumns, firstAtOrAfter, NUMBER_FIELDS, pickCandles } from "../../../../core/candles.ts";
import type { Interval } from "../../../../core/interval.ts";
import type { Series } from "../series.ts";
import { isAlike } from "../storage/bucket-rows.ts";
import type { KeptOrigin } from "../storage/origins.ts";
import { finerIntervals } from "./known-stretch.ts";
import { readPage } from "./series-pages.ts";
import type { Visibility } from "./visibility.ts";

/** Imported candles that are shown already, made of finer ones, and the others. */
export interface MadeAlready {
  rest: CandleColumns;
  count: number;
}

/** Pages that are read for one batch at most: a few thousand months of minutes need more. */
const MAX_PAGES = 20;

/**
 * Finds the candles of a batch that finer stored ones make already, to the last digit: to store them would make another source of what is
 * known.
 * @param candles ascending
 * @param origin the one that they have, or would have
 */
export function madeAlready(
  series: Series,
  visibility: Visibility,
  interval: Interval,
  candles: CandleColumns,
  origin: KeptOrigin,
): MadeAlready {
  const { origins, store } = series;
  const { time, length } = candles;
  if (length === 0 || finerIntervals(series, interval).length === 0) return { rest: candles, count: 0 };
  const isMade = new Uint8Array(length);
  const to = time[length - 1] + 1;
  let from = time[0];
  for (let pages = 0; pages < MAX_PAGES && from < to; pages++) {
    const query = { interval, from, to, limit: length, backward: false, includeSuspect: true };
    const page = readPage(series, visibility, query, Date.now() / 1000);
    const stored = store.read({ ...query, limit: 2 * length });
    for (let i = 0; i < page.candles.length; i++) {
      const at = firstAtOrAfter(candles, page.candles.time[i]);
      if (time[at] !== page.candles.time[i] || stored.time[firstAtOrAfter(stored, time[at])] === time[at]) continue;
      const isSame = NUMBER_FIELDS.every((field) => Object.is(candles[field][at], page.candles[field][i]));
      if (isSame && isAlike(origins.get(page.candles.origin[i]), origin)) isMade[at] = 1;
    }
    if (!page.more || page.candles.length === 0) break;
    from = page.candles.time[page.candles.length - 1] + 1;
  }
  const count = isMade.reduce((sum, each) => sum + each, 0);
  if (count === 0) return { rest: candles, count };
  const others = Array.from(isMade.keys()).filter((i) => isMade[i] === 0);
  return { rest: pickCandles(others.map((i) => [candles, i] as const)), count };
}
