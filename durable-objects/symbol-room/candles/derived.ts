import { type Bucket, bucketAt, bucketStamped } from "../../../core/buckets.ts";
import { coarsen } from "../../../core/candle-series/coarsen.ts";
import { agreeInCommon } from "../../../core/candle-series/splice.ts";
import { type CandleColumns, firstAtOrAfter, joinCandles, pickCandles, sliceCandles } from "../../../core/candles.ts";
import { type Interval, isMultipleOf } from "../../../core/interval.ts";
import type { Span } from "../../../core/spans.ts";
import { DAY } from "../../../core/time.ts";
import { passBars } from "../../isolate/long-work.ts";
import type { Series } from "./series.ts";
import type { CommonCloses } from "./storage/candle-store.ts";
import { storeChecked } from "./storage/checked-writes.ts";
import type { IsBetter, KeptOrigin } from "./storage/origins.ts";

/** The intervals whose candles are made of finer imported ones when an import ends, and stored. */
const DERIVED: readonly Interval[] = ["1h", "1d"];

/** Rows that are read at a time; then quotes pass. */
const ROWS_AT_ONCE = 5_000;

/** Makes the coarser candles of an import that has ended, where its candles cover them; returns whether any is new. */
export async function deriveCandles(series: Series, origin: KeptOrigin): Promise<boolean> {
  const own = series.origins
    .stretches()
    .find((each) => each.origin.id === origin.id && each.interval === origin.interval);
  return own !== undefined && deriveWithin(series, own.interval, { from: own.first, to: own.last + 1 });
}

/** Makes the stored coarser candles of imports of `fine` within a stretch. */
export async function deriveWithin(series: Series, fine: Interval, span: Span, isRenewal = false): Promise<boolean> {
  let isNew = false;
  for (const coarse of DERIVED) {
    if (isMultipleOf(fine, coarse) && (await deriveInterval(series, fine, coarse, span, isRenewal))) isNew = true;
  }
  return isNew;
}

/** @param isRenewal whether candles that the finer ones do not make any more are taken away */
async function deriveInterval(
  series: Series,
  fine: Interval,
  coarse: Interval,
  span: Span,
  isRenewal: boolean,
): Promise<boolean> {
  const { market, store, origins, isBetter } = series;
  const now = Date.now() / 1000;
  const partOf = (id: number) => ({ part: origins.get(id).part, answered: null });
  // What is made now of the candles of a part is right, whichever of its imports they have.
  const isBetterPart: IsBetter = (one, other) => one.part !== other.part && isBetter(one, other);
  let isNew = false;
  for (let from: number | null = opening(series, fine, coarse, span.from); from !== null && from < span.to; ) {
    await passBars(ROWS_AT_ONCE);
    const query = { interval: fine, from, to: span.to, limit: ROWS_AT_ONCE, backward: false, includeSuspect: true };
    const read = store.read(query);
    if (read.length === 0) break;
    // The last bucket may go on beyond what was read, and its session before and after.
    const last = read.time[read.length - 1];
    const end: number = closing(series, fine, coarse, last);
    const rest = store.read({ ...query, from: last + 1, to: end });
    const beside = (since: number, to: number, backward: boolean) =>
      store.read({ ...query, from: since, to, limit: 1, backward });
    const all = joinCandles(beside(from - DAY, from, true), read, rest, beside(end, end + DAY, false));
    const imported = importsOf(series, all);
    const window = { from: stampOf(series, fine, coarse, from), to: stampOf(series, fine, coarse, last) + 1 };
    const { candles } = coarsen(imported, { market, from: fine, to: coarse, now, partOf, window });
    for (const [id, run] of byOrigin(candles)) {
      const batch = { interval: coarse, origin: origins.get(id), candles: run, fetchedAt: Math.floor(now) };
      const rules = { market, now, negativePrices: true, isBetter: isBetterPart, isFinal: () => true };
      const { stored, replaced, common } = storeChecked(store, { batch, ...rules });
      saveSeams(series, coarse, batch.origin, common);
      if (stored + replaced > 0) isNew = true;
    }
    if (isRenewal && imported.length === all.length) liftUnmade(series, fine, coarse, window, candles);
    from = read.length < ROWS_AT_ONCE ? null : end;
  }
  return isNew;
}

/** Keeps whether derived candles have the prices of providers. Whether imports fit was seen at the interval of their files. */
function saveSeams({ market, origins }: Series, interval: Interval, { part }: KeptOrigin, common: CommonCloses): void {
  const imports = new Set(
    origins
      .all()
      .filter(({ provider }) => provider === "import")
      .map((each) => each.part),
  );
  for (const [other, closes] of common) {
    const agrees = imports.has(other) ? null : agreeInCommon(market.id, closes);
    if (agrees !== null) origins.saveSeam(interval, part, other, agrees);
  }
}

/** Takes derived candles away that were made of finer ones which are not there any more. */
function liftUnmade(series: Series, fine: Interval, coarse: Interval, window: Span, made: CandleColumns): void {
  const { store, turns, origins, isBetter } = series;
  const query = { interval: coarse, ...window, limit: ROWS_AT_ONCE, backward: false, includeSuspect: true };
  const { time, origin } = store.read(query);
  const isUnmade = (at: number, i: number): boolean => {
    const { provider, interval } = origins.get(origin[i]);
    return provider === "import" && interval === fine && made.time[firstAtOrAfter(made, at)] !== at;
  };
  turns.lift(coarse, Array.from(time).filter(isUnmade), isBetter);
}

/** Where the finer candles of the coarse bucket that holds one begin. */
function opening(series: Series, fine: Interval, coarse: Interval, time: number): number {
  return coarseBucket(series, fine, coarse, time)?.anchor ?? time;
}

/** Where they end. */
function closing(series: Series, fine: Interval, coarse: Interval, time: number): number {
  return Math.max(time + 1, coarseBucket(series, fine, coarse, time)?.closes ?? time + 1);
}

/** The stamp of the coarse bucket that holds a finer candle; the candle's own where it lies outside of sessions. */
function stampOf(series: Series, fine: Interval, coarse: Interval, time: number): number {
  return coarseBucket(series, fine, coarse, time)?.time ?? time;
}

function coarseBucket({ market }: Series, fine: Interval, coarse: Interval, time: number): Bucket | null {
  return bucketAt(market, coarse, bucketStamped(market, fine, time)?.opens ?? time);
}

/** The imported ones of candles. */
function importsOf({ origins }: Series, candles: CandleColumns): CandleColumns {
  const picked = Array.from(candles.origin.keys())
    .filter((i) => origins.get(candles.origin[i]).provider === "import")
    .map((i) => [candles, i] as const);
  return picked.length === candles.length ? candles : pickCandles(picked);
}

/** Runs of candles of one origin. */
function byOrigin(candles: CandleColumns): [number, CandleColumns][] {
  const runs: [number, CandleColumns][] = [];
  for (let start = 0; start < candles.length; ) {
    let end = start + 1;
    while (end < candles.length && candles.origin[end] === candles.origin[start]) end++;
    runs.push([candles.origin[start], sliceCandles(candles, start, end)]);
    start = end;
  }
  return runs;
}
