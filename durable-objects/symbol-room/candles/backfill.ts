import type { ProviderName } from "../../../contracts/provider.ts";
import type { Instrument } from "../../../contracts/symbol.ts";
import { type Bucket, bucketAt, bucketsBefore, bucketsForward, lastPossibleStamp } from "../../../core/buckets.ts";
import type { CandleColumns } from "../../../core/candles.ts";
import type { Finding } from "../../../core/data-quality/finding.ts";
import { type Interval, isDated, isMultipleOf, nextStamp } from "../../../core/interval.ts";
import type { Market } from "../../../core/market-calendar/markets.ts";
import { covers, gapsIn, type Span } from "../../../core/spans.ts";
import { HOUR, isWithin } from "../../../core/time.ts";
import { freshnessPolicyOf } from "../../../providers/freshness-policy.ts";
import { isFailure, type ProviderCandles } from "../../../providers/provider.ts";
import { listingOf, type Priority, type Upstreams } from "../upstreams.ts";
import type { CandleStore, RowQuery } from "./candle-store.ts";
import { storeChecked } from "./checked-writes.ts";
import type { FetchedRanges } from "./fetched-ranges.ts";

/**
 * A provider may publish the candle of a day this long (seconds) after its close. Until then a day that is not in its answer
 * is one to ask for again.
 */
const DAY_PUBLISHED_AFTER = 12 * HOUR;

/** Seconds after which to ask again where no source said when. */
const RETRY_AFTER = 60;
/** Seconds after which to ask again where the next question goes on. */
const RETRY_NOW = 1;

/** Stretches that one question fills at most; the next question goes on. */
const MAX_GAPS = 4;

/**
 * What came of filling a page: all that it lacked was fetched, or a source failed that may answer later, or no source has
 * what is lacking.
 */
export type BackfillOutcome = { outcome: "complete" | "unsupported" } | { outcome: "failed"; retryAfter: number };

const COMPLETE: BackfillOutcome = { outcome: "complete" };
const UNSUPPORTED: BackfillOutcome = { outcome: "unsupported" };
const failed = (retryAfter: number | null): BackfillOutcome => ({
  outcome: "failed",
  retryAfter: retryAfter ?? RETRY_AFTER,
});

/** What a backfill works with. */
export interface Backfill {
  instrument: Instrument;
  market: Market;
  store: CandleStore;
  fetched: FetchedRanges;
  upstreams: Upstreams;
  /** Intervals that a provider serves for the instrument; null where the provider is not in use. */
  intervalsOf: (provider: ProviderName) => readonly Interval[] | null;
  /** Whether a provider is still one of the symbol's sources: an import may have come while it was asked. */
  isSource: (provider: ProviderName) => boolean;
  /** When the candles of an interval that are not final yet were fetched last (unix seconds), which, and what was final then. */
  unsettled: Map<Interval, Span & { at: number; settled: number }>;
  priority: Priority;
  /** Unix seconds. */
  now: number;
  /** Called with what the checks flag. */
  report: (provider: ProviderName, interval: Interval, findings: readonly Finding[]) => void;
}

/** What a provider is asked for to answer an interval: the interval itself, or the coarsest that it is made of. */
function askedInterval(native: readonly Interval[], interval: Interval): Interval | null {
  if (native.includes(interval)) return interval;
  return native.findLast((fine) => isMultipleOf(fine, interval)) ?? null;
}

function firstBuckets(market: Market, query: RowQuery, end: number): Bucket[] {
  const found: Bucket[] = [];
  for (const bucket of bucketsForward(market, query.interval, query.from)) {
    if (bucket.time >= end || found.length > query.limit) break;
    found.push(bucket);
  }
  return found;
}

/** The stretch of stamps of the interval `fine` that a page needs; null where the page can hold nothing. */
export function neededSpan(market: Market, query: RowQuery, fine: Interval, now: number): Span | null {
  const end = Math.min(query.to, lastPossibleStamp(market, query.interval, now));
  const buckets = query.backward
    ? bucketsBefore(market, query.interval, end, query.limit, query.from)
    : firstBuckets(market, query, end);
  const first = buckets.at(0);
  const last = buckets.at(-1);
  if (!first || !last) return null;
  if (isDated(fine) && isDated(query.interval)) return { from: first.time, to: nextStamp(query.interval, last.time) };
  return { from: first.anchor, to: last.closes };
}

/** The stamp before which every candle has closed by `now` and changes no more. */
export function settledBefore(market: Market, interval: Interval, now: number): number {
  const second = Math.floor(now);
  const forming = bucketAt(market, interval, now);
  if (forming) return forming.time;
  const last = bucketsBefore(market, interval, second + 1, 1, 0).at(0);
  if (!last) return second;
  // A week whose market sleeps for the night is still forming.
  if (last.closes > now) return last.time;
  return isDated(interval) ? Math.max(second, nextStamp(interval, last.time)) : second;
}

