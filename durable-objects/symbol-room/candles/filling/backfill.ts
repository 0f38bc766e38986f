import type { ProviderName } from "../../../../contracts/provider.ts";
import { importedSpans } from "../../../../core/candle-series/imported-spans.ts";
import { type Interval, isDated } from "../../../../core/interval.ts";
import { gapsIn, type Span } from "../../../../core/spans.ts";
import { DAY, isWithin } from "../../../../core/time.ts";
import { freshnessPolicyOf } from "../../../../providers/freshness-policy.ts";
import { listingOf } from "../../upstreams.ts";
import { neededSpan, settledBefore } from "../reading/needed-span.ts";
import type { BackfillOutcome, Series } from "../series.ts";
import type { RowQuery } from "../storage/candle-store.ts";
import { type Backfill, type Filled, fetchSpan } from "./fetch-span.ts";
import { unsettledKey } from "./outcome.ts";

/** Seconds after which to ask again where no source said when. */
const RETRY_AFTER = 60;
/** Seconds after which to ask again where the next question goes on. */
const RETRY_NOW = 1;

/** Stretches that one question fills at most; the next question goes on. */
const MAX_GAPS = 4;

const COMPLETE: BackfillOutcome = { outcome: "complete" };
const UNSUPPORTED: BackfillOutcome = { outcome: "unsupported" };
const failed = (retryAfter: number | null): BackfillOutcome => ({
  outcome: "failed",
  retryAfter: retryAfter ?? RETRY_AFTER,
});

/**
 * Fetches what a page of candles lacks from the symbol's sources, in order: of each the stretches that those before it have not given.
 */
export async function fillPage(backfill: Backfill, query: RowQuery): Promise<BackfillOutcome> {
  const { series, now } = backfill;
  const { instrument, market, sources } = series;
  const inUse = sources.flatMap((provider) => {
    if (provider === "import" || provider === "simulator") return [];
    const interval = series.askedInterval(provider, query.interval);
    return interval === null ? [] : [{ provider, interval }];
  });
  // Where none of them has a name for the symbol, there is no provider to ask.
  if (!inUse.some(({ provider }) => listingOf(instrument, provider) !== null)) {
    return sources.includes("import") ? UNSUPPORTED : failed(null);
  }
  let lacking: (Span & { interval: Interval })[] | null = null;
  let isSupported = false;
  let failures: Filled[] = [];
  for (const { provider, interval } of inUse) {
    const needed = neededSpan(market, query, interval, now);
    if (!needed) return COMPLETE;
    if (!listingOf(instrument, provider)) continue;
    const wanted: Span[] = lacking === null ? [needed] : lacking.flatMap((span) => asStamps(span, interval, needed));
    const filled = await fillFrom(
      backfill,
      provider,
      interval,
      withoutImported(series, provider, interval, wanted),
      query,
    );
    isSupported ||= filled.isSupported;
    if (filled.isCut) return failed(RETRY_NOW);
    // What one source has given is nothing that another still owes.
    failures = failures.map((each) => ({ ...each, failed: each.failed.flatMap((span) => gapsLeft(filled, span)) }));
    failures.push(filled);
    lacking = [...filled.failed, ...filled.empty].map((span) => ({ ...span, interval }));
    if (lacking.length === 0) return COMPLETE;
  }
  const owing = failures.filter((each) => each.failed.length > 0);
  if (owing.length > 0) return failed(Math.min(...owing.map(({ retryAfter }) => retryAfter ?? RETRY_AFTER)));
  return isSupported ? COMPLETE : UNSUPPORTED;
}

/** What of a stretch a source has not given either. */
const gapsLeft = ({ failed, empty }: Filled, span: Span): Span[] =>
  [...failed, ...empty].flatMap((each) => overlap(each, span));

const overlap = (one: Span, other: Span): Span[] => {
  const span = { from: Math.max(one.from, other.from), to: Math.min(one.to, other.to) };
  return span.to > span.from ? [span] : [];
};

