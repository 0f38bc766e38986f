import type { ProviderName } from "../../../../contracts/provider.ts";
import { type Bucket, bucketsBefore, bucketsForward } from "../../../../core/buckets.ts";
import { agreeInCommon } from "../../../../core/candle-series/splice.ts";
import { type CandleColumns, firstAtOrAfter } from "../../../../core/candles.ts";
import type { Finding } from "../../../../core/data-quality/finding.ts";
import type { Interval } from "../../../../core/interval.ts";
import type { Market } from "../../../../core/market-calendar/markets.ts";
import { covers, type Span } from "../../../../core/spans.ts";
import { freshnessPolicyOf } from "../../../../providers/freshness-policy.ts";
import { type FailureReason, isFailure, type ProviderCandles } from "../../../../providers/provider.ts";
import { seriesUnits } from "../../../../providers/series-units.ts";
import { listingOf, type Priority, type Upstreams } from "../../upstreams.ts";
import { settledBefore } from "../reading/needed-span.ts";
import type { Series } from "../series.ts";
import { storeChecked } from "../storage/checked-writes.ts";
import type { KeptOrigin } from "../storage/origins.ts";
import { keepOutcome, OVERLAP, type UnsettledSpan } from "./outcome.ts";

/** Failures that pass: the source owes what it was asked for. */
const PASSING: ReadonlySet<FailureReason> = new Set([
  "throttled",
  "quota_spent",
  "timeout",
  "unreachable",
  "server_error",
  "bad_answer",
  "blocked",
  "unknown_notice",
]);

/** Further back than any stamp. */
const FAR = 8.64e12;

/** What a backfill works with. */
export interface Backfill {
  series: Series;
  upstreams: Upstreams;
  /** Whether a provider is still one of the symbol's sources: that may change while it is asked. */
  isSource: (provider: ProviderName) => boolean;
  /** By source and interval. */
  unsettled: Map<string, UnsettledSpan>;
  priority: Priority;
  /** Unix seconds. */
  now: number;
  /** Called with what the checks flag. */
  report: (provider: ProviderName, interval: Interval, findings: readonly Finding[]) => void;
}

/** What came of asking one source for what is wanted. */
export interface Filled {
  /** What it has not given: it failed, or had nothing where candles are expected. */
  failed: Span[];
  empty: Span[];
  /** Seconds after which it may be asked again; null where it did not say. */
  retryAfter: number | null;
  /** Whether it can have candles of the kind. */
  isSupported: boolean;
  /** Whether there is more to be asked than one question may. */
  isCut: boolean;
}

/** What came of asking a source once. */
export interface Fetched extends Filled {
  /** The end of what the source was asked for: a long stretch takes several requests. */
  upTo: number;
}

const nothing = (upTo: number): Fetched => ({
  ...{ failed: [], empty: [], retryAfter: null, isSupported: true, isCut: false },
  upTo,
});

/**
 * Asks a source for one stretch, and keeps what came of it.
 * @param owed what the source owes where it fails
 */
export async function fetchSpan(
  backfill: Backfill,
  provider: ProviderName,
  interval: Interval,
  gap: Span,
  owed: Span = gap,
): Promise<Fetched> {
  const { series, now } = backfill;
  const { instrument, fetched, market } = series;
  const listing = listingOf(instrument, provider);
  const unsupported = { ...nothing(gap.to), empty: [gap], isSupported: false };
  if (!listing) {
    fetched.forget(interval, owed, provider);
    return unsupported;
  }
  const settled = settledBefore(market, interval, now - freshnessPolicyOf(provider).delay);
  const asked = widened(series, provider, interval, gap, settled);
  const answer = await backfill.upstreams(provider).candles({ listing, interval, ...asked }, backfill.priority);
  if (isFailure(answer)) {
    const isPassing = PASSING.has(answer.reason);
    if (isPassing) fetched.owe(provider, interval, owed, "failed", now, answer.retryAfter);
    else fetched.forget(interval, owed, provider);
    if (answer.reason === "unsupported") return unsupported;
    return { ...nothing(gap.to), failed: [gap], retryAfter: answer.retryAfter };
  }
  if (!backfill.isSource(provider)) return { ...nothing(gap.to), failed: [gap] };
  const isCut = storeAnswer(backfill, provider, interval, answer);
  const upTo = Math.min(gap.to, answer.upTo);
  const span = { from: gap.from, to: upTo };
  return { ...nothing(upTo), isCut, empty: keepOutcome(backfill, provider, interval, span, answer, settled) };
}

