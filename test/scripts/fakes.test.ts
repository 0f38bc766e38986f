import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Instrument, instrumentOf } from "../../contracts/symbol.ts";
import { candleAt } from "../../core/candles.ts";
import { isoTime } from "../../core/time.ts";
import { providerOf } from "../../providers/catalogue.ts";
import {
  type CallContext,
  type CandleRequest,
  failure,
  isFailure,
  type Listing,
  type Provider,
} from "../../providers/provider.ts";
import { REFERENCE_SYMBOLS } from "../../storage/registry/reference-data.ts";
import { priceOf } from "../../tools/fakes/prices.ts";
import { type FakeName, type Fakes, startFakes } from "../../tools/fakes/start.ts";

/** A Friday in the sessions of Johannesburg and New York. */
const NOW = Date.UTC(2026, 10, 20, 14, 47, 20) / 1000;

let fakes: Fakes;
beforeAll(async () => {
  fakes = await startFakes({ now: () => NOW });
});
afterAll(() => fakes.close());
afterEach(async () => {
  for (const name of Object.keys(fakes.servers)) await fakes.misbehave(name as FakeName, []);
});

const context = (timeout = 5000): CallContext => ({
  fetch: (request) => fetch(request),
  now: () => NOW,
  signal: AbortSignal.timeout(timeout),
});

function provider(name: FakeName): Provider {
  const built = providerOf(name, fakes.variables);
  if ("disabled" in built) throw new Error(built.disabled);
  return built;
}

function listing(symbol: string, providerSymbol: string): Listing {
  const record = REFERENCE_SYMBOLS.find((candidate) => candidate.symbol === symbol);
  if (!record) throw new Error(`${symbol} is not in the registry`);
  const instrument: Instrument = instrumentOf(record);
  return { instrument, providerSymbol };
}

const SYMBOLS: Record<FakeName, Listing> = {
  binance: listing("BTC/USDT", "BTCUSDT"),
  coingecko: listing("BTC/USD", "bitcoin"),
  alpha_vantage: listing("AAPL", "AAPL"),
  jse: listing("JSE:NPN", "NPN"),
};
const NAMES = Object.keys(SYMBOLS) as FakeName[];

async function quoteOf(name: FakeName, asked = SYMBOLS[name], timeout = 5000) {
  const quote = (await provider(name).quotes([asked], context(timeout))).get(asked.instrument.symbol);
  if (!quote) throw new Error("no outcome");
  return quote;
}

