import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { isoTime } from "../../../core/time.ts";
import { failure } from "../../../providers/provider.ts";
import {
  calmHistory,
  connectUpstream,
  disable,
  goLive,
  type LiveUpstream,
  type MovableClock,
  startClock,
} from "../../durable-objects/live-upstream.ts";
import { ImportsAnswer, importCandles, problemOf } from "../client.ts";
import { callLive, readLive } from "./live-client.ts";

const NOW = "2026-11-18T15:30:20.250Z";
const HOUR = 3600;
const HOUR_NOW = Date.parse("2026-11-18T15:00:00Z") / 1000;

let binance: LiveUpstream;
let coingecko: LiveUpstream;
let clock: MovableClock;

beforeEach(async () => {
  clock = startClock(NOW);
  binance = await connectUpstream("binance");
  coingecko = await connectUpstream("coingecko");
  await disable("jse", "JSE_BASE_URL is not set");
  await disable("alpha_vantage", "ALPHA_VANTAGE_API_KEY is not set");
  binance.history = (interval, now) => calmHistory(interval, HOUR_NOW - 30 * HOUR, now);
});

afterEach(() => {
  vi.restoreAllMocks();
});

const CandlesBody = z.looseObject({
  data: z.array(z.looseObject({ time: z.number(), state: z.string(), suspect: z.boolean(), revision: z.number() })),
  coverage: z.looseObject({ missing: z.array(z.looseObject({ from: z.string(), reason: z.string() })) }),
  next_cursor: z.string().nullable(),
});

const candlesAt = async (path: string) => CandlesBody.parse(await readLive(path));

describe("a quote in live mode", () => {
  test("is a real one, and its trace says who answered and why others did not", async () => {
    await goLive("BTC/USDT");
    binance.quote = () => failure("throttled", 30);
    coingecko.quote = () => 95_000;
    expect(await readLive("/quotes/BTC/USDT")).toMatchObject({
      data: { price: 95_000, provider: "coingecko", simulated: false, freshness: "live" },
    });
    expect(await readLive("/admin/quotes/BTC/USDT/trace")).toMatchObject({
      data: {
        symbol: "BTC/USDT",
        sources: ["binance", "coingecko"],
        latest: { provider: "coingecko", price: 95_000 },
        attempts: [
          { provider: "binance", outcome: "failed", reason: "throttled", retry_after: 30 },
          { provider: "coingecko", outcome: "answered", reason: null, retry_after: null },
        ],
      },
    });
  });

  test("is the last known one as stale while every source fails, and unavailable after a day of open market", async () => {
    await goLive("ETH/USDT");
    await readLive("/quotes/ETH/USDT");
    for (const upstream of [binance, coingecko]) upstream.quote = () => failure("bad_answer");
    clock.advance(3_600);
    expect(await readLive("/quotes/ETH/USDT")).toMatchObject({ data: { price: 100, freshness: "stale" } });
    await problemOf(await callLive("/quotes/ETH/USDT?max_age=60"), "quote.too_old");
    clock.advance(86_400);
    const response = await callLive("/quotes/ETH/USDT");
    expect(Number(response.headers.get("Retry-After"))).toBeGreaterThan(0);
    const { detail } = await problemOf(response, "quote.unavailable");
    expect(detail).not.toContain("simulator");
  });

  test("shows in the symbol's availability, with the state of its sources and its known ranges", async () => {
    await goLive("SOL/USDT");
    await readLive("/quotes/SOL/USDT");
    await readLive("/ohlcv/SOL/USDT?interval=1h&limit=10");
    binance.quote = () => failure("throttled", 60);
    clock.advance(6);
    await readLive("/quotes/SOL/USDT");
    expect(await readLive("/symbols/SOL/USDT")).toMatchObject({
      data: {
        availability: {
          last_quote_at: expect.stringMatching(/^2026-11-18T15:30:2/),
          providers: [
            { name: "binance", state: "degraded" },
            { name: "coingecko", state: "available" },
          ],
          // Days are asked of the source as days.
          intervals: { "1h": { from: expect.anything(), to: expect.anything() } },
        },
      },
    });
  });
});

