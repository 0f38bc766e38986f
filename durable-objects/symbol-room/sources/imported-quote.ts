import type { ProviderQuote } from "../../../contracts/quote.ts";
import { bucketStamped } from "../../../core/buckets.ts";
import { type Candle, candleAt } from "../../../core/candles.ts";
import { INTERVALS, type Interval } from "../../../core/interval.ts";
import type { Market } from "../../../core/market-calendar/markets.ts";
import { holidaysKnown, previousSession } from "../../../core/market-calendar/sessions.ts";
import { changeSince } from "../../../core/quotes/change.ts";
import { DAY, isoTime } from "../../../core/time.ts";
import { readPage } from "../candles/reading/series-pages.ts";
import type { Visibility } from "../candles/reading/visibility.ts";
import type { Series } from "../candles/series.ts";

/** Where holidays are unknown, a session this long after another is still taken for the next one. */
const MAX_SESSION_GAP = 7 * DAY;

/** Further back or ahead than any stamp. */
const FAR = 8.64e12;

type ReadCandles = (interval: Interval, from: number, to: number, limit: number, backward: boolean) => Candle[];

type Day = Pick<ProviderQuote, "open" | "high" | "low" | "volume" | "previous_close">;

const UNKNOWN_DAY: Day = { open: null, high: null, low: null, volume: null, previous_close: null };

/** What imported candles alone know of an instrument's price: its last close, and what happened around it. */
export function importedQuote(series: Series, visibility: Visibility, receivedAt: number): ProviderQuote | null {
  const { instrument, market } = series;
  const read: ReadCandles = (interval, from, to, limit, backward) => {
    const query = { interval, from, to, limit, backward, includeSuspect: true };
    const { candles } = readPage(importsAlone(series), visibility, query, receivedAt);
    return Array.from({ length: candles.length }, (_, i) => candleAt(candles, i));
  };
  const latest = latestInterval(series);
  const [candle] = latest ? read(latest.interval, -FAR, latest.last + 1, 1, true) : [];
  if (!latest || !candle) return null;
  const day =
    market.id === "CRYPTO" ? lastDay(read, latest.interval, market, latest.closes) : session(read, market, candle.time);
  return {
    symbol: instrument.symbol,
    price: candle.close,
    ...changeSince(day.previous_close, candle.close),
    ...day,
    market_cap: null,
    bid: null,
    ask: null,
    window: market.id === "CRYPTO" ? "24h" : "session",
    currency: instrument.currency,
    price_unit: instrument.price_unit,
    volume_unit: instrument.volume_unit,
    exchange: instrument.primary_exchange,
    price_basis: "exchange",
    timestamp: isoTime(latest.closes),
    received_at: isoTime(receivedAt),
    provider: "import",
    simulated: false,
  };
}

/** A series as it is if imports are its only source. */
const importsAlone = (series: Series): Series => ({ ...series, sources: ["import"] });

/** The interval whose last imported candle closes last, the finest of those that do together. */
function latestInterval({ origins, market }: Series): { interval: Interval; last: number; closes: number } | null {
  let found: { interval: Interval; last: number; closes: number } | null = null;
  const imported = origins.stretches().filter(({ origin }) => origin.provider === "import");
  for (const interval of INTERVALS) {
    const lasts = imported.filter((each) => each.interval === interval).map(({ last }) => last);
    if (lasts.length === 0) continue;
    const last = Math.max(...lasts);
    const closes = bucketStamped(market, interval, last)?.closes ?? last;
    if (!found || closes > found.closes) found = { interval, last, closes };
  }
  return found;
}

/** The trading date that ends the series, and the close of the regular session before it. */
function session(read: ReadCandles, market: Market, time: number): Day {
  const days = read("1d", -FAR, FAR, 2, true);
  const today = days.at(-1);
  if (!today || Math.abs(today.time - time) > 2 * DAY) return UNKNOWN_DAY;
  const before = days.length === 2 ? days[0] : null;
  const follows = before !== null && isNextSession(market, before.time, today.time);
  const { open, high, low, volume } = today;
  return { open, high, low, volume, previous_close: follows ? before.close : null };
}

function isNextSession(market: Market, before: number, date: number): boolean {
  if (!holidaysKnown(market, date)) return date - before <= MAX_SESSION_GAP;
  return previousSession(market, date)?.date === before;
}

/** The 24 hours that end with the series; unknown where the series does not cover them from end to end. */
function lastDay(read: ReadCandles, interval: Interval, market: Market, closes: number): Day {
  const from = closes - DAY;
  const rows = read(interval, from, closes, DAY / 60, false);
  if (rows[0]?.time !== from) return UNKNOWN_DAY;
  const before = read(interval, -FAR, from, 1, true)[0];
  const touches = before && bucketStamped(market, interval, before.time)?.closes === from;
  return {
    open: rows[0].open,
    high: extreme(rows, "high", Math.max),
    low: extreme(rows, "low", Math.min),
    volume: total(rows),
    previous_close: touches ? before.close : null,
  };
}

function extreme(rows: Candle[], field: "high" | "low", pick: (a: number, b: number) => number): number | null {
  return rows.reduce<number | null>((found, row) => {
    const value = row[field];
    return found === null || value === null ? null : pick(found, value);
  }, rows[0][field]);
}

function total(rows: Candle[]): number | null {
  if (rows.some((row) => row.volume === null)) return null;
  return Number(rows.reduce((sum, row) => sum + (row.volume ?? 0), 0).toPrecision(15));
}
