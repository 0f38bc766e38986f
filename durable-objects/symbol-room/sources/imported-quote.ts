import type { ProviderQuote } from "../../../contracts/quote.ts";
import type { Instrument } from "../../../contracts/symbol.ts";
import { bucketStamped } from "../../../core/buckets.ts";
import { type Candle, candleAt } from "../../../core/candles.ts";
import type { Interval } from "../../../core/interval.ts";
import { type Market, marketOf } from "../../../core/market-calendar/markets.ts";
import { holidaysKnown, previousSession } from "../../../core/market-calendar/sessions.ts";
import { changeSince } from "../../../core/quotes/change.ts";
import { DAY, isoTime } from "../../../core/time.ts";
import type { CandleStore, Series } from "../candles/candle-store.ts";
import { readPage, seriesFor } from "../candles/series-pages.ts";

/** Where holidays are unknown, a session this long after another is still taken for the next one. */
const MAX_SESSION_GAP = 7 * DAY;

type Day = Pick<ProviderQuote, "open" | "high" | "low" | "volume" | "previous_close">;

const UNKNOWN_DAY: Day = { open: null, high: null, low: null, volume: null, previous_close: null };

/** What imported candles alone know of an instrument's price: its last close, and what happened around it. */
export function importedQuote(store: CandleStore, instrument: Instrument, receivedAt: number): ProviderQuote | null {
  const market = marketOf(instrument.primary_exchange);
  const all = store.series().filter((series) => series.provider === "import");
  const latest = latestSeries(all, market);
  if (!latest) return null;
  const candle = lastCandles(store, latest.series, market, latest.series.interval, latest.series.last + 1, 1)[0];
  const day =
    market.id === "CRYPTO"
      ? lastDay(store, latest.series, market, latest.closes)
      : session(store, all, market, candle.time);
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

/** The series whose last candle closes last, the finest of those that do together. */
function latestSeries(all: Series[], market: Market): { series: Series; closes: number } | null {
  let found: { series: Series; closes: number } | null = null;
  for (const series of all) {
    const closes = bucketStamped(market, series.interval, series.last)?.closes ?? series.last;
    if (!found || closes > found.closes) found = { series, closes };
  }
  return found;
}

function lastCandles(
  store: CandleStore,
  series: Series,
  market: Market,
  interval: Interval,
  to: number,
  limit: number,
): Candle[] {
  const query = { interval, from: Number.MIN_SAFE_INTEGER, to, limit, backward: true, includeSuspect: true };
  const { candles } = readPage(store, series, market, query);
  return Array.from({ length: candles.length }, (_, i) => candleAt(candles, i));
}

/** The trading date that ends the series, and the close of the regular session before it. */
function session(store: CandleStore, all: Series[], market: Market, time: number): Day {
  const daily = seriesFor(all, "1d");
  if (!daily) return UNKNOWN_DAY;
  const days = lastCandles(store, daily, market, "1d", Number.MAX_SAFE_INTEGER, 2);
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
function lastDay(store: CandleStore, series: Series, market: Market, closes: number): Day {
  const from = closes - DAY;
  const query = { interval: series.interval, from, to: closes, limit: DAY / 60, backward: false, includeSuspect: true };
  const { candles } = readPage(store, series, market, query);
  if (candles.length === 0 || candles.time[0] !== from) return UNKNOWN_DAY;
  const rows = Array.from({ length: candles.length }, (_, i) => candleAt(candles, i));
  const before = lastCandles(store, series, market, series.interval, from, 1)[0];
  const touches = before && bucketStamped(market, series.interval, before.time)?.closes === from;
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
