import type { ProviderQuote } from "../../contracts/quote.ts";
import type { Instrument } from "../../contracts/symbol.ts";
import { type Bucket, bucketsBefore, bucketsBetween } from "../../core/buckets.ts";
import { type CandleColumns, emptyCandles, sliceCandles } from "../../core/candles.ts";
import { INTRADAY_SECONDS, type Interval, isDated } from "../../core/interval.ts";
import type { Market } from "../../core/market-calendar/markets.ts";
import { previousSession, type Session, sessionOf, sessionOn } from "../../core/market-calendar/sessions.ts";
import { changeSince } from "../../core/quotes/change.ts";
import { DAY, HOUR, isoTime, MINUTE, startOfDay } from "../../core/time.ts";
import { sessionClose, sessionHours, wholeSession } from "./hours.ts";
import { type Profile, profileOf } from "./profile.ts";
import { between, elapsed, LEVELS, visitParts } from "./split.ts";
import { extend, join, type Stretch } from "./stretch.ts";

/** The first trading date that the simulator knows. */
export const SIMULATED_FROM = Date.UTC(2015, 0, 1) / 1000;

/** How many buckets may be stamped less than a day ahead, today's included, and not have opened. */
const MAX_UNTRADED_BUCKETS = 2;

/** Which candles to simulate: those stamped within `[from, to)`, at most `limit`, counted from the end if `backward`. */
export interface SimulatedCandlesQuery {
  interval: Interval;
  from: number;
  to: number;
  limit: number;
  backward: boolean;
}

/** Both numbers are exact, so their quotient is the number nearest to the price as it is written. */
const price = (profile: Profile, ticks: number): number => ticks / 10 ** profile.decimals;

const volume = (profile: Profile, steps: number): number | null =>
  profile.dailyVolume === null ? null : steps * profile.volumeStep;

/**
 * The candles of a simulated instrument up to `now` (unix seconds). A function of the symbol and the time alone; every
 * candle is exactly what its minutes add up to, the forming one what its seconds so far do.
 */
export function simulatedCandles(instrument: Instrument, query: SimulatedCandlesQuery, now: number): CandleColumns {
  const profile = profileOf(instrument);
  const buckets = tradedBuckets(profile.market, query, now);
  const columns = emptyCandles(buckets.length);
  let count = 0;
  for (const { bucket, stretch } of stretches(profile, query.interval, buckets, now)) {
    columns.time[count] = bucket.time;
    columns.open[count] = price(profile, stretch.open);
    columns.high[count] = price(profile, stretch.high);
    columns.low[count] = price(profile, stretch.low);
    columns.close[count] = price(profile, stretch.close);
    columns.volume[count] = volume(profile, stretch.volume) ?? Number.NaN;
    count++;
  }
  return sliceCandles(columns, 0, count);
}

/** The buckets asked for in which something was traded before `now`. */
function tradedBuckets(market: Market, query: SimulatedCandlesQuery, now: number): Bucket[] {
  const { interval, limit } = query;
  const second = Math.floor(now);
  const from = Math.max(query.from, SIMULATED_FROM);
  // A forex day, and the week or month that it begins, opens hours before its stamp.
  const to = Math.min(query.to, isDated(interval) ? second + DAY : second);
  const isTraded = ({ opens }: Bucket) => opens < second;
  if (!query.backward) return bucketsBetween(market, interval, from, to, limit).filter(isTraded);
  // Up to `UNTRADED` of the last buckets may not have opened yet.
  const last = bucketsBefore(market, interval, to, limit + MAX_UNTRADED_BUCKETS, from).filter(isTraded);
  return last.slice(Math.max(0, last.length - limit));
}

interface Traded {
  bucket: Bucket;
  stretch: Stretch;
}

function stretches(profile: Profile, interval: Interval, buckets: Bucket[], now: number): Traded[] {
  const seconds = INTRADAY_SECONDS[interval];
  return seconds === null ? datedStretches(profile, buckets, now) : intradayStretches(profile, seconds, buckets, now);
}

function datedStretches(profile: Profile, buckets: Bucket[], now: number): Traded[] {
  const traded: Traded[] = [];
  for (const bucket of buckets) {
    let whole: Stretch | null = null;
    for (let date = bucket.time; date <= startOfDay(bucket.closes); date += DAY) {
      const session = sessionOn(profile.market, date);
      if (!session || session.close > bucket.closes || session.open < bucket.opens) continue;
      const day =
        session.close <= now
          ? wholeSession(profile, session)
          : within(sessionHours(profile, session), session.anchor, session.open, now);
      if (day) whole = whole ? extend(whole, day) : day;
    }
    if (whole) traded.push({ bucket, stretch: whole });
  }
  return traded;
}

