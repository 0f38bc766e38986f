import { liveSources } from "../../../../contracts/provider.ts";
import { INTERVALS, INTRADAY_SECONDS, type Interval } from "../../../../core/interval.ts";
import { gapsIn } from "../../../../core/spans.ts";
import { DAY, MINUTE } from "../../../../core/time.ts";
import { KEEPS_HISTORY } from "../../../../providers/catalogue.ts";
import type { Series } from "../series.ts";
import { FIRST_RANKING, type Ranking } from "./ranking.ts";

/** Buckets that are looked at, or candles that are taken away, at a time. */
const ROWS_AT_ONCE = 5_000;

/** How long fetched candles are kept: minutes for a year, other intraday ones for five. Longer ones are kept for good. */
const KEPT_SECONDS = { minutes: 366 * DAY, intraday: 5 * 366 * DAY };
/** Candles that were fetched within this time (seconds) are not deleted: a client may be reading there. */
const RECENTLY_FETCHED = 7 * DAY;
/** Candles that are deleted a day at most, of each interval and source. */
const MAX_PRUNED = 100_000;

/**
 * Puts candles in the order of sources that have changed, some at a time: what imports cover and what covers them, what is no source any
 * more, and stretches that a better source has not been asked for.
 * @returns where to go on; null where all is done
 */
export function rankAgain(series: Series, { interval: index, from }: Ranking, now: number): Ranking | null {
  const { turns, origins, sources, isBetter } = series;
  const interval = INTERVALS[index];
  if (interval === undefined) {
    oweToBetter(series, now);
    return null;
  }
  const next = turns.rank(interval, from, ROWS_AT_ONCE, isBetter);
  if (next !== null) return { interval: index, from: next };
  const foreign = origins
    .stretches(interval)
    .find(({ origin }) => origin.provider !== "import" && !sources.includes(origin.provider));
  if (!foreign) return { ...FIRST_RANKING, interval: index + 1 };
  const rest = turns.takeAway(interval, foreign.origin, foreign.first, ROWS_AT_ONCE, isBetter);
  if (rest !== null) origins.shorten(interval, foreign.origin, rest);
  return { interval: index, from: Number.MAX_SAFE_INTEGER };
}

/** What a lower source has given is owed by a better one that was never asked. */
function oweToBetter({ sources, fetched, askedInterval }: Series, now: number): void {
  const live = liveSources(sources);
  fetched.forgetOthers(live);
  for (const { source, interval } of fetched.asked()) {
    for (const better of live.slice(0, live.indexOf(source))) {
      if (askedInterval(better, interval) !== interval) continue;
      const answered = fetched.answered(better, interval);
      for (const span of fetched.answered(source, interval))
        for (const gap of gapsIn(answered, span)) fetched.owe(better, interval, gap, "failed", now);
    }
  }
}

/** Deletes fetched candles that are older than is kept, where their source has all of its history still. */
export function pruneFetched({ turns, origins, fetched }: Series, now: number): void {
  for (const { interval, origin, first } of origins.stretches()) {
    const kept = keptSeconds(interval);
    if (kept === null || !KEEPS_HISTORY.has(origin.provider) || origin.adjustment !== "raw") continue;
    const span = { from: first, to: Math.floor(now - kept) };
    if (span.to <= span.from) continue;
    const deleted = turns.prune(interval, origin, span, now - RECENTLY_FETCHED, MAX_PRUNED);
    if (deleted) fetched.forget(interval, deleted, origin.provider);
  }
}

function keptSeconds(interval: Interval): number | null {
  const seconds = INTRADAY_SECONDS[interval];
  if (seconds === null) return null;
  return seconds === MINUTE ? KEPT_SECONDS.minutes : KEPT_SECONDS.intraday;
}
