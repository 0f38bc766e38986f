import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { QuoteSchema } from "../../contracts/quote.ts";
import { bucketStamped } from "../../core/buckets.ts";
import type { Interval } from "../../core/interval.ts";
import { MARKETS } from "../../core/market-calendar/markets.ts";
import { barOf, decimalsOf, priceOf } from "../../tools/fakes/prices.ts";
import { type Fakes, startFakes } from "../../tools/fakes/start.ts";
import { CandlesSchema, HealthSchema, QuoteAnswerSchema, readJson } from "./live-answers.ts";
import { AS_ADMIN, dataFolder, type Platform, removeFolder, startPlatform } from "./platform.ts";

/** By how much a number may differ: one of its last decimals. */
const stepOf = (name: string): number => 1.01 * 10 ** -decimalsOf(name);

const SERVED = [
  {
    symbol: "BTC/USDT",
    name: "BTC",
    provider: "binance",
    units: { currency: "USDT", price_unit: "USDT", volume_unit: "base", exchange: "BINANCE" },
    basis: "exchange",
    market: MARKETS.CRYPTO,
    open: "live",
  },
  {
    symbol: "BTC/USD",
    name: "BTC",
    provider: "coingecko",
    units: { currency: "USD", price_unit: "USD", volume_unit: "quote", exchange: "CRYPTO" },
    basis: "index",
    market: MARKETS.CRYPTO,
    open: "live",
  },
  {
    symbol: "AAPL",
    name: "AAPL",
    provider: "alpha_vantage",
    units: { currency: "USD", price_unit: "USD", volume_unit: "shares", exchange: "NASDAQ" },
    basis: "exchange",
    market: MARKETS.US,
    open: "delayed",
  },
  {
    symbol: "USD/ZAR",
    name: "USD/ZAR",
    provider: "alpha_vantage",
    units: { currency: "ZAR", price_unit: "ZAR", exchange: "FOREX" },
    basis: "index",
    market: MARKETS.FOREX,
    open: "delayed",
  },
  {
    symbol: "JSE:NPN",
    name: "JSE:NPN",
    provider: "jse",
    units: { currency: "ZAR", price_unit: "ZAc", volume_unit: "shares", exchange: "JSE" },
    basis: "exchange",
    market: MARKETS.JSE,
    open: "delayed",
  },
] as const;

const CANDLES = [
  { symbol: "BTC/USDT", name: "BTC", interval: "1h", market: MARKETS.CRYPTO, provider: "binance", volume: true },
  { symbol: "BTC/USDT", name: "BTC", interval: "1d", market: MARKETS.CRYPTO, provider: "binance", volume: true },
  { symbol: "BTC/USD", name: "BTC", interval: "1d", market: MARKETS.CRYPTO, provider: "coingecko", volume: false },
  { symbol: "AAPL", name: "AAPL", interval: "1d", market: MARKETS.US, provider: "alpha_vantage", volume: true },
  { symbol: "AAPL", name: "AAPL", interval: "1h", market: MARKETS.US, provider: "alpha_vantage", volume: true },
  {
    symbol: "USD/ZAR",
    name: "USD/ZAR",
    interval: "1d",
    market: MARKETS.FOREX,
    provider: "alpha_vantage",
    volume: false,
  },
  { symbol: "JSE:NPN", name: "JSE:NPN", interval: "1d", market: MARKETS.JSE, provider: "jse", volume: true },
] as const satisfies readonly { interval: Interval; [key: string]: unknown }[];

