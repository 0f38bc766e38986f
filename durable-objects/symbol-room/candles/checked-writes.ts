import { type CandleColumns, firstAtOrAfter, joinCandles } from "../../../core/candles.ts";
import { checkCandles } from "../../../core/data-quality/check-candles.ts";
import type { Finding } from "../../../core/data-quality/finding.ts";
import type { Market } from "../../../core/market-calendar/markets.ts";
import { DAY } from "../../../core/time.ts";
import type { CandleStore, Series, StoreCounts } from "./candle-store.ts";

/** Stored candles that are checked again with a batch: one that looked sound may be a spike now that the price came back. */
const CONTEXT_ROWS = 200;
/** Further back or ahead than any series reaches. */
const FAR = 100_000 * DAY;

/** Which series candles belong to, and what they are checked against. */
export interface CheckContext {
  series: Omit<Series, "first" | "last">;
  market: Market;
  /** Unix seconds. */
  now: number;
  /** Whether prices of zero and below are possible. */
  negativePrices: boolean;
  /** Whether a stored candle was final: other numbers for it are a revision. */
  isFinal: (time: number) => boolean;
}

/** What storing did to the batch itself, and what of it is doubted. */
export interface CheckedWrite extends StoreCounts {
  findings: Finding[];
}

/** Stores candles (ascending) with marks on those that are doubted, and renews the marks of their stored neighbours. All or nothing. */
export function storeChecked(store: CandleStore, candles: CandleColumns, context: CheckContext): CheckedWrite {
  if (candles.length === 0) return { stored: 0, replaced: 0, unchanged: 0, findings: [] };
  const { series, market, now, negativePrices, isFinal } = context;
  const { interval } = series;
  const first = candles.time[0];
  const last = candles.time[candles.length - 1];
  const neighbours = { interval, limit: CONTEXT_ROWS, includeSuspect: true };
  const before = store.read({ ...neighbours, from: first - FAR, to: first, backward: true });
  const after = store.read({ ...neighbours, from: last + 1, to: last + FAR, backward: false });
  const all = joinCandles(before, candles, after);
  const { suspect, findings } = checkCandles(all, { market, interval, now, negativePrices });
  all.suspect.set(suspect);
  const counts = store.write(series, all, isFinal);
  const from = firstAtOrAfter(all, first);
  return {
    ...counts,
    unchanged: counts.unchanged - before.length - after.length,
    findings: findings.filter(({ index }) => index >= from && index < from + candles.length),
  };
}