/** A stretch with the stored candles next to it that are asked for too. */
function widened(
  { market, store, origins }: Series,
  provider: ProviderName,
  interval: Interval,
  gap: Span,
  settled: number,
): Span {
  const beside = { interval, limit: OVERLAP, includeSuspect: true };
  const before = store.read({ ...beside, from: -FAR, to: gap.from, backward: true });
  const after = store.read({ ...beside, from: gap.to, to: FAR, backward: false });
  const first = bucketsBefore(market, interval, gap.from, OVERLAP, -FAR).at(0)?.time ?? gap.from;
  const last = nextBuckets(market, interval, gap.to)?.time ?? gap.to;
  const near = [...before.time, ...after.time].filter((time) => time >= first && time <= last);
  // A source restates adjusted prices as a whole.
  const isToCompare = ({ origin }: CandleColumns): boolean =>
    origin.length > 0 && (origins.get(origin[0]).provider !== provider || origins.get(origin[0]).adjustment !== "raw");
  const from = gap.to > settled || isToCompare(before) ? near[0] : undefined;
  const to = isToCompare(after) ? near.at(-1) : undefined;
  return { from: Math.min(gap.from, from ?? gap.from), to: Math.max(gap.to, to === undefined ? gap.to : to + 1) };
}

/**
 * Where a source restates its adjusted prices, as it does after a split, takes away what it gave before: it is asked for all of it again.
 * The candles that stand next to a stretch are asked for with it, so that it shows.
 */
function forgetRestated(series: Series, origin: KeptOrigin, interval: Interval, { candles }: ProviderCandles): boolean {
  const { market, store, turns, fetched, isBetter } = series;
  if (origin.adjustment === "raw" || candles.length === 0) return false;
  const first = candles.time[0];
  const query = { interval, from: first, to: candles.time[candles.length - 1] + 1, backward: true };
  const before = store.read({ ...query, limit: OVERLAP + 1, includeSuspect: true });
  const common = Array.from(before.time).flatMap((time, i) => {
    const at = firstAtOrAfter(candles, time);
    const isCommon = before.origin[i] === origin.id && candles.time[at] === time;
    return isCommon ? [{ one: before.close[i], other: candles.close[at] }] : [];
  });
  // The last one may have been forming.
  if (agreeInCommon(market.id, common.slice(0, -1)) !== false) return false;
  turns.takeAway(interval, origin, -FAR, Number.MAX_SAFE_INTEGER, isBetter);
  fetched.forget(interval, { from: -FAR, to: FAR }, origin.provider);
  return true;
}

function nextBuckets(market: Market, interval: Interval, from: number): Bucket | null {
  let [found, count]: [Bucket | null, number] = [null, 0];
  for (const bucket of bucketsForward(market, interval, from)) {
    found = bucket;
    if (++count >= OVERLAP) break;
  }
  return found;
}

/** Stores what a source has given; returns whether it is to be asked again for what it gave before. */
function storeAnswer(
  { series, now, report }: Backfill,
  provider: ProviderName,
  interval: Interval,
  answer: ProviderCandles,
): boolean {
  const { instrument, market, origins, fetched, isBetter, store } = series;
  const { adjustment, construction } = answer;
  const unit = seriesUnits(instrument, provider).volume_unit;
  const volumeUnit = unit === instrument.volume_unit ? null : unit;
  const facts = { provider, importId: null, interval: null, adjustment, adjustedAsOf: null, construction, volumeUnit };
  const origin = origins.of(facts);
  const isRestated = forgetRestated(series, origin, interval, answer);
  const final = fetched.answeredByAny(interval);
  const { findings, common } = storeChecked(store, {
    batch: { interval, origin, candles: answer.candles, fetchedAt: Math.floor(now) },
    market,
    now,
    negativePrices: instrument.type === "commodity",
    isBetter,
    isFinal: (time) => covers(final, time),
  });
  for (const [part, closes] of common) {
    const agrees = agreeInCommon(market.id, closes);
    if (agrees !== null && part !== origin.part) origins.saveSeam(interval, part, origin.part, agrees);
  }
  const leftOut = answer.leftOut.map(({ time, check, detail }) => ({
    index: -1,
    time: Math.floor(time),
    check,
    detail,
  }));
  report(provider, interval, [...leftOut, ...findings]);
  return isRestated;
}