/** What of hours that follow each other has happened within `[from, to)`; null where nothing has. */
function within(hours: readonly Stretch[], anchor: number, from: number, to: number): Stretch | null {
  let whole: Stretch | null = null;
  for (const hour of hours) {
    const part = between(hour, anchor, from, to);
    if (part) whole = join(whole, part);
  }
  return whole;
}

function intradayStretches(profile: Profile, seconds: number, buckets: Bucket[], now: number): Traded[] {
  const traded: Traded[] = [];
  let i = 0;
  while (i < buckets.length) {
    const session = sessionOf(profile.market, buckets[i].opens);
    if (!session) break;
    let end = i;
    while (end < buckets.length && buckets[end].closes <= session.close) end++;
    const hours = sessionHours(profile, session);
    const ofSession = buckets.slice(i, end);
    traded.push(
      ...(seconds < HOUR
        ? partsOfHours(hours, session.anchor, seconds, ofSession, now)
        : wholeHours(hours, session.anchor, ofSession, now)),
    );
    i = end;
  }
  return traded;
}

/** Buckets of an hour or more: each is made of whole hours. */
function wholeHours(hours: readonly Stretch[], anchor: number, buckets: Bucket[], now: number): Traded[] {
  return buckets.flatMap((bucket) => {
    const stretch = within(hours, anchor, bucket.opens, Math.min(bucket.closes, now));
    return stretch ? [{ bucket, stretch }] : [];
  });
}

/** Buckets that follow each other and are shorter than an hour. */
function partsOfHours(
  hours: readonly Stretch[],
  anchor: number,
  seconds: number,
  buckets: Bucket[],
  now: number,
): Traded[] {
  const traded: Traded[] = [];
  const from = buckets[0].opens;
  const to = buckets[buckets.length - 1].closes;
  const level = LEVELS.indexOf(seconds) + 1;
  let i = 0;
  for (const hour of hours) {
    if (hour.to <= from || hour.from >= to) continue;
    visitParts(hour, anchor, seconds, from, to, (part) => {
      const past = elapsed(part, anchor, now, level);
      if (past) traded.push({ bucket: buckets[i], stretch: past });
      i++;
    });
  }
  return traded;
}

/** The session that a quote at `now` belongs to: the one that is open, else the last one. */
function quotedSession(profile: Profile, now: number): Session | null {
  const open = sessionOf(profile.market, now);
  if (open && open.open < Math.floor(now)) return open;
  let session = previousSession(profile.market, startOfDay(now) + 2 * DAY);
  while (session && session.close > now) session = previousSession(profile.market, session.date);
  return session;
}

/** What was traded in the last 24 hours before the second `second`, from the first whole minute in them. */
function lastDay(profile: Profile, second: number): Stretch | null {
  const from = Math.ceil(second / MINUTE) * MINUTE - DAY;
  let whole: Stretch | null = null;
  for (let date = startOfDay(from); date <= startOfDay(second); date += DAY) {
    const session = sessionOn(profile.market, date);
    if (!session) continue;
    const part = within(sessionHours(profile, session), session.anchor, from, second);
    if (part) whole = join(whole, part);
  }
  return whole;
}

function quotedStretch(
  profile: Profile,
  session: Session,
  second: number,
): { stretch: Stretch; previousClose: number } | null {
  if (profile.market.id === "CRYPTO") {
    const stretch = lastDay(profile, second);
    return stretch && { stretch, previousClose: stretch.open };
  }
  const stretch = within(sessionHours(profile, session), session.anchor, session.open, second);
  const before = previousSession(profile.market, session.date);
  return stretch && before && { stretch, previousClose: sessionClose(profile, before) };
}

/** The quote of a simulated instrument at `now` (unix seconds): one tick a second while its market is open. */
export function simulatedQuote(instrument: Instrument, now: number): ProviderQuote | null {
  const profile = profileOf(instrument);
  const session = quotedSession(profile, now);
  if (!session) return null;
  const second = Math.min(Math.floor(now), session.close);
  const quoted = quotedStretch(profile, session, second);
  if (!quoted) return null;
  const { stretch } = quoted;
  const last = price(profile, stretch.close);
  const previousClose = price(profile, quoted.previousClose);
  return {
    symbol: instrument.symbol,
    price: last,
    ...changeSince(previousClose, last),
    open: price(profile, stretch.open),
    high: price(profile, stretch.high),
    low: price(profile, stretch.low),
    previous_close: previousClose,
    volume: volume(profile, stretch.volume),
    market_cap: null,
    bid: price(profile, Math.max(1, stretch.close - 1)),
    ask: price(profile, stretch.close + 1),
    window: profile.market.id === "CRYPTO" ? "24h" : "session",
    currency: instrument.currency,
    price_unit: instrument.price_unit,
    volume_unit: instrument.volume_unit,
    exchange: instrument.primary_exchange,
    price_basis: "exchange",
    timestamp: isoTime(second),
    received_at: isoTime(now),
    provider: "simulator",
    simulated: true,
  };
}
