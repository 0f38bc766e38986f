import type { Adjustment } from "../../../contracts/candle.ts";
import { agreeInCommon, correctsInCommon } from "../../../core/candle-series/splice.ts";
import type { Finding } from "../../../core/data-quality/finding.ts";
import { type Interval, isDated, nextStamp } from "../../../core/interval.ts";
import type { Span } from "../../../core/spans.ts";
import { DAY } from "../../../core/time.ts";
import type { QualityLog } from "../quality-log.ts";
import type { DoubtedCandle, ImportBatch, ImportReply } from "../replies.ts";
import { deriveWithin } from "./derived.ts";
import { type MadeAlready, madeAlready } from "./reading/made-candles.ts";
import type { Visibility } from "./reading/visibility.ts";
import type { Series } from "./series.ts";
import type { CommonCloses } from "./storage/candle-store.ts";
import { judgeChecked, storeChecked } from "./storage/checked-writes.ts";
import type { OriginBook } from "./storage/origin-book.ts";
import type { KeptOrigin, OriginFacts } from "./storage/origins.ts";

/** Rows that are taken away at a time; then quotes pass. */
const ROWS_AT_ONCE = 5_000;

/** What is known of the origin of an import's candles. */
const factsOf = ({ interval, adjustment, adjustedAsOf, importId }: ImportBatch): OriginFacts => ({
  ...{ provider: "import", importId, interval, adjustment, adjustedAsOf },
  ...{ construction: "provider", volumeUnit: null },
});

const rulesOf = ({ instrument, market }: Series) => ({
  market,
  now: Date.now() / 1000,
  negativePrices: instrument.type === "commodity",
});

/**
 * Stores imported candles; all of the batch or nothing.
 * @param made those that stored finer candles make already, which are left as they are, and the others
 */
export function importBatch(series: Series, quality: QualityLog, batch: ImportBatch, made: MadeAlready): ImportReply {
  const { instrument, origins, store, isBetter } = series;
  const { interval } = batch;
  if (made.rest.length === 0) return { stored: 0, replaced: 0, unchanged: made.count, suspect: [] };
  const origin = origins.renew(origins.of(factsOf(batch)));
  const { findings, common, ...counts } = storeChecked(store, {
    batch: { interval, origin, candles: made.rest, fetchedAt: Math.floor(Date.now() / 1000) },
    ...rulesOf(series),
    isBetter,
    isFinal: () => true,
  });
  fitPart(series, interval, origin, common);
  quality.candles(instrument.symbol, "import", interval, findings);
  return { ...counts, unchanged: counts.unchanged + made.count, suspect: doubted(findings) };
}

/** What storing imported candles would do; nothing is stored. */
export function checkBatch(series: Series, batch: ImportBatch, { rest, count }: MadeAlready): ImportReply {
  const { interval } = batch;
  const origin = probe(series, batch);
  const { findings, ...counts } = judgeChecked(series.store, {
    batch: { interval, origin, candles: rest, fetchedAt: 0 },
    ...rulesOf(series),
    isBetter: series.isBetter,
    isFinal: () => true,
  });
  return { ...counts, unchanged: counts.unchanged + count, suspect: doubted(findings) };
}

/** The candles of an import that stored finer ones make already, and the others. */
export const sortBatch = (series: Series, visibility: Visibility, batch: ImportBatch): Promise<MadeAlready> =>
  madeAlready(series, visibility, batch.interval, batch.candles, probe(series, batch));

/** The origin that candles of an import have, or would have as the latest of all. */
function probe({ origins }: Series, batch: ImportBatch): KeptOrigin {
  const known = origins.ofImport(batch.importId);
  return { ...factsOf(batch), id: known?.id ?? -1, part: known?.part ?? -1, turn: Number.POSITIVE_INFINITY };
}

/** The candles that are doubted, each once, with the first reason. */
function doubted(findings: readonly Finding[]): DoubtedCandle[] {
  const byTime = new Map<number, string>();
  for (const { time, detail } of findings) if (!byTime.has(time)) byTime.set(time, detail);
  return Array.from(byTime, ([time, reason]) => ({ time, reason }));
}

/** Finds which part of the series an import's candles belong to, by those that were there before. */
function fitPart({ market, origins }: Series, interval: Interval, origin: KeptOrigin, common: CommonCloses): void {
  const alike = origins
    .all()
    .filter((each) => each.id !== origin.id && each.provider === "import" && each.adjustment === origin.adjustment);
  const isAlike = (part: number) => alike.some((each) => each.part === part);
  const verdicts = [...common].flatMap(([part, closes]) => {
    const agrees = (isAlike(part) ? correctsInCommon : agreeInCommon)(market.id, closes);
    return agrees === null ? [] : [{ part, agrees }];
  });
  const refusing = verdicts.filter(({ part, agrees }) => isAlike(part) && !agrees);
  const kept = refusing.some(({ part }) => part === origin.part) ? origins.join(origin, origin.id) : origin;
  for (const { part, agrees } of verdicts) {
    if (part !== kept.part) origins.saveSeam(interval, part, kept.part, agrees);
  }
  if (kept.part !== kept.id || refusing.length > 0) return;
  const fitting = alike.filter((each) => origins.seam(interval, each.part, kept.part) !== false).at(-1);
  if (fitting) origins.join(kept, fitting.part);
}

/**
 * Takes some of an import's candles away; what lay under them comes up, and what sources were asked for there is forgotten.
 * @returns whether nothing is left of it
 */
export async function takeAwayImport(series: Series, importId: string): Promise<boolean> {
  const { turns, origins, fetched, isBetter } = series;
  const origin = origins.ofImport(importId);
  if (!origin) return true;
  for (const { interval, first, last } of origins.stretches().filter((each) => each.origin.id === origin.id)) {
    const next = turns.takeAway(interval, origin, first, ROWS_AT_ONCE, isBetter);
    const span = { from: first, to: next ?? last + 1 };
    fetched.forget(interval, span);
    if (next !== null) origins.shorten(interval, origin, next);
    if (interval === origin.interval) await deriveWithin(series, interval, spanWithEnds(interval, span), true);
    if (next !== null) return false;
    return origins.stretches().every((each) => each.origin.id !== origin.id) && forgotten(series, origin);
  }
  return forgotten(series, origin);
}

const spanWithEnds = (interval: Interval, { from, to }: Span): Span =>
  isDated(interval) ? { from, to: nextStamp(interval, to) } : { from, to: to + DAY };

function forgotten({ origins }: Series, origin: KeptOrigin): true {
  origins.forget(origin);
  return true;
}

/** Changes what an import says was done to past prices; returns whether it said something else. */
export function adjustImport(
  origins: OriginBook,
  importId: string,
  adjustment: Adjustment,
  adjustedAsOf: number | null,
): boolean {
  const origin = origins.ofImport(importId);
  if (!origin || (origin.adjustment === adjustment && origin.adjustedAsOf === adjustedAsOf)) return false;
  origins.adjust(origin, adjustment, adjustedAsOf);
  return true;
}
