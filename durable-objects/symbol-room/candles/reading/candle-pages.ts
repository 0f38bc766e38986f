import { factsOf, type Origin, type SeriesFacts } from "../../../../contracts/candle.ts";
import { bucketsForward, lastPossibleStamp } from "../../../../core/buckets.ts";
import { type CandleColumns, copyCandles } from "../../../../core/candles.ts";
import type { Interval } from "../../../../core/interval.ts";
import type { Market } from "../../../../core/market-calendar/markets.ts";
import type { Span } from "../../../../core/spans.ts";
import type { BackfillOutcome, Series } from "../series.ts";
import type { RowQuery } from "../storage/candle-store.ts";
import { finerFiles, finerIntervals, knownStretch } from "./known-stretch.ts";
import { neededSpan } from "./needed-span.ts";
import { readPage, type SeriesPage } from "./series-pages.ts";
import type { Visibility } from "./visibility.ts";

/** A page of candles as a room answers it. */
export interface CandlesPage {
  kind: "page";
  candles: CandleColumns;
  /** The origins that its candles name. */
  origins: Origin[];
  /** Whether there may be more in the page's direction. */
  more: boolean;
  /** The stamp that the page goes up to, or back to, where that is beyond its last candle. */
  boundary: number | null;
  facts: SeriesFacts;
  /** The stretch of stamps that is known at this interval, `[from, to)`; null where nothing is. */
  known: Span | null;
  /** Stamps of candles that were held back as suspect, ascending. */
  suspects: number[];
  /** Stamps of candles of which only a part is known, ascending. */
  partial: number[];
  /** Stretches in which candles are left out, because they do not fit those of a better source. */
  unfit: Span[];
  tier: "room" | "provider";
  /** Whether all that could be fetched was: else a candle may be missing, or be as it was before it closed. */
  isComplete: boolean;
}

/** The origins that candles name, of those that a room knows. */
export function originsOf({ origin }: Pick<CandleColumns, "origin">, get: (id: number) => Origin): Origin[] {
  return [...new Set(origin)].map((id) => {
    const { provider, importId, adjustment, adjustedAsOf, construction, volumeUnit } = get(id);
    return { id, provider, importId, adjustment, adjustedAsOf, construction, volumeUnit };
  });
}

/**
 * A page of stored candles. One that was filled from sources holds what there is in the buckets that it speaks of, so that candles
 * which were fetched for another page never stand beside a stretch that no one fetched.
 * @param filled what came of filling it; null where there are no sources to ask
 * @returns null where nothing is known of what is asked, though a source may know it
 */
export function storedPage(
  series: Series,
  visibility: Visibility,
  query: RowQuery,
  filled: BackfillOutcome["outcome"] | null,
  now: number,
): CandlesPage | null {
  const { market, origins } = series;
  const { interval } = query;
  const needed = filled === "complete" ? neededSpan(market, query, interval, now) : null;
  const window = needed ? within(query, needed) : query;
  const page = readPage(series, visibility, window, now);
  if (filled === "failed" && page.candles.length === 0) return null;
  const known = knownStretch(series, interval);
  const suspects = heldBack(series, page, window);
  const end = Math.min(query.to, lastPossibleStamp(market, interval, now));
  const isEmpty =
    page.candles.length + suspects.length + page.partial.length === 0 && (!known || known.from >= window.from);
  const reach =
    needed && !page.more ? beyond(market, query, needed, isEmpty, end) : { more: page.more, boundary: null };
  const candles = withCommonVolumes(series, interval, copyCandles(page.candles));
  const found = originsOf(candles, (id) => origins.get(id));
  return {
    kind: "page",
    candles,
    origins: found,
    ...reach,
    facts: found.length > 0 ? factsOf(found) : factsOfNone(series, interval),
    known: needed ?? (known && knownSpan(series, known, interval)),
    suspects,
    partial: page.partial,
    unfit: visibility.of(series, interval).stretches,
    isComplete: filled !== "failed",
    tier: "room",
  };
}

/** The facts of a page without candles: those of the best that there are at its interval, wherever they are. */
function factsOfNone(series: Series, interval: Interval): SeriesFacts {
  const { origins, isBetter, sources } = series;
  const intervals = [interval, ...finerIntervals(series, interval)];
  const makers = intervals.flatMap((each) => origins.stretches(each));
  const known = makers.length > 0 ? makers : finerFiles(series, interval);
  const [first, ...others] = known.map(({ origin }) => origin);
  if (first) return factsOf([others.reduce((best, each) => (isBetter(each, best) ? each : best), first)]);
  return { ...factsOf([]), provider: sources.length === 1 && sources[0] === "import" ? "import" : null };
}

/** Where the parts of a series count volumes in several units, those that are not in the symbol's are unknown. */
function withCommonVolumes(series: Series, interval: Interval, candles: CandleColumns): CandleColumns {
  const { origins } = series;
  const intervals = [interval, ...finerIntervals(series, interval)];
  const units = origins.stretches().filter((each) => intervals.includes(each.interval));
  if (new Set(units.map(({ origin }) => origin.volumeUnit)).size < 2) return candles;
  for (let i = 0; i < candles.length; i++) {
    if (origins.get(candles.origin[i]).volumeUnit !== null) candles.volume[i] = Number.NaN;
  }
  return candles;
}

function within(query: RowQuery, { from, to }: Span): RowQuery {
  return { ...query, from: Math.max(query.from, from), to: Math.min(query.to, to) };
}

/** Stamps of the doubted candles that a page leaves out. */
function heldBack({ store }: Series, { candles, more }: SeriesPage, window: RowQuery): number[] {
  if (window.includeSuspect) return [];
  const isCut = more && candles.length > 0;
  const from = isCut && window.backward ? candles.time[0] : window.from;
  const to = isCut && !window.backward ? candles.time[candles.length - 1] + 1 : window.to;
  return store.suspects(window.interval, from, to);
}

/** What follows a page that may have fewer candles than buckets. Back in time, a page without any is the end of the history. */
function beyond(
  market: Market,
  query: RowQuery,
  needed: Span,
  isEmpty: boolean,
  end: number,
): Pick<CandlesPage, "more" | "boundary"> {
  if (query.backward) return { more: !isEmpty && needed.from > query.from, boundary: needed.from };
  const next = bucketsForward(market, query.interval, needed.to).next().value;
  return { more: next !== undefined && next.time < end, boundary: needed.to };
}

/** What was fetched, and the candles that are there: as much as is sure. */
function knownSpan({ fetched }: Series, stretch: Span, interval: Interval): Span {
  const [first] = fetched.answeredByAny(interval);
  return { from: Math.min(stretch.from, first?.from ?? stretch.from), to: stretch.to };
}