describe("live mode, on upstreams that stand in for the real ones", () => {
  const folder = dataFolder();
  let fakes: Fakes;
  let platform: Platform;

  beforeAll(async () => {
    fakes = await startFakes();
    platform = await startPlatform(folder, { MARKET_MODE: "live", ...fakes.variables });
  });

  afterAll(async () => {
    await platform?.stop();
    await fakes?.close();
    removeFolder(folder);
  });

  test("is healthy, and every provider is there", async () => {
    const { status, mode, checks } = await readJson(platform, "/health", HealthSchema);
    expect({ status, mode }).toEqual({ status: "healthy", mode: "live" });
    const there = { status: "healthy", detail: null };
    expect(checks.providers).toEqual({ binance: there, coingecko: there, alpha_vantage: there, jse: there });
  });

  test.each(SERVED)("$symbol costs what $provider says, in its units, at its own time", async (expected) => {
    const { symbol, name, provider, units, basis } = expected;
    const { data } = await readJson(platform, `/quotes/${symbol}`, QuoteAnswerSchema);
    expect(data).toMatchObject({ symbol, provider, simulated: false, price_basis: basis, ...units });
    const time = Date.parse(data.timestamp) / 1000;
    expect(Math.abs((data.price ?? 0) - priceOf(name, time))).toBeLessThanOrEqual(stepOf(name));
    expect(Date.parse(data.timestamp)).toBeLessThanOrEqual(Date.parse(data.received_at) + 1000);
    expect(data.freshness).toBe(data.market_status === "open" ? expected.open : "closed");
    expect(data.seq).toBeGreaterThanOrEqual(1);
  });

  test("a batch of all asset classes is answered by four providers", async () => {
    const symbols = SERVED.map(({ symbol }) => symbol);
    const schema = z.object({ data: z.record(z.string(), QuoteSchema), errors: z.record(z.string(), z.unknown()) });
    const { data, errors } = await readJson(platform, `/quotes?symbols=${symbols.join()}`, schema);
    expect(errors).toEqual({});
    expect(Object.fromEntries(Object.values(data).map(({ symbol, provider }) => [symbol, provider]))).toEqual(
      Object.fromEntries(SERVED.map(({ symbol, provider }) => [symbol, provider])),
    );
  });

  test.each(CANDLES)("$interval candles of $symbol are those of $provider", async (expected) => {
    const { symbol, name, interval, market, provider } = expected;
    const path = `/ohlcv/${symbol}?interval=${interval}&limit=6`;
    const answer = await readJson(platform, path, CandlesSchema);
    expect(answer).toMatchObject({ symbol, provider, simulated: false });
    const closed = answer.data.filter(({ state }) => state !== "open");
    expect(closed.length).toBeGreaterThanOrEqual(4);
    const within = (found: number | null, true_: number) =>
      expect(Math.abs((found ?? 0) - true_)).toBeLessThanOrEqual(1e-8 + stepOf(name));
    for (const { time, open, high, low, close, volume, suspect } of closed) {
      const bucket = bucketStamped(market, interval, time);
      if (!bucket) throw new Error(`${time} opens no bucket`);
      const bar = barOf(name, bucket.opens, bucket.closes);
      within(open, bar.open);
      within(high, bar.high);
      within(low, bar.low);
      within(close, bar.close);
      expect(volume).toBe(expected.volume ? bar.volume : null);
      expect(suspect).toBe(false);
    }
  });

  test("indicators run over a provider's candles", async () => {
    const schema = z.object({
      provider: z.string(),
      simulated: z.boolean(),
      indicators: z.record(z.string(), z.unknown()),
    });
    const path = "/indicators/BTC/USDT?interval=1h&indicators=RSI,SMA&data_points=5";
    const answer = await readJson(platform, path, schema);
    expect(answer).toMatchObject({ provider: "binance", simulated: false });
    expect(answer.indicators.sma).toHaveLength(5);
  });

  test("a symbol that an upstream does not list is unavailable, and says when to ask again", async () => {
    const body = {
      symbol: "NOSUCH/USDT",
      name: "Nothing",
      type: "crypto",
      currency: "USDT",
      primary_exchange: "BINANCE",
      data_sources: ["binance"],
      provider_symbols: { binance: "NOSUCHUSDT" },
    };
    const posted = await fetch(`${platform.url}/symbols`, {
      method: "POST",
      headers: { ...AS_ADMIN, "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    expect(posted.status, await posted.text()).toBe(201);
    const response = await fetch(`${platform.url}/quotes/NOSUCH/USDT`, { headers: AS_ADMIN });
    expect(response.status).toBe(503);
    expect(Number(response.headers.get("Retry-After"))).toBeGreaterThanOrEqual(1);
    expect(await response.json()).toMatchObject({ code: "quote.unavailable" });
  });
});
