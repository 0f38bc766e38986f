import { bucketsBackward, bucketsForward } from "../../../../core/buckets.ts";
import { type Coarsened, coarsen } from "../../../../core/candle-series/coarsen.ts";
import {
  type CandleColumns,
  emptyCandles,
  firstAtOrAfter,
  joinCandles,
  pickCandles,
  sliceCandles,
} from "../../../../core/candles.ts";
import { INTRADAY_SECONDS, type Interval, isDated, nextStamp } from "../../../../core/interval.ts";
import type { Market } from "../../../../core/market-calendar/markets.ts";
import type { Span } from "../../../../core/spans.ts";
import { DAY } from "../../../../core/time.ts";
import type { Series } from "../series.ts";
import type { Hidden, RowQuery } from "../storage/candle-store.ts";
import { finerIntervals, knownStretch, stampAt } from "./known-stretch.ts";
import { unmadeBuckets } from "./unmade-buckets.ts";
import type { Visibility } from "./visibility.ts";

/** Rows read for one page at most, so that minutes resampled to months cost bounded memory: the page is shorter instead. */
const MAX_ROWS = 200_000;
/** Further back or ahead than any stamp. */
const FAR = 8.64e12;

/** A page of a series: stored at its own interval, or made of finer candles. */
export interface SeriesPage {
  candles: CandleColumns;
  /** Whether more candles follow in the page's direction. */
  more: boolean;
  /** Stamps of candles of which only a part is known, ascending; they are left out. */
  partial: number[];
}

/** Candles from one interval's rows, valid between two stamps: beyond them rows were not read. */
interface Layer extends Coarsened, Span {
  more: boolean;
}

/** The most candles of `fine` that one candle of `coarse` is made of. */
export function ratio(fine: Interval, coarse: Interval): number {
  const days = coarse === "1M" ? 31 : coarse === "1w" ? 7 : 1;
  const fineSeconds = INTRADAY_SECONDS[fine];
  if (fineSeconds === null) return days;
  return Math.ceil((INTRADAY_SECONDS[coarse] ?? days * DAY) / fineSeconds);
}

/** Reads a page at `query.interval`: for each bucket the candle of the best source that has it. */
export function readPage(series: Series, visibility: Visibility, query: RowQuery, now: number): SeriesPage {
  const layers = [
    ownLayer(series, visibility, query),
    ...finerIntervals(series, query.interval).map((fine) => finerLayer(series, visibility, fine, query, now)),
  ];
  const from = Math.max(...layers.map((layer) => layer.from));
  const to = Math.min(...layers.map((layer) => layer.to));
  const merged = layers
    .map(({ candles }) => sliceCandles(candles, firstAtOrAfter(candles, from), firstAtOrAfter(candles, to)))
    .reduce((one, other) => merge(series, one, other));
  const more = layers.some((layer) => layer.more) || merged.length > query.limit;
  const { candles } = cut(merged, query);
  const isMissing = (time: number): boolean =>
    time >= from && time < to && merged.time[firstAtOrAfter(merged, time)] !== time;
  const left = layers.flatMap((layer) => layer.partial).filter(isMissing);
  const unmade = unmadeBuckets(series, query.interval, candles, pageSpan(candles, query, more));
  return { candles, more, partial: [...new Set([...left, ...unmade])].sort((a, b) => a - b) };
}

/** The stamps that a page speaks of. */
function pageSpan({ time, length }: CandleColumns, { from, to, backward }: RowQuery, more: boolean): Span {
  if (!more || length === 0) return { from, to };
  return backward ? { from: time[0], to } : { from, to: time[length - 1] + 1 };
}

/** Drops what is beyond the limit, at the far end. */
function cut(candles: CandleColumns, { limit, backward }: RowQuery): { candles: CandleColumns } {
  if (candles.length <= limit) return { candles };
  return { candles: backward ? sliceCandles(candles, candles.length - limit) : sliceCandles(candles, 0, limit) };
}

function ownLayer(series: Series, visibility: Visibility, query: RowQuery): Layer {
  const { hidden } = visibility.of(series, query.interval);
  const candles = series.store.read({ ...query, limit: query.limit + 1 }, hidden);
  return layerOf({ candles, partial: [] }, candles.length > query.limit, query);
}

/** A layer that is valid up to its last candle where rows beyond it were not read. */
function layerOf({ candles, partial }: Coarsened, isCut: boolean, { backward }: RowQuery): Layer {
  if (!isCut) return { candles, partial, from: -FAR, to: FAR, more: false };
  const [first, last] = [candles.time[0] ?? FAR, candles.time[candles.length - 1] ?? -FAR];
  return { candles, partial, from: backward ? first : -FAR, to: backward ? FAR : last + 1, more: true };
}

