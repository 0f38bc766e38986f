import type { ProviderName } from "../../../../contracts/provider.ts";
import { bucketsForward, countBuckets } from "../../../../core/buckets.ts";
import type { CandleColumns } from "../../../../core/candles.ts";
import { coverageOf } from "../../../../core/coverage.ts";
import { INTRADAY_SECONDS, type Interval, isDated, nextStamp } from "../../../../core/interval.ts";
import type { Market } from "../../../../core/market-calendar/markets.ts";
import { gapsIn, type Span } from "../../../../core/spans.ts";
import { HOUR, MINUTE } from "../../../../core/time.ts";
import type { ProviderCandles } from "../../../../providers/provider.ts";
import { settledBefore } from "../reading/needed-span.ts";
import type { Series } from "../series.ts";

/**
 * A provider may publish the candle of a day this long (seconds) after its close. Until then a day that is not in its answer
 * is one to ask for again.
 */
const DAY_PUBLISHED_AFTER = 12 * HOUR;

/**
 * Closed candles before a stretch that are asked for with it, where it holds the newest, or another source's stand next to it: a source
 * revises its last ones, and closes that two sources have of one bucket show whether their prices fit.
 */
export const OVERLAP = 3;

/**
 * Missing candles at an end of an answer that count as none given: fewer may be without trades, or are asked for again with the next ones.
 * In a market with sessions trading may pause for this long (seconds), too.
 */
const MISSING_AT_END = OVERLAP + 1;
const QUIET_SECONDS = 30 * MINUTE;

/** Stretches without candles that are kept apart where a source has sent rows that cannot be candles. */
const MAX_MISSING = 50;

/** The newest candles of a source, which may still change: when they were fetched (unix seconds), and what was final then. */
export interface UnsettledSpan extends Span {
  at: number;
  settled: number;
}

export const unsettledKey = (source: ProviderName, interval: Interval): string => `${source} ${interval}`;

/** What is kept of the outcome of a fetch, and with what. */
export interface OutcomeContext {
  series: Series;
  /** By source and interval. */
  unsettled: Map<string, UnsettledSpan>;
  /** Unix seconds. */
  now: number;
}

/** Keeps what a source has given of a stretch; returns where it had nothing though candles are expected. */
export function keepOutcome(
  { series, now, unsettled }: OutcomeContext,
  provider: ProviderName,
  interval: Interval,
  gap: Span,
  { candles, leftOutCount }: ProviderCandles,
  settled: number,
): Span[] {
  const { market, fetched, instrument } = series;
  const final = Math.min(settled, publishedBefore(market, interval, candles, now));
  const closed = { from: gap.from, to: Math.min(gap.to, final) };
  if (gap.to > final) {
    const from = Math.max(gap.from, final);
    unsettled.set(unsettledKey(provider, interval), { from, to: gap.to, at: now, settled });
    // The candle that forms is asked for when it is read: else a source that failed once would owe it until it closes.
    fetched.forget(interval, { from, to: gap.to }, provider);
  }
  if (closed.to <= closed.from) return [];
  const times = candles.time.filter((time) => time >= gap.from && time < gap.to);
  const isSilent = candles.length === 0;
  const missing =
    leftOutCount > 0
      ? missingWithin(market, interval, closed, times)
      : missingEnds(market, interval, closed, times).filter((span) => isExpected(market, interval, span, isSilent));
  const listed = instrument.listed_on == null ? null : Date.parse(instrument.listed_on) / 1000;
  const empty = missing.filter((span) => listed === null || span.to > listed);
  // Before what was answered is kept, for the pause grows with the one that a stretch has.
  for (const span of empty) {
    const isFinal = fetched.isEmptyElsewhere(provider, interval, span);
    fetched.owe(provider, interval, span, "empty", now, null, isFinal);
  }
  for (const span of gapsIn(empty, closed)) fetched.answer(provider, interval, span);
  return empty;
}

/** All that candles lack within a stretch, where a source has sent rows that cannot be candles. */
function missingWithin(market: Market, interval: Interval, span: Span, times: ArrayLike<number>): Span[] {
  const { missing } = coverageOf({ market, interval, ...span, times, suspects: [], known: span, full: false });
  const spans = missing.map(({ from, to }) => ({ from, to }));
  return spans.length <= MAX_MISSING ? spans : [{ from: spans[0].from, to: spans[spans.length - 1].to }];
}

/** What candles lack at both ends of a stretch. */
function missingEnds(market: Market, interval: Interval, { from, to }: Span, times: Float64Array): Span[] {
  if (times.length === 0) return [{ from, to }];
  const [first, last] = [times[0], times[times.length - 1]];
  const after = isDated(interval) ? nextStamp(interval, last) : last + 1;
  const next = bucketsForward(market, interval, after).next().value?.time ?? to;
  return [
    { from, to: Math.min(first, to) },
    { from: Math.max(from, next), to },
  ].filter((span) => span.to > span.from);
}

/** Whether a source that has no candle in a stretch probably lacks some. */
function isExpected(market: Market, interval: Interval, span: Span, isSilent: boolean): boolean {
  const count = countBuckets(market, interval, span.from, span.to);
  const seconds = INTRADAY_SECONDS[interval];
  if (isSilent || seconds === null) return count > 0;
  return count >= MISSING_AT_END && (market.id === "CRYPTO" || count * seconds >= QUIET_SECONDS);
}

/** The stamp before which an answer holds every candle that there will ever be. */
function publishedBefore(market: Market, interval: Interval, { time }: CandleColumns, now: number): number {
  if (!isDated(interval)) return Number.POSITIVE_INFINITY;
  const sure = settledBefore(market, interval, now - DAY_PUBLISHED_AFTER);
  return time.length > 0 ? Math.max(sure, nextStamp(interval, time[time.length - 1])) : sure;
}
