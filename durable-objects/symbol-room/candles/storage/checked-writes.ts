import { firstAtOrAfter, joinCandles, sliceCandles } from "../../../../core/candles.ts";
import { checkCandles } from "../../../../core/data-quality/check-candles.ts";
import type { Finding } from "../../../../core/data-quality/finding.ts";
import type { Market } from "../../../../core/market-calendar/markets.ts";
import { DAY } from "../../../../core/time.ts";
import type { StoreCounts, StoredBatch } from "./bucket-rows.ts";
import type { CandleStore, StoreResult } from "./candle-store.ts";
import type { IsBetter } from "./origins.ts";

/** Stored candles that are checked again with a batch: one that looked sound may be a spike now that the price came back. */
const CONTEXT_ROWS = 200;
/** Further back or ahead than any series reaches. */
const FAR = 100_000 * DAY;

/** The candles to store, and what they are checked against. */
export interface CheckContext {
  batch: StoredBatch;
  market: Market;
  /** Unix seconds. */
  now: number;
  /** Whether prices of zero and below are possible. */
  negativePrices: boolean;
  isBetter: IsBetter;
  /** Whether a stored candle was final: other numbers for it are a revision. */
  isFinal: (time: number) => boolean;
}

/** What storing did to the batch itself, and what of it is doubted. */
export interface CheckedWrite extends StoreResult {
  findings: Finding[];
}

/** A batch beside its neighbours, and what the checks say of all of them. */
function checked(store: CandleStore, { batch, market, now, negativePrices }: CheckContext) {
  const { interval, candles } = batch;
  const first = candles.time[0];
  const last = candles.time[candles.length - 1];
  const neighbours = { interval, limit: CONTEXT_ROWS, includeSuspect: true };
  // Beside another part's prices they might look wrong, in other units or otherwise adjusted.
  const { part } = batch.origin;
  const before = store.readPart({ ...neighbours, from: first - FAR, to: first, backward: true }, part);
  const after = store.readPart({ ...neighbours, from: last + 1, to: last + FAR, backward: false }, part);
  const all = joinCandles(before, candles, after);
  const { suspect, findings } = checkCandles(all, { market, interval, now, negativePrices });
  all.suspect.set(suspect);
  const from = firstAtOrAfter(all, first);
  const to = from + candles.length;
  const ofBatch = findings.filter(({ index }) => index >= from && index < to);
  return { before, after, all, suspect, from, to, findings: ofBatch };
}

/** Stores candles (ascending) with marks on those that are doubted, and renews the marks of their stored neighbours. All or nothing. */
export function storeChecked(store: CandleStore, context: CheckContext): CheckedWrite {
  const { batch, isBetter, isFinal } = context;
  if (batch.candles.length === 0) return { stored: 0, replaced: 0, unchanged: 0, common: new Map(), findings: [] };
  const { before, after, all, suspect, from, to, findings } = checked(store, context);
  const result = store.write({ ...batch, candles: sliceCandles(all, from, to) }, isBetter, isFinal);
  store.mark(batch.interval, before, suspect.subarray(0, from));
  store.mark(batch.interval, after, suspect.subarray(to));
  return { ...result, findings };
}

/** What storing candles would do, and what of them would be doubted; nothing is stored. */
export function judgeChecked(store: CandleStore, context: CheckContext): StoreCounts & Pick<CheckedWrite, "findings"> {
  const { batch, isBetter } = context;
  if (batch.candles.length === 0) return { stored: 0, replaced: 0, unchanged: 0, findings: [] };
  return { ...store.outcome(batch, isBetter), findings: checked(store, context).findings };
}