/**
 * Fetches what a page of candles lacks from the symbol's sources, in order, and stores it with its anomalies. A series keeps
 * the provider that it began with.
 */
export async function fillPage(
  backfill: Backfill,
  sources: readonly ProviderName[],
  query: RowQuery,
): Promise<BackfillOutcome> {
  const inUse = sources.flatMap((provider) => {
    const native = backfill.intervalsOf(provider);
    return native === null ? [] : [{ provider, interval: askedInterval(native, query.interval) }];
  });
  // Where none of them has a name for the symbol, there is no provider to ask.
  const canAsk = inUse.some(({ provider }) => listingOf(backfill.instrument, provider) !== null);
  let last = canAsk ? UNSUPPORTED : failed(null);
  for (const { provider, interval } of inUse) {
    if (interval === null) continue;
    const series = backfill.store.series().find((each) => each.interval === interval);
    if (series && series.provider !== provider) continue;
    const filled = await fillFrom(backfill, provider, interval, query);
    if (filled.outcome === "complete") return filled;
    if (filled.outcome === "failed") last = sooner(last, filled);
  }
  return last;
}

/** Of two failures the one after which to ask again first. */
function sooner(a: BackfillOutcome, b: BackfillOutcome): BackfillOutcome {
  return a.outcome === "failed" && b.outcome === "failed" && a.retryAfter <= b.retryAfter ? a : b;
}

async function fillFrom(
  backfill: Backfill,
  provider: ProviderName,
  interval: Interval,
  query: RowQuery,
): Promise<BackfillOutcome> {
  const { market, fetched, now, instrument, unsettled } = backfill;
  const needed = neededSpan(market, query, interval, now);
  const listing = listingOf(instrument, provider);
  if (!needed) return COMPLETE;
  if (!listing) return UNSUPPORTED;
  const { delay, refreshAfter } = freshnessPolicyOf(provider);
  const settled = settledBefore(market, interval, now - delay);
  const forming = unsettled.get(interval);
  const isRecent = forming?.settled === settled && isWithin(refreshAfter, forming.at, now);
  const recent = isRecent ? [forming] : [];
  const gaps = gapsIn(fetched.of(interval), needed).filter((gap) => gapsIn(recent, gap).length > 0);
  const filled = query.backward ? gaps.slice(-MAX_GAPS) : gaps.slice(0, MAX_GAPS);
  for (const gap of filled) {
    const request = { listing, interval, from: gap.from, to: gap.to };
    const answer = await backfill.upstreams(provider).candles(request, backfill.priority);
    if (isFailure(answer)) return answer.reason === "unsupported" ? UNSUPPORTED : failed(answer.retryAfter);
    if (!belongs(backfill, provider, interval, answer)) return failed(null);
    const known = fetched.of(interval);
    const findings = storeChecked(backfill.store, answer.candles, {
      series: { interval, provider, adjustment: answer.adjustment, construction: answer.construction },
      market,
      now,
      negativePrices: instrument.type === "commodity",
      isFinal: (time) => covers(known, time),
    });
    backfill.report(provider, interval, findings.findings);
    const final = Math.min(settled, publishedBefore(market, interval, answer.candles, now));
    fetched.add(interval, { from: gap.from, to: Math.min(gap.to, final) });
    if (gap.to > final) unsettled.set(interval, { from: Math.max(gap.from, final), to: gap.to, at: now, settled });
  }
  return gaps.length <= MAX_GAPS ? COMPLETE : failed(RETRY_NOW);
}

/** The stamp before which an answer holds every candle that there will ever be. */
function publishedBefore(market: Market, interval: Interval, { time }: CandleColumns, now: number): number {
  if (!isDated(interval)) return Number.POSITIVE_INFINITY;
  const sure = settledBefore(market, interval, now - DAY_PUBLISHED_AFTER);
  return time.length > 0 ? Math.max(sure, nextStamp(interval, time[time.length - 1])) : sure;
}

/** Whether an answer may still join its series: while it was fetched, another source may have begun it, or an import. */
function belongs(backfill: Backfill, provider: ProviderName, interval: Interval, answer: ProviderCandles): boolean {
  if (!backfill.isSource(provider)) return false;
  const series = backfill.store.series().find((each) => each.interval === interval);
  if (!series) return true;
  const { adjustment, construction } = answer;
  return series.provider === provider && series.adjustment === adjustment && series.construction === construction;
}