function finerLayer(series: Series, visibility: Visibility, fine: Interval, query: RowQuery, now: number): Layer {
  const { market, store, origins } = series;
  const { interval, backward } = query;
  const known = knownStretch(series, interval);
  const window = { from: Math.max(query.from, known?.from ?? FAR), to: Math.min(query.to, known?.to ?? -FAR) };
  const span = spanOf(market, fine, interval, window.from, window.to);
  if (!span) return layerOf({ candles: emptyCandles(0), partial: [] }, false, query);
  const limit = Math.min((query.limit + 1) * ratio(fine, interval), MAX_ROWS);
  const { hidden } = visibility.of(series, fine);
  const { includeSuspect } = query;
  const rows = store.read({ ...span, interval: fine, limit, backward, includeSuspect }, hidden);
  const isCut = rows.length === limit;
  // What a session has before and after says how far a file's rows reach.
  const beside = (from: number, to: number, isBefore: boolean) =>
    store.read({ interval: fine, from, to, limit: 1, backward: isBefore, includeSuspect: true }, hidden);
  const all = isDated(fine)
    ? rows
    : joinCandles(beside(span.from - DAY, span.from, true), rows, beside(span.to, span.to + DAY, false));
  const partOf = (id: number) => {
    const { part, provider } = origins.get(id);
    return { part, answered: provider === "import" ? null : answered(series, id, fine) };
  };
  const { partial, ...made } = coarsen(all, { market, from: fine, to: interval, now, partOf, window });
  // Beside candles that are stored at the interval they may have to be left out.
  const coarse = { partial, candles: shown(series, made.candles, visibility.of(series, interval).hidden) };
  if (!isCut || coarse.candles.length + coarse.partial.length === 0) return layerOf(coarse, isCut, query);
  // The bucket at the far end may lack the rows that the limit cut off.
  const end = backward ? rows.time[0] : rows.time[rows.length - 1];
  const far = stampAt(market, fine, interval, end);
  const candles = backward
    ? sliceCandles(coarse.candles, firstAtOrAfter(coarse.candles, far + 1))
    : sliceCandles(coarse.candles, 0, firstAtOrAfter(coarse.candles, far));
  const near = partial.filter((time) => (backward ? time > far : time < far));
  return { candles, partial: near, from: backward ? far + 1 : -FAR, to: backward ? FAR : far, more: true };
}

/** Candles but for those that are hidden. */
function shown({ origins }: Series, candles: CandleColumns, hidden: readonly Hidden[]): CandleColumns {
  const isHidden = (i: number): boolean =>
    hidden.some(
      ({ part, from, to }) =>
        candles.time[i] >= from && candles.time[i] < to && origins.get(candles.origin[i]).part === part,
    );
  const picked = Array.from(candles.time.keys())
    .filter((i) => !isHidden(i))
    .map((i) => [candles, i] as const);
  return picked.length === candles.length ? candles : pickCandles(picked);
}

/** The stretches of an interval that the provider of an origin has answered, the newest included. */
function answered({ origins, fetched, recent }: Series, id: number, interval: Interval): Span[] {
  const { provider } = origins.get(id);
  const latest = recent(provider, interval);
  const spans = fetched.answered(provider, interval);
  return latest ? [...spans, latest].sort((a, b) => a.from - b.from) : spans;
}

/** For each bucket the better of two candles; at a tie the first. */
function merge({ origins, isBetter }: Series, one: CandleColumns, other: CandleColumns): CandleColumns {
  if (other.length === 0) return one;
  if (one.length === 0) return other;
  const picked: [CandleColumns, number][] = [];
  let [i, j] = [0, 0];
  while (i < one.length || j < other.length) {
    const [a, b] = [one.time[i] ?? FAR, other.time[j] ?? FAR];
    const isOther = a === b ? isBetter(origins.get(other.origin[j]), origins.get(one.origin[i])) : b < a;
    picked.push(isOther ? [other, j] : [one, i]);
    if (a <= b) i++;
    if (b <= a) j++;
  }
  return pickCandles(picked);
}

/** The stamps of the finer candles that make up the coarser ones stamped within `[from, to)`. */
function spanOf(market: Market, fine: Interval, coarse: Interval, from: number, to: number): Span | null {
  const first = bucketsForward(market, coarse, from).next().value;
  const last = bucketsBackward(market, coarse, to).next().value;
  if (!first || !last || last.time < first.time) return null;
  if (isDated(fine) && isDated(coarse)) return { from: first.time, to: nextStamp(coarse, last.time) };
  return { from: first.anchor, to: last.closes };
}
