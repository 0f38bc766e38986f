import type { Bucket } from "../../core/buckets.ts";
import type { Market } from "../../core/market-calendar/markets.ts";
import { previousSession, type Session } from "../../core/market-calendar/sessions.ts";
import { DAY, HOUR, MINUTE, startOfDay } from "../../core/time.ts";
import type { FakeCandle } from "./candle-faults.ts";

/** About what these cost, so that the answers look like themselves. Shares of the JSE are in cents. */
const DEFAULT_PRICES: Partial<Record<string, number>> = {
  BTC: 65_000,
  ETH: 1_900,
  SOL: 75,
  XRP: 1.2,
  DOGE: 0.075,
  "EUR/USD": 1.12,
  "GBP/USD": 1.32,
  "USD/ZAR": 16.6,
  "EUR/ZAR": 18.6,
  "USD/JPY": 158,
  AAPL: 335,
  MSFT: 515,
  "JSE:NPN": 70_800,
  "JSE:SOL": 23_600,
};

/** FNV-1a: the same number for the same text everywhere. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return value;
}

/** Whether an upstream lists a symbol: all do, but those that begin with NOSUCH. */
export const isListed = (symbol: string): boolean => !symbol.toUpperCase().startsWith("NOSUCH");

/** How many decimals a price of this size is written with. */
export function decimalsOf(name: string): number {
  if (name.startsWith("JSE:")) return 0;
  const usual = basePrice(name);
  return usual < 0.01 ? 8 : usual < 20 ? 5 : 2;
}

const basePrice = (name: string): number =>
  DEFAULT_PRICES[name] ?? (name.startsWith("JSE:") ? 1000 : 1) * (5 + (hash(name) % 40_000) / 100);

/**
 * What something costs at an instant: the same for the same name and whole second, always, since some upstreams say their time to
 * the second only. It swings by a few percent over hours, days and weeks, so that prices of one name never agree with another's.
 */
export function priceOf(name: string, time: number): number {
  const second = Math.floor(time);
  const phase = (hash(name) / 2 ** 32) * 2 * Math.PI;
  const swing = (share: number, period: number) => share * Math.sin((2 * Math.PI * second) / period + phase);
  const price = basePrice(name) * (1 + swing(0.004, 6 * HOUR) + swing(0.02, 3 * DAY) + swing(0.03, 40 * DAY));
  return Number(price.toFixed(decimalsOf(name)));
}

/** One candle's numbers. */
export interface FakeBar {
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
}

/** What was traded from `from` to `to`. */
export function barOf(name: string, from: number, to: number): FakeBar {
  const step = Math.max(MINUTE, (to - from) / 288);
  const prices = [priceOf(name, from)];
  for (let time = from + step; time < to; time += step) prices.push(priceOf(name, time));
  prices.push(priceOf(name, to));
  const perSecond = 1 + (hash(name) % 50);
  return {
    open: prices[0],
    high: Math.max(...prices),
    low: Math.min(...prices),
    close: prices[prices.length - 1],
    volume: Math.round(perSecond * Math.max(1, to - from)),
  };
}

/**
 * The candle of a bucket as it stands at `now`.
 * @param seconds how long candles of its interval are, by which they are numbered
 */
export function candleOf(name: string, bucket: Bucket, seconds: number, now: number): FakeCandle {
  const { time, opens, closes } = bucket;
  const number = Math.floor(time / seconds);
  const bar = barOf(name, opens, Math.min(closes, Math.max(now, opens)));
  return { time, stamp: time * 1000, closes, isClosed: closes <= now, number, ...bar };
}

/** What a session's quote says. */
export interface FakeSession extends FakeBar {
  date: number;
  previousClose: number;
  /** When the price was true. */
  time: number;
}

/** The session that is open at `now`, or the last one. */
export function sessionQuote(name: string, market: Market, now: number): FakeSession | null {
  let session: Session | null = previousSession(market, startOfDay(now) + 2 * DAY);
  while (session && session.open > now) session = previousSession(market, session.date);
  const before = session && previousSession(market, session.date);
  if (!session || !before) return null;
  const time = Math.min(now, session.close);
  const bar = barOf(name, session.open, time);
  return { ...bar, date: session.date, previousClose: priceOf(name, before.close), time };
}