describe("well-behaved", () => {
  test.each([
    ["binance", "BTC", NOW],
    ["coingecko", "BTC", NOW],
    ["alpha_vantage", "AAPL", NOW],
    ["jse", "JSE:NPN", NOW - 900],
  ] as const)("%s quotes what its price is", async (name, priced, time) => {
    expect(await quoteOf(name)).toMatchObject({ price: priceOf(priced, time), provider: name });
  });

  test.each([
    ["binance", SYMBOLS.binance, "1m", 60],
    ["binance", SYMBOLS.binance, "1w", 604_800],
    ["coingecko", SYMBOLS.coingecko, "30m", 1800],
    ["coingecko", SYMBOLS.coingecko, "1d", 86_400],
    ["alpha_vantage", SYMBOLS.alpha_vantage, "5m", 300],
    ["alpha_vantage", SYMBOLS.alpha_vantage, "1d", 86_400],
    ["alpha_vantage", listing("EUR/USD", "EUR/USD"), "1h", 3600],
    ["alpha_vantage", listing("EUR/USD", "EUR/USD"), "1d", 86_400],
    ["jse", SYMBOLS.jse, "1d", 86_400],
  ] as const)("%s has candles of %o every %s", async (name, asked, interval, seconds) => {
    const from = NOW - Math.min(30 * seconds, 20 * 86_400) - 7 * 86_400 * Number(seconds === 604_800);
    const request = { listing: asked, interval, from, to: NOW };
    const answer = await provider(name).candles(request, context());
    if (isFailure(answer)) throw new Error(answer.reason);
    expect(answer.candles.length).toBeGreaterThan(3);
    for (let i = 0; i < answer.candles.length; i++) {
      const { time, high, low, close } = candleAt(answer.candles, i);
      expect(time, isoTime(time)).toBeLessThanOrEqual(NOW);
      expect(high).toBeGreaterThanOrEqual(close ?? Number.NaN);
      expect(low).toBeLessThanOrEqual(close ?? Number.NaN);
    }
  });

  test.each([
    ["binance", listing("BTC/USDT", "NOSUCHUSDT")],
    ["coingecko", listing("BTC/USD", "nosuch-coin")],
    ["alpha_vantage", listing("AAPL", "NOSUCH")],
    ["jse", listing("JSE:NPN", "NOSUCH")],
  ] as const)("%s does not know what is not listed", async (name, asked) => {
    expect(await quoteOf(name, asked)).toMatchObject({ reason: "unknown_symbol" });
  });

  test("Binance's calls are counted by endpoint and symbol", async () => {
    const before = fakes.servers.binance.calls().total;
    await quoteOf("binance");
    const response = await fetch(`${fakes.servers.binance.url}/calls`);
    expect(await response.json()).toMatchObject({ total: before + 1, endpoints: { "ticker/24hr": {} } });
    const { log } = fakes.servers.binance.calls();
    expect(log.at(-1)).toMatchObject({ endpoint: "ticker/24hr", symbols: ["BTCUSDT"], status: 200, fault: null });
  });

  test("what to do wrong is checked", async () => {
    await expect(fakes.misbehave("binance", [{ kind: "explode" }])).rejects.toThrow(/binance refused/);
  });
});

describe("misbehaving", () => {
  test.each([
    [{ kind: "server_error" }, failure("server_error")],
    [{ kind: "throttle", retry_after: 7 }, failure("throttled", 7)],
    [{ kind: "throttle", retry_after: "none" }, failure("throttled")],
    [{ kind: "html" }, failure("bad_answer")],
    [{ kind: "truncated" }, failure("bad_answer")],
    [{ kind: "wrong_types" }, failure("bad_answer")],
    [{ kind: "nulls" }, failure("bad_answer")],
    [{ kind: "reset" }, failure("unreachable")],
    [{ kind: "hang" }, failure("timeout")],
    [{ kind: "stall" }, failure("timeout")],
  ] as const)("with %j every provider ends in %j", async (fault, outcome) => {
    for (const name of NAMES) {
      await fakes.misbehave(name, [fault]);
      expect(await quoteOf(name, SYMBOLS[name], 400), name).toEqual(outcome);
    }
  });

  test("Retry-After as a date is a wait of five seconds", async () => {
    await fakes.misbehave("binance", [{ kind: "throttle", retry_after: "date" }]);
    expect(await quoteOf("binance")).toEqual(failure("throttled", 5));
  });

  test("slowly, it answers late", async () => {
    await fakes.misbehave("jse", [{ kind: "slow", delay_ms: 200 }]);
    const began = Date.now();
    expect(isFailure(await quoteOf("jse"))).toBe(false);
    expect(Date.now() - began).toBeGreaterThanOrEqual(195);
  });

  test("with stale data its own time says so", async () => {
    await fakes.misbehave("binance", [{ kind: "stale", seconds: 3600 }]);
    expect(await quoteOf("binance")).toMatchObject({
      timestamp: isoTime(NOW - 3600),
      price: priceOf("BTC", NOW - 3600),
    });
  });

  test("with a glitch prices are a hundred times too large", async () => {
    await fakes.misbehave("jse", [{ kind: "glitch", factor: 100 }]);
    expect(await quoteOf("jse")).toMatchObject({ price: priceOf("JSE:NPN", NOW - 900) * 100 });
  });

  test.each([
    ["throttled", failure("throttled", 1)],
    ["quota_spent", failure("quota_spent")],
    ["premium_only", failure("premium_only")],
    ["demo_key", failure("demo_key")],
    ["bad_key", failure("bad_key")],
    ["bad_call", failure("bad_call")],
  ] as const)("Alpha Vantage refuses as %s", async (refusal, outcome) => {
    await fakes.misbehave("alpha_vantage", [{ kind: "refuse", refusal }]);
    expect(await quoteOf("alpha_vantage")).toEqual(outcome);
  });

  test("a number of times, then well", async () => {
    await fakes.misbehave("coingecko", [{ kind: "server_error", times: 2, endpoint: "coins/markets" }]);
    const outcomes = [await quoteOf("coingecko"), await quoteOf("coingecko"), await quoteOf("coingecko")];
    expect(outcomes.map(isFailure)).toEqual([true, true, false]);
  });

  test("at random, the same way for the same seed", async () => {
    const run = async () => {
      await fakes.misbehave("binance", [{ kind: "html", probability: 0.5 }], 42);
      const outcomes: boolean[] = [];
      for (let i = 0; i < 12; i++) outcomes.push(isFailure(await quoteOf("binance")));
      return outcomes;
    };
    const first = await run();
    expect(new Set(first).size).toBe(2);
    expect(await run()).toEqual(first);
  });
});