describe("a consensus", () => {
  const ask = async (symbol: string) => {
    const body = z.looseObject({ data: z.looseObject({ price: z.number(), consensus: z.unknown() }) });
    return body.parse(await readLive(`/quotes/${symbol}?consensus=true`)).data;
  };

  test("of three sources is the one in the middle, and names the one that is far from it", async () => {
    const sources = {
      data_sources: ["binance", "coingecko", "jse"],
      provider_symbols: { binance: "X", coingecko: "x", jse: "X" },
    };
    const changed = await callLive("/symbols/XRP/USDT", {
      ...{ method: "PUT", body: JSON.stringify(sources), headers: { "Content-Type": "application/json" } },
    });
    expect(changed.status).toBe(200);
    await goLive("XRP/USDT");
    const jse = await connectUpstream("jse");
    binance.quote = () => 100;
    coingecko.quote = (_, now) => ({ price: 101, timestamp: isoTime(now - 5) });
    jse.quote = () => 110;
    expect(await ask("XRP/USDT")).toMatchObject({
      price: 101,
      consensus: {
        price: 101,
        sources: [
          { provider: "binance", price: 100, deviation_percent: -0.9901, outlier: false },
          { provider: "coingecko", price: 101, deviation_percent: 0, outlier: false },
          { provider: "jse", price: 110, deviation_percent: 8.9109, outlier: true },
        ],
        outliers: ["jse"],
        silent: [],
      },
    });
  });

  test("names the sources that say nothing, and of two takes the first and says whether the other agrees", async () => {
    await goLive("ADA/USDT");
    coingecko.quote = () => 101.5;
    expect(await ask("ADA/USDT")).toMatchObject({
      price: 100,
      consensus: { price: 100, agreement: false, outliers: [], silent: [] },
    });
    coingecko.quote = () => failure("unknown_symbol");
    clock.advance(2);
    expect(await ask("ADA/USDT")).toMatchObject({
      price: 100,
      consensus: { agreement: null, silent: [{ provider: "coingecko", reason: "unknown_symbol" }] },
    });
  });
});

describe("a consensus of sources of unlike age", () => {
  const ask = async (symbol: string, query = "") => {
    const body = z.looseObject({
      data: z.looseObject({
        price: z.number(),
        provider: z.string(),
        consensus: z.looseObject({ agreement: z.boolean().nullable(), sources: z.array(z.unknown()) }),
      }),
    });
    return body.parse(await readLive(`/quotes/${symbol}?consensus=true${query}`)).data;
  };

  test("keeps to max_age", async () => {
    await goLive("LTC/USDT");
    coingecko.quote = (_, now) => ({ price: 100.2, timestamp: isoTime(now - 1) });
    binance.quote = () => failure("throttled", 1);
    await readLive("/quotes/LTC/USDT");
    clock.advance(3);
    binance.quote = (_, now) => ({ price: 100, timestamp: isoTime(now - 50) });
    expect(await ask("LTC/USDT")).toMatchObject({ price: 100, consensus: { agreement: true } });
    expect(await ask("LTC/USDT", "&max_age=20")).toMatchObject({
      price: 100.2,
      provider: "coingecko",
      consensus: { agreement: null, sources: [{ provider: "binance", included: false, reason: "too_old" }, {}] },
    });
  });

  test("does not believe a price 100 times off because it is older than the last one", async () => {
    await goLive("LINK/USDT");
    coingecko.quote = (_, now) => ({ price: 100, timestamp: isoTime(now - 1) });
    binance.quote = () => failure("throttled", 1);
    await readLive("/quotes/LINK/USDT");
    clock.advance(3);
    binance.quote = (_, now) => ({ price: 1, timestamp: isoTime(now - 50) });
    expect(await ask("LINK/USDT")).toMatchObject({
      price: 100,
      provider: "coingecko",
      consensus: { agreement: null, sources: [{ provider: "binance", included: false, reason: "doubted" }, {}] },
    });
  });
});