/** A stretch of stamps of one interval as one of another: those of days are not times. */
function asStamps(span: Span & { interval: Interval }, interval: Interval, needed: Span): Span[] {
  const wide = isDated(span.interval) === isDated(interval) ? 0 : DAY;
  return overlap({ from: span.from - wide, to: span.to + wide }, needed);
}

/** What is wanted of a source but for what an import that ranks higher speaks of. */
function withoutImported(
  { market, store, origins, sources }: Series,
  provider: ProviderName,
  interval: Interval,
  wanted: readonly Span[],
): Span[] {
  const first = sources.indexOf("import");
  const hasImports = origins.stretches(interval).some(({ origin }) => origin.provider === "import");
  if (first < 0 || first > sources.indexOf(provider) || !hasImports) return [...wanted];
  return wanted.flatMap((span) => {
    const query = { interval, ...span, limit: Number.MAX_SAFE_INTEGER, backward: false, includeSuspect: true };
    const { time, origin } = store.read(query);
    const imported = time.filter((_, i) => origins.get(origin[i]).provider === "import");
    const gaps = gapsIn(importedSpans(market, interval, imported), span);
    // What lies between is no more than what is asked for with it.
    return gaps.length <= MAX_GAPS ? gaps : [{ from: gaps[0].from, to: gaps[gaps.length - 1].to }];
  });
}

/** Asks a source for what it has not given yet of what is wanted. */
async function fillFrom(
  backfill: Backfill,
  provider: ProviderName,
  interval: Interval,
  wanted: readonly Span[],
  { backward }: Pick<RowQuery, "backward">,
): Promise<Filled> {
  const { series, now, unsettled } = backfill;
  const { market, fetched } = series;
  const { delay, refreshAfter } = freshnessPolicyOf(provider);
  const settled = settledBefore(market, interval, now - delay);
  const forming = unsettled.get(unsettledKey(provider, interval));
  const isRecent = forming?.settled === settled && isWithin(refreshAfter, forming.at, now);
  const recent = isRecent ? [forming] : [];
  const answered = fetched.answered(provider, interval);
  const lacking = wanted.flatMap((span) => gapsIn(answered, span)).filter((gap) => gapsIn(recent, gap).length > 0);
  const empty = fetched.waiting(provider, interval, "empty", now);
  // What another source has given meanwhile need not be waited for.
  const owed = fetched
    .waiting(provider, interval, "failed", now)
    .filter((span) => gapsIn(fetched.answeredByAny(interval), span).length === 0);
  const [waiting, asked] = [
    { failed: lacking.flatMap((gap) => owed.flatMap((span) => overlap(span, gap))) },
    lacking.flatMap((gap) => gapsIn(empty, gap)).flatMap((gap) => gapsIn(owed, gap)),
  ];
  const filled: Filled = {
    failed: waiting.failed,
    empty: lacking.flatMap((gap) => empty.flatMap((span) => overlap(span, gap))),
    retryAfter: null,
    isSupported: true,
    isCut: asked.length > MAX_GAPS,
  };
  const gaps = backward ? asked.slice(-MAX_GAPS) : asked.slice(0, MAX_GAPS);
  let calls = 0;
  for (let gap = gaps.shift(); gap; gap = gaps.shift()) {
    if (calls++ === MAX_GAPS) return { ...filled, isCut: true };
    const outcome = await fetchSpan(backfill, provider, interval, gap);
    filled.empty.push(...outcome.empty);
    filled.isSupported &&= outcome.isSupported;
    if (outcome.failed.length > 0) {
      filled.failed.push(...outcome.failed, ...gaps);
      return { ...filled, retryAfter: outcome.retryAfter, isCut: false };
    }
    if (outcome.isCut) return { ...filled, isCut: true };
    if (outcome.upTo < gap.to) gaps.unshift({ from: outcome.upTo, to: gap.to });
  }
  return filled;
}