describe("candles that misbehave", () => {
  const FROM = NOW - 20 - 3 * 3600;
  const minutes = { listing: SYMBOLS.binance, interval: "1m", from: FROM, to: NOW } as const;

  async function candlesOf(name: FakeName, request: CandleRequest) {
    const answer = await provider(name).candles(request, context());
    if (isFailure(answer)) throw new Error(answer.reason);
    return answer;
  }

  const requests = (from: number): Record<FakeName, CandleRequest> => ({
    binance: minutes,
    coingecko: { listing: SYMBOLS.coingecko, interval: "1d", from, to: NOW },
    alpha_vantage: { listing: SYMBOLS.alpha_vantage, interval: "1d", from, to: NOW },
    jse: { listing: SYMBOLS.jse, interval: "1d", from, to: NOW },
  });

  test("empty: every provider has an answer without candles", async () => {
    for (const [name, request] of Object.entries(requests(NOW - 60 * 86_400)) as [FakeName, CandleRequest][]) {
      await fakes.misbehave(name, [{ kind: "empty" }]);
      expect(await candlesOf(name, request), name).toMatchObject({ candles: { length: 0 }, leftOutCount: 0 });
    }
  });

  test("off_grid: those of the range that it names are left out", async () => {
    await fakes.misbehave("binance", [{ kind: "off_grid", from: FROM + 600, to: FROM + 1200 }]);
    const answer = await candlesOf("binance", minutes);
    expect(answer.leftOutCount).toBe(10);
    expect(answer.leftOut[0]).toMatchObject({ time: FROM + 600 + 3.489, check: "off_grid" });
    expect(answer.candles.length).toBe(181 - 10);
  });

  test("revise: closed candles of the range close elsewhere, and hold together", async () => {
    const before = await candlesOf("binance", minutes);
    await fakes.misbehave("binance", [{ kind: "revise", from: FROM + 600 }]);
    const after = await candlesOf("binance", minutes);
    expect(after.leftOutCount).toBe(0);
    const factors = Array.from(after.candles.close, (close, i) => close / before.candles.close[i]);
    expect(factors.slice(0, 10)).toEqual(Array(10).fill(1));
    for (const factor of factors.slice(10, -1)) expect(factor).toBeCloseTo(1.01, 6);
    // The last one still forms.
    expect(factors.at(-1)).toBe(1);
  });

  test("odd_rows: every provider leaves them out and keeps the others", async () => {
    for (const [name, request] of Object.entries(requests(NOW - 90 * 86_400)) as [FakeName, CandleRequest][]) {
      const whole = await candlesOf(name, request);
      await fakes.misbehave(name, [{ kind: "odd_rows" }]);
      const answer = await candlesOf(name, request);
      expect(answer.candles.length + answer.leftOutCount, name).toBe(whole.candles.length);
      expect(new Set(answer.leftOut.map(({ check }) => check)), name).toEqual(new Set(["no_price", "impossible"]));
      // A seventh, an eleventh of the others, a thirteenth of the rest: near a quarter.
      expect(answer.leftOutCount / whole.candles.length).toBeGreaterThan(0.15);
      expect(answer.leftOutCount / whole.candles.length).toBeLessThan(0.4);
    }
  });
});

