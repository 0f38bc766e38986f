import { bucketAt, bucketsBefore, bucketsBetween } from "../../core/buckets.ts";
import { INTERVALS } from "../../core/interval.ts";
import { MARKETS } from "../../core/market-calendar/markets.ts";
import { DAY } from "../../core/time.ts";
import type { FakeCandle } from "./candle-faults.ts";
import { barOf, candleOf, isListed, priceOf } from "./prices.ts";
import { type FakeAnswer, type FakeRequest, type FakeUpstream, notFound, ok, okSeries } from "./upstream.ts";

/** The coin of a pair: `BTCUSDT` costs what a bitcoin does. */
const coinOf = (pair: string): string => pair.replace(/(USDT|USDC|USD)$/, "");
const text = (value: number): string => value.toFixed(8);

/** When the exchange opened, unix seconds: it has no candles of before. */
const OPENED = Date.UTC(2017, 7, 17) / 1000;

const INVALID_SYMBOL = { code: -1121, msg: "Invalid symbol." };

function tickerOf(symbol: string, now: number) {
  const coin = coinOf(symbol);
  const bar = barOf(coin, now - DAY, now);
  const change = bar.close - bar.open;
  return {
    symbol,
    priceChange: text(change),
    priceChangePercent: ((change / bar.open) * 100).toFixed(3),
    weightedAvgPrice: text((bar.high + bar.low) / 2),
    prevClosePrice: text(bar.open),
    lastPrice: text(bar.close),
    lastQty: "0.01000000",
    bidPrice: text(bar.close * 0.9999),
    bidQty: "1.00000000",
    askPrice: text(bar.close * 1.0001),
    askQty: "1.00000000",
    openPrice: text(bar.open),
    highPrice: text(bar.high),
    lowPrice: text(bar.low),
    volume: text(bar.volume),
    quoteVolume: text(bar.volume * bar.close),
    openTime: Math.round((now - DAY) * 1000),
    closeTime: Math.round(now * 1000),
    firstId: 1,
    lastId: 1000,
    count: 1000,
  };
}

/** One symbol that is not listed fails the call of all. */
function tickers(url: URL, now: number): FakeAnswer {
  const one = url.searchParams.get("symbol");
  const symbols: string[] = one ? [one] : JSON.parse(url.searchParams.get("symbols") ?? "[]");
  if (!symbols.every(isListed)) return { endpoint: "ticker/24hr", symbols, status: 400, body: INVALID_SYMBOL };
  const rows = symbols.map((symbol) => tickerOf(symbol, now));
  return ok("ticker/24hr", symbols, one ? rows[0] : rows);
}

function klines(url: URL, now: number): FakeAnswer {
  const symbol = url.searchParams.get("symbol") ?? "";
  const interval = INTERVALS.find((name) => name === url.searchParams.get("interval"));
  const limit = Math.min(Number(url.searchParams.get("limit") ?? 500), 1000);
  if (!interval || !isListed(symbol))
    return { endpoint: "klines", symbols: [symbol], status: 400, body: INVALID_SYMBOL };
  const startTime = url.searchParams.get("startTime");
  const to = Math.min(Number(url.searchParams.get("endTime") ?? now * 1000) / 1000, now) + 0.001;
  const opening = bucketAt(MARKETS.CRYPTO, interval, OPENED)?.time ?? OPENED;
  const from = Math.max(Math.ceil(Number(startTime ?? 0) / 1000), opening);
  // Without a beginning the latest are meant.
  const buckets =
    startTime === null
      ? bucketsBefore(MARKETS.CRYPTO, interval, Math.ceil(to), limit, from)
      : bucketsBetween(MARKETS.CRYPTO, interval, from, to, limit);
  const candles = buckets.map((bucket) => candleOf(coinOf(symbol), bucket, bucket.closes - bucket.time, now));
  return okSeries("klines", [symbol], { candles, write: (rows) => rows.map(klineOf) });
}

function klineOf({ stamp, open, high, low, close, volume, closes }: FakeCandle): unknown[] {
  const prices = [open, high, low, close].map((price) => (price === null ? null : text(price)));
  const quoteVolume = text(volume * (close ?? 0));
  return [stamp, ...prices, text(volume), closes * 1000 - 1, quoteVolume, 100, text(volume / 2), text(0), "0"];
}

/** Binance's public market data. */
export const fakeBinance: FakeUpstream = {
  name: "binance",
  answer({ url }: FakeRequest, now: number): FakeAnswer {
    switch (url.pathname) {
      case "/api/v3/ticker/24hr":
        return tickers(url, now);
      case "/api/v3/klines":
        return klines(url, now);
      case "/api/v3/ticker/price": {
        const symbol = url.searchParams.get("symbol") ?? "";
        return ok("ticker/price", [symbol], { symbol, price: text(priceOf(coinOf(symbol), now)) });
      }
      default:
        return notFound;
    }
  },
};
