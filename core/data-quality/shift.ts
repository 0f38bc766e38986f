import { countBuckets } from "../buckets.ts";
import { isoTime } from "../time.ts";
import type { Batch, ReportFinding } from "./finding.ts";
import type { TimeLine } from "./order.ts";
import { areNeighbours } from "./robust.ts";

/** One doubled candle is a page's overlap; from two on their number means something. */
const MIN_SHIFT = 2;

/** The longest stretch that is flagged as one, in candles. */
const MAX_RUN = 500;

/** Where more than this share of candles follow a gap, gaps are too common to mean anything. */
const MAX_GAPS = 0.05;

/**
 * Flags stretches with wrong stamps. Their trace: some buckets are empty, and at the stretch's other end as many stamps
 * come twice, since stamps that were moved out of the one place were moved onto those of the other. Binance's hours from
 * 2017-09-23 to 26, as CryptoDataDownload has them, are such a stretch. To be seen, the doubled rows must still be there.
 */
export function checkShift(batch: Batch, { rows, copies }: TimeLine, report: ReportFinding): void {
  const { time } = batch.candles;
  const doubled = doubledRuns(rows.map((row) => copies.has(time[row])));
  if (doubled.length === 0) return;
  const missing = rows.map((row, i) => (i === 0 ? 0 : missingBetween(batch, time[rows[i - 1]], time[row])));
  if (missing.filter((count) => count > 0).length > MAX_GAPS * rows.length) return;
  for (const run of doubled) {
    const stretch = stretchOf(missing, run);
    if (!stretch) continue;
    const doubles = `${run.end - run.start} stamps come twice from ${isoTime(time[rows[run.start]])}`;
    const detail = `${doubles}, and as many are missing at the other end of the stretch`;
    for (let i = stretch.start; i < stretch.end; i++) report(rows[i], "shifted", detail);
  }
}

/** Places on the time line, `[start, end)`. */
interface Span {
  start: number;
  end: number;
}

/** Runs of stamps that came twice, long enough to mean something. */
function doubledRuns(isDoubled: readonly boolean[]): Span[] {
  const runs: Span[] = [];
  for (let i = 0; i < isDoubled.length; i++) {
    if (!isDoubled[i]) continue;
    const start = i;
    while (isDoubled[i]) i++;
    if (i - start >= MIN_SHIFT) runs.push({ start, end: i });
  }
  return runs;
}

/** How many buckets are empty between two candles that follow each other. */
function missingBetween({ market, interval }: Batch, before: number, after: number): number {
  return areNeighbours(interval, before, after) ? countBuckets(market, interval, before + 1, after) : MAX_RUN;
}

/** From the nearest gap to the doubled stamps, whichever comes first, if that gap is as long as they are many. */
function stretchOf(missing: readonly number[], { start, end }: Span): Span | null {
  let before = start;
  while (before > 0 && start - before < MAX_RUN && missing[before] === 0) before--;
  if (missing[before] === end - start) return { start: before, end };
  let after = end;
  while (after < missing.length && after - end < MAX_RUN && missing[after] === 0) after++;
  return missing[after] === end - start ? { start, end: after } : null;
}