describe("candles in live mode", () => {
  test("are a source's own, and pages lead back to the first and end", async () => {
    await goLive("DOGE/USDT");
    const seen: number[] = [];
    let path: string | null = "/ohlcv/DOGE/USDT?interval=1h&limit=10";
    for (let pages = 0; path !== null && pages < 10; pages++) {
      const page: z.infer<typeof CandlesBody> = await candlesAt(path);
      seen.unshift(...page.data.map(({ time }) => time));
      path = page.next_cursor && `/ohlcv/DOGE/USDT?interval=1h&limit=10&cursor=${page.next_cursor}`;
    }
    expect(path).toBeNull();
    expect(seen).toEqual(Array.from({ length: 31 }, (_, i) => HOUR_NOW - (30 - i) * HOUR));
  });

  test("say the units of their source, as its quotes do, and so do indicators over them", async () => {
    await goLive("TRX/USDT");
    binance.quote = () => failure("bad_answer");
    binance.history = () => failure("bad_answer");
    coingecko.history = (interval, now) => calmHistory(interval, HOUR_NOW - 30 * HOUR, now);
    const units = { provider: "coingecko", currency: "USD", price_unit: "USD", volume_unit: "quote" };
    expect(await readLive("/ohlcv/TRX/USDT?interval=1h&limit=5")).toMatchObject(units);
    const path = "/indicators/TRX/USDT?interval=1h&indicators=SMA:3&data_points=5";
    expect(await readLive(path)).toMatchObject(units);
  });

  test("that are known are answered while every source fails, and the rest is reported as not ingested", async () => {
    await goLive("AVAX/USDT");
    await readLive(`/ohlcv/AVAX/USDT?interval=1h&limit=5&to=${HOUR_NOW - 5 * HOUR}`);
    for (const upstream of [binance, coingecko]) upstream.history = () => failure("bad_answer");
    const page = await candlesAt("/ohlcv/AVAX/USDT?interval=1h&limit=10");
    expect(page.data).toHaveLength(5);
    expect(page.coverage.missing).toMatchObject([{ from: isoTime(HOUR_NOW - 5 * HOUR), reason: "not_ingested" }]);
  });

  test("of which nothing is known are unavailable while every source fails", async () => {
    await goLive("DOT/USDT");
    for (const upstream of [binance, coingecko]) upstream.history = () => failure("bad_answer");
    const response = await callLive("/ohlcv/DOT/USDT");
    expect(Number(response.headers.get("Retry-After"))).toBeGreaterThan(0);
    await problemOf(response, "candles.unavailable");
  });

  test("that are doubted are held back with that reason, served where they are asked for, and listed once each", async () => {
    await goLive("LTC/USDT");
    const doubted = HOUR_NOW - 5 * HOUR;
    binance.history = (interval, now) =>
      calmHistory(interval, HOUR_NOW - 30 * HOUR, now).map((row) =>
        row.time === doubted ? { ...row, open: 100_000, high: 100_300, low: 99_700, close: 100_000 } : row,
      );
    const page = await candlesAt("/ohlcv/LTC/USDT?interval=1h&limit=20");
    expect(page.data.map(({ time }) => time)).not.toContain(doubted);
    expect(page.coverage.missing).toMatchObject([{ from: isoTime(doubted), reason: "suspect" }]);
    const all = await candlesAt("/ohlcv/LTC/USDT?interval=1h&limit=20&include_suspect=true");
    expect(all.data.find(({ time }) => time === doubted)).toMatchObject({ suspect: true });
    clock.advance(60);
    await readLive("/ohlcv/LTC/USDT?interval=1h&limit=25");
    const Quality = z.object({
      data: z.object({
        decisions: z.array(z.looseObject({ time: z.number(), check: z.string() })),
        counts: z.record(z.string(), z.number()),
      }),
    });
    const { data } = Quality.parse(
      Object.fromEntries(
        Object.entries(Object(await readLive("/admin/quality?symbol=LTC/USDT"))).filter(([name]) => name === "data"),
      ),
    );
    expect(data.decisions.length).toBeGreaterThan(0);
    expect(data.decisions.every(({ time }) => time === doubted)).toBe(true);
    expect(Object.values(data.counts)).toEqual(Object.values(data.counts).map(() => 1));
  });

  test("are imported ones after an import, which stands first among the sources; the price stays that of a live one", async () => {
    await goLive("LINK/USDT");
    await readLive("/ohlcv/LINK/USDT?interval=1h&limit=10");
    const rows = [{ line: 1, time: "2026-11-17", open: 10, high: 11, low: 9, close: 10, volume: 5 }];
    expect((await importCandles({ symbol: "LINK/USDT", interval: "1d", rows })).status).toBe(200);
    expect(await readLive("/symbols/LINK/USDT")).toMatchObject({
      data: { data_sources: ["import", "binance", "coingecko"] },
    });
    expect(await readLive("/quotes/LINK/USDT")).toMatchObject({
      data: { price: 100, provider: expect.stringMatching(/^(?:binance|coingecko)$/) },
    });
    expect(await readLive("/ohlcv/LINK/USDT?interval=1d")).toMatchObject({ provider: "import", data: [{ close: 10 }] });
    // Hours were not imported.
    expect(await readLive("/ohlcv/LINK/USDT?interval=1h&limit=10")).toMatchObject({ provider: "binance", count: 10 });
  });

  test("are the providers' again when the import is deleted, and so are the sources", async () => {
    const { data } = ImportsAnswer.parse(await readLive("/admin/imports?symbol=LINK/USDT"));
    await readLive(`/admin/imports/${data[0].id}`, { method: "DELETE" });
    expect(await readLive("/symbols/LINK/USDT")).toMatchObject({ data: { data_sources: ["binance", "coingecko"] } });
    expect((await candlesAt("/ohlcv/LINK/USDT?interval=1h&limit=10")).data).toHaveLength(10);
  });
});

