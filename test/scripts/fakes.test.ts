import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Instrument, instrumentOf } from "../../contracts/symbol.ts";
import { candleAt } from "../../core/candles.ts";
import { isoTime } from "../../core/time.ts";
import { providerOf } from "../../providers/catalogue.ts";
import { type CallContext, failure, isFailure, type Listing, type Provider } from "../../providers/provider.ts";
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
