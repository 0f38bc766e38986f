import type { SeriesFacts } from "../../../contracts/candle.ts";
import type { ProviderName } from "../../../contracts/provider.ts";
import type { Instrument } from "../../../contracts/symbol.ts";
import { bucketsForward, lastPossibleStamp } from "../../../core/buckets.ts";
import { type CandleColumns, copyCandles, emptyCandles } from "../../../core/candles.ts";
import { type Market, marketOf } from "../../../core/market-calendar/markets.ts";
import type { Span } from "../../../core/spans.ts";
import { type BackfillOutcome, neededSpan } from "./backfill.ts";
import type { CandleStore, RowQuery, Series } from "./candle-store.ts";
import type { FetchedRanges } from "./fetched-ranges.ts";
import { knownStretch, readPage, type SeriesPage, seriesFor } from "./series-pages.ts";

/** A page of candles as a room answers it. */
export interface CandlesPage {
  kind: "page";
  candles: CandleColumns;
  /** Whether there may be more in the page's direction. */
  more: boolean;
  /** The stamp that the page goes up to, or back to, where that is beyond its last candle. */
  boundary: number | null;
  facts: SeriesFacts;
  /** The stretch of stamps that is known at this interval, `[from, to)`; null where nothing is. */
  known: Span | null;
  /** Stamps of candles that were held back as suspect. */
  suspects: number[];
  tier: "room" | "provider";
  /** Whether all that could be fetched was: else a candle may be missing, or be as it was before it closed. */
  isComplete: boolean;
}

function factsOf(series: Series | null, otherwise: ProviderName | null): SeriesFacts {
  return {
    provider: series?.provider ?? otherwise,
    simulated: false,
    adjustment: series?.adjustment ?? "unknown",
    construction: series?.construction ?? "provider",
  };
}

/** A page of imported candles. They are marked where they are doubted, and never held back. */
export function importedPage(store: CandleStore, instrument: Instrument, query: RowQuery): CandlesPage {
  const market = marketOf(instrument.primary_exchange);
  const series = seriesFor(store.series(), query.interval);
  const page = series
    ? readPage(store, series, market, { ...query, includeSuspect: true })
    : { candles: emptyCandles(0), more: false };
  return {
    kind: "page",
    candles: copyCandles(page.candles),
    more: page.more,
    boundary: null,
    facts: factsOf(series, "import"),
    known: series && knownStretch(series, market, query.interval),
    suspects: [],
    isComplete: true,
    tier: "room",
  };
}

/**
 * A page of candles that providers gave. One that was filled holds what there is in the buckets that it speaks of, so that
 * candles which were fetched for another page never stand beside a stretch that no one fetched.
 * @returns null where nothing is known of what is asked, though a source may know it
 */
export function providedPage(
  store: CandleStore,
  ingested: FetchedRanges,
  instrument: Instrument,
  query: RowQuery,
  filled: BackfillOutcome["outcome"],
  now: number,
): CandlesPage | null {
  const market = marketOf(instrument.primary_exchange);
  const series = seriesFor(store.series(), query.interval);
  const needed = filled === "complete" ? neededSpan(market, query, query.interval, now) : null;
  const window = needed ? within(query, needed) : query;
  const page = series ? readPage(store, series, market, window) : { candles: emptyCandles(0), more: false };
  if (filled === "failed" && page.candles.length === 0) return null;
  const suspects = series ? heldBack(store, series, page, window) : [];
  const end = Math.min(query.to, lastPossibleStamp(market, query.interval, now));
  const isEmpty = page.candles.length + suspects.length === 0 && (!series || series.first >= window.from);
  const reach =
    needed && !page.more ? beyond(market, query, needed, isEmpty, end) : { more: page.more, boundary: null };
  return {
    kind: "page",
    candles: copyCandles(page.candles),
    ...reach,
    facts: factsOf(series, null),
    known: needed ?? (series && knownSpan(series, ingested, market, query)),
    suspects,
    isComplete: filled !== "failed",
    tier: "room",
  };
}

function within(query: RowQuery, { from, to }: Span): RowQuery {
  return { ...query, from: Math.max(query.from, from), to: Math.min(query.to, to) };
}

/** Stamps of the doubted candles that a page leaves out. */
function heldBack(store: CandleStore, series: Series, { candles, more }: SeriesPage, window: RowQuery): number[] {
  if (window.includeSuspect || series.interval !== window.interval) return [];
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
function knownSpan(series: Series, ingested: FetchedRanges, market: Market, query: RowQuery): Span {
  const stretch = knownStretch(series, market, query.interval);
  const spans = ingested.of(series.interval);
  return { from: Math.min(stretch.from, spans[0]?.from ?? stretch.from), to: stretch.to };
}