describe("operations", () => {
  test("show every provider, open and close its breaker, and the audit log says who closed it", async () => {
    await goLive("UNI/USDT");
    binance.quote = () => failure("server_error");
    for (let i = 0; i < 6; i++) {
      clock.advance(31);
      await readLive("/quotes/UNI/USDT");
    }
    const listing = await readLive("/admin/providers");
    expect(listing).toMatchObject({
      data: [
        { provider: "binance", state: "degraded", families: { quotes: { breaker: "open" } } },
        { provider: "coingecko", state: "available" },
        { provider: "alpha_vantage", state: "disabled", disabled: "ALPHA_VANTAGE_API_KEY is not set" },
        { provider: "jse", state: "disabled" },
      ],
    });
    expect(await readLive("/health")).toMatchObject({
      status: "degraded",
      mode: "live",
      checks: {
        providers: {
          binance: { status: "degraded" },
          coingecko: { status: "healthy" },
          alpha_vantage: { status: "not_available", detail: "ALPHA_VANTAGE_API_KEY is not set" },
        },
      },
    });
    expect(await readLive("/admin/providers/binance/reset", { method: "POST" })).toMatchObject({
      data: { provider: "binance", state: "available", families: { quotes: { breaker: "closed" } } },
    });
    expect(await readLive("/admin/audit?limit=1")).toMatchObject({
      data: [{ action: "provider.reset", target: "binance", detail: { family: "quotes" } }],
    });
    await problemOf(await callLive("/admin/providers/no one/reset", { method: "POST" }), "route.not_found");
  });

  test("are for administrators", async () => {
    for (const path of ["/admin/providers", "/admin/quality", "/admin/audit", "/admin/quotes/BTC/USDT/trace"]) {
      const response = await callLive(path, { headers: { Authorization: "Bearer wrong" } });
      expect(response.status).toBe(401);
    }
  });
});

test("nothing of live mode noted a simulated price", async () => {
  const { keys } = await env.CACHE.list({ prefix: "quote:" });
  for (const { name } of keys) expect(await env.CACHE.get(name)).not.toContain('"simulated":true');
});

describe("a symbol that its sources do not know by name", () => {
  const body = z.looseObject({ code: z.string(), detail: z.string(), sources: z.array(z.unknown()) });

  test("says so in the quote's problem, in its detail and in the trace, and is served once they do", async () => {
    const added = await callLive("/symbols", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({
        symbol: "PEPE/USDT",
        name: "Pepe / Tether",
        type: "crypto",
        currency: "USDT",
        primary_exchange: "BINANCE",
        data_sources: ["binance", "coingecko"],
      }),
    });
    expect(added.status).toBe(201);
    await goLive("PEPE/USDT");
    const response = await callLive("/quotes/PEPE/USDT");
    expect(response.status).toBe(503);
    const problem = body.parse(await response.json());
    expect(problem.detail).toContain("No source of PEPE/USDT could be asked: binance and coingecko");
    expect(problem.detail).toContain("provider_symbols");
    expect(problem.sources).toEqual([
      { provider: "binance", reason: "no_provider_symbol" },
      { provider: "coingecko", reason: "no_provider_symbol" },
    ]);
    for (const path of ["/ohlcv/PEPE/USDT", "/indicators/PEPE/USDT"]) {
      const candles = await callLive(path);
      expect(candles.status).toBe(503);
      expect(body.parse(await candles.json())).toMatchObject({
        code: "candles.unavailable",
        detail: expect.stringContaining("No source of PEPE/USDT could be asked: binance and coingecko"),
        sources: problem.sources,
      });
    }
    const detail = Object(await readLive("/symbols/PEPE/USDT"));
    expect(detail.data.availability.providers).toEqual([
      { name: "binance", state: "available", reason: "no_provider_symbol" },
      { name: "coingecko", state: "available", reason: "no_provider_symbol" },
    ]);
    const trace = Object(await readLive("/admin/quotes/PEPE/USDT/trace"));
    expect(trace.data.attempts).toMatchObject([
      { provider: "binance", outcome: "not_listed", reason: "no_provider_symbol" },
      { provider: "coingecko", outcome: "not_listed", reason: "no_provider_symbol" },
    ]);
    const changed = await callLive("/symbols/PEPE/USDT", {
      method: "PUT",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ provider_symbols: { binance: "PEPEUSDT" } }),
    });
    expect(changed.status).toBe(200);
    clock.advance(2);
    expect(Object(await readLive("/quotes/PEPE/USDT")).data.provider).toBe("binance");
    const now = Object(await readLive("/symbols/PEPE/USDT"));
    expect(now.data.availability.providers[0]).toEqual({ name: "binance", state: "available", reason: null });
  });
});
