import { type Bucket, bucketStamped } from "../buckets.ts";
import { type CandleColumns, pickCandles } from "../candles.ts";
import { type Interval, isDated, nextStamp } from "../interval.ts";
import type { Market } from "../market-calendar/markets.ts";
import { holidaysKnown, sessionOn } from "../market-calendar/sessions.ts";
import { bucketStamper, resample } from "../resample.ts";
import { gapsIn, type Span } from "../spans.ts";
import { DAY } from "../time.ts";
import { importedSpans } from "./imported-spans.ts";

/** What is known of the finer candles of one part of a series. */
export interface PartKnowledge {
  /** Candles of different parts make no candle together. */
  part: number;
  /** The stretches of stamps that a provider has answered; null for imports, whose own rows show what they speak of. */
  answered: readonly Span[] | null;
}

/** Coarser candles that are whole, and the stamps of those of which only a part is known. */
export interface Coarsened {
  candles: CandleColumns;
  partial: number[];
}

/** What is made coarser, and of which stretch. */
export interface CoarsenQuery {
  market: Market;
  from: Interval;
  to: Interval;
  /** Unix seconds. */
  now: number;
  /** The part that a candle belongs to, by its origin. */
  partOf: (origin: number) => PartKnowledge;
  /** The stamps of the coarser candles, `[from, to)`. */
  window: Span;
}

/**
 * Coarser candles of finer ones, where these are all of one part and cover the coarser bucket as far as the market was open. A bucket that
 * forms must be covered up to now.
 * @param fine ascending; for a window that begins or ends within a session with the candle before and after it
 */
export function coarsen(fine: CandleColumns, query: CoarsenQuery): Coarsened {
  const { market, window } = query;
  const coarse = resample(fine, market, query.from, query.to);
  const parts = partsOf(fine, query);
  const known = knownStretches(fine, query);
  const whole: [CandleColumns, number][] = [];
  const partial: number[] = [];
  for (let i = 0; i < coarse.length; i++) {
    const time = coarse.time[i];
    if (time < window.from || time >= window.to) continue;
    const part = parts.get(time);
    const bucket = bucketStamped(market, query.to, time);
    const isWhole = part !== undefined && bucket !== null && covers(query, bucket, known.get(part) ?? []);
    if (isWhole) whole.push([coarse, i]);
    else partial.push(time);
  }
  return { candles: whole.length === coarse.length ? coarse : pickCandles(whole), partial };
}

/** The one part that the candles of each coarser bucket belong to; none for a bucket of several. */
function partsOf(fine: CandleColumns, { market, from, to, partOf }: CoarsenQuery): Map<number, number> {
  const found = new Map<number, number>();
  const mixed = new Set<number>();
  const stampOf = bucketStamper(market, from, to);
  for (let i = 0; i < fine.length; i++) {
    const stamp = stampOf(fine.time[i]);
    if (Number.isNaN(stamp)) continue;
    const { part } = partOf(fine.origin[i]);
    if ((found.get(stamp) ?? part) !== part) mixed.add(stamp);
    found.set(stamp, part);
  }
  for (const stamp of mixed) found.delete(stamp);
  return found;
}

/** The stretches that each part has candles of, or has been asked for. */
function knownStretches(fine: CandleColumns, { market, from, partOf }: CoarsenQuery): Map<number, readonly Span[]> {
  const times = new Map<number, number[]>();
  const known = new Map<number, readonly Span[]>();
  for (let i = 0; i < fine.length; i++) {
    const { part, answered } = partOf(fine.origin[i]);
    if (answered) known.set(part, answered);
    else {
      const stamps = times.get(part) ?? [];
      stamps.push(fine.time[i]);
      times.set(part, stamps);
    }
  }
  for (const [part, stamps] of times) known.set(part, importedSpans(market, from, stamps));
  return known;
}

/** Whether all of a bucket in which the market was open is known. */
function covers({ market, from, to, now }: CoarsenQuery, bucket: Bucket, known: readonly Span[]): boolean {
  if (!isDated(from)) return openStretches(market, to, bucket, now).every((open) => gapsIn(known, open).length === 0);
  const end = isDated(to) ? nextStamp(to, bucket.time) : bucket.closes;
  for (let date = bucket.time; date < end; date += DAY) {
    const session = sessionOn(market, date);
    if (!session || session.close > now || gapsIn(known, { from: date, to: date + 1 }).length === 0) continue;
    // Where holidays are unknown, a day that is missing between others may be one.
    const isBetween = known.some((span) => span.to <= date) && known.some((span) => span.from > date);
    if (holidaysKnown(market, date) || !isBetween) return false;
  }
  return true;
}

/** The stretches of a bucket in which its market was open so far. */
function openStretches(market: Market, interval: Interval, bucket: Bucket, now: number): Span[] {
  if (!isDated(interval)) return stretch(bucket.anchor, Math.min(bucket.closes, now));
  const open: Span[] = [];
  for (let date = bucket.time; date < nextStamp(interval, bucket.time); date += DAY) {
    const session = sessionOn(market, date);
    if (session) open.push(...stretch(session.open, Math.min(session.close, now)));
  }
  return open;
}

const stretch = (from: number, to: number): Span[] => (from < to ? [{ from, to }] : []);
