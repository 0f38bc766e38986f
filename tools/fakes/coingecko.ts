import { bucketsBetween } from "../../core/buckets.ts";
import type { Interval } from "../../core/interval.ts";
import { MARKETS } from "../../core/market-calendar/markets.ts";
import { DAY, HOUR, isoTime, MINUTE } from "../../core/time.ts";
import { CRYPTO_PAIRS } from "../../storage/registry/reference/crypto.ts";
import type { FakeCandle } from "./candle-faults.ts";
import { barOf, candleOf, isListed, priceOf } from "./prices.ts";
import { type FakeAnswer, type FakeRequest, type FakeUpstream, listed, notFound, ok, okSeries } from "./upstream.ts";

const CODES = new Map(
  CRYPTO_PAIRS.map(({ symbol, provider_symbols }) => [provider_symbols.coingecko ?? "", symbol.split("/")[0]]),
);

/** The code of a coin, by which it costs the same here as on an exchange. */
const codeOf = (id: string): string => CODES.get(id) ?? id.toUpperCase();

function marketOf(id: string, now: number) {
  const code = codeOf(id);
  const bar = barOf(code, now - DAY, now);
  const change = bar.close - bar.open;
  return {
    id,
    symbol: code.toLowerCase(),
    name: id,
    image: "",
    current_price: bar.close,
    market_cap: Math.round(bar.close * 1e7),
    market_cap_rank: 1,
    fully_diluted_valuation: null,
    total_volume: bar.volume * bar.close,
    high_24h: bar.high,
    low_24h: bar.low,
    price_change_24h: change,
    price_change_percentage_24h: (change / bar.open) * 100,
    roi: null,
    last_updated: isoTime(now),
  };
}

function markets(url: URL, now: number): FakeAnswer {
  const ids = listed(url.searchParams.get("ids"));
  const rows = ids.filter(isListed).map((id) => marketOf(id, now));
  return ok("coins/markets", ids, rows);
}

function ohlc(id: string, url: URL, now: number): FakeAnswer {
  const days = Number(url.searchParams.get("days"));
  const named: Partial<Record<string, Interval>> = { hourly: "1h", daily: "1d" };
  const interval = named[url.searchParams.get("interval") ?? ""] ?? (days <= 2 ? "30m" : "4h");
  const buckets = bucketsBetween(MARKETS.CRYPTO, interval, Math.ceil(now - days * DAY), now, 5000);
  const candles = buckets.map((bucket) => candleOf(codeOf(id), bucket, bucket.closes - bucket.time, now));
  return okSeries("coins/ohlc", [id], {
    candles,
    // They are stamped with their end.
    write: (rows) =>
      rows.map(({ time, stamp, closes, open, high, low, close }) => {
        return [stamp + (closes - time) * 1000, open, high, low, close];
      }),
  });
}

function chart(id: string, url: URL, now: number): FakeAnswer {
  const days = url.searchParams.get("days") === "max" ? 3650 : Number(url.searchParams.get("days"));
  const automatic = days <= 1 ? 5 * MINUTE : days <= 90 ? HOUR : DAY;
  const spacing = url.searchParams.get("interval") === "daily" ? DAY : automatic;
  // Prices are taken some seconds late, but for those of whole days.
  const late = spacing === DAY ? 0 : 21;
  const times: number[] = [];
  for (let time = Math.ceil((now - days * DAY) / spacing) * spacing; time + late < now; time += spacing)
    times.push(time + late);
  times.push(now);
  const candles = times.map((time): FakeCandle => {
    const price = priceOf(codeOf(id), time);
    const number = Math.floor(time / spacing);
    const prices = { open: price, high: price, low: price, close: price };
    return { time, stamp: Math.round(time * 1000), closes: time, isClosed: time < now, number, ...prices, volume: 1e9 };
  });
  return okSeries("coins/market_chart", [id], {
    candles,
    write: (rows) => ({
      prices: rows.map(({ stamp, close }) => [stamp, close]),
      market_caps: rows.map(({ stamp, open }) => [stamp, Math.round((open ?? 0) * 1e7)]),
      total_volumes: rows.map(({ stamp, volume }) => [stamp, volume]),
    }),
  });
}

function search(url: URL): FakeAnswer {
  const query = (url.searchParams.get("query") ?? "").toLowerCase();
  const coins = [...CODES]
    .filter(([id, code]) => id.includes(query) || code.toLowerCase().includes(query))
    .map(([id, code]) => ({ id, name: id, api_symbol: id, symbol: code, market_cap_rank: null }));
  return ok("search", [], { coins, exchanges: [], icos: [], categories: [], nfts: [] });
}

/** CoinGecko, of any plan. */
export const fakeCoinGecko: FakeUpstream = {
  name: "coingecko",
  answer({ url }: FakeRequest, now: number): FakeAnswer {
    const path = url.pathname.replace(/^\/api\/v3/, "");
    if (path === "/coins/markets") return markets(url, now);
    if (path === "/search") return search(url);
    const [, id, endpoint] = /^\/coins\/([^/]+)\/(ohlc|market_chart)$/.exec(path) ?? [];
    if (id === undefined) return notFound;
    if (!isListed(id)) {
      return { endpoint: `coins/${endpoint}`, symbols: [id], status: 404, body: { error: "coin not found" } };
    }
    return endpoint === "ohlc" ? ohlc(id, url, now) : chart(id, url, now);
  },
};