describe("Binance's history", () => {
  const klines = async (query: string): Promise<number[]> => {
    const url = `${fakes.servers.binance.url}/api/v3/klines?symbol=BTCUSDT&${query}`;
    const response = await fetch(url, { headers: { "User-Agent": "a-test/1.0" } });
    const rows: unknown = await response.json();
    return Array.isArray(rows) ? rows.map(([openTime]) => Number(openTime)) : [];
  };
  const at = (time: string): number => Date.parse(time);

  test("begins on 17 August 2017, a week and a month with the bucket that holds it", async () => {
    expect((await klines("interval=1d&startTime=0&limit=2")).map((time) => isoTime(time / 1000))).toEqual([
      "2017-08-17T00:00:00.000Z",
      "2017-08-18T00:00:00.000Z",
    ]);
    expect(await klines("interval=1w&startTime=0&limit=1")).toEqual([at("2017-08-14T00:00:00Z")]);
    expect(await klines("interval=1M&startTime=0&limit=1")).toEqual([at("2017-08-01T00:00:00Z")]);
    expect(await klines(`interval=1h&startTime=0&endTime=${at("2017-08-16T00:00:00Z")}`)).toEqual([]);
  });

  test("is answered from startTime on, both ends included, 500 or at most 1,000 at once", async () => {
    const start = at("2019-03-01T00:00:00Z");
    expect(await klines(`interval=1m&startTime=${start}&endTime=${start + 120_000}`)).toEqual([
      start,
      start + 60_000,
      start + 120_000,
    ]);
    expect(await klines(`interval=1m&startTime=${start}&limit=5000`)).toHaveLength(1000);
    expect(await klines(`interval=1m&startTime=${start + 1}`)).toHaveLength(500);
    expect((await klines(`interval=1m&startTime=${start + 1}`))[0]).toBe(start + 60_000);
  });

  test("is the latest without startTime", async () => {
    const now = Math.floor(NOW / 60) * 60_000;
    expect(await klines("interval=1m&limit=2")).toEqual([now - 60_000, now]);
    const end = at("2019-03-01T00:00:00Z");
    expect(await klines(`interval=1h&endTime=${end}&limit=2`)).toEqual([end - 3_600_000, end]);
  });
});

describe("npm run start:fakes", () => {
  let child: ChildProcess | null = null;
  afterAll(() => void child?.kill());

  test("prints what to put into .dev.vars, and stops on a signal", async () => {
    child = spawn(process.execPath, [join(import.meta.dirname, "..", "..", "tools", "start-fakes.ts")]);
    const started = child;
    const printed = await new Promise<string>((resolve, reject) => {
      let text = "";
      started.stderr?.on("data", (part) => reject(new Error(String(part))));
      started.stdout?.on("data", (part) => {
        text += part;
        if (text.includes("/calls")) resolve(text);
      });
    });
    const url = /^BINANCE_BASE_URL="(http:\/\/127\.0\.0\.1:\d+)"$/m.exec(printed)?.[1];
    expect(printed).toMatch(/^MARKET_MODE="live"$/m);
    const prices = `${url}/api/v3/ticker/price?symbol=BTCUSDT`;
    expect((await fetch(prices, { headers: { "User-Agent": "a-test/1.0" } })).status).toBe(200);
    expect((await fetch(prices)).status).toBe(403);
    const gone = new Promise<number | null>((resolve) => started.once("exit", resolve));
    started.kill("SIGTERM");
    expect(await gone).toBe(0);
  });
});
