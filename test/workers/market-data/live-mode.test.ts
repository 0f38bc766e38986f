import { createExecutionContext, runInDurableObject, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UPSTREAMS } from "../../../providers/catalogue.ts";
import { app } from "../../../workers/gateway/app.ts";
import { disable } from "../../durable-objects/live-upstream.ts";
import { ADMIN, importCandles, newAddress, ORIGIN, problemOf } from "../client.ts";

/**
 * What the platform says on real providers alone. None is connected here, so whatever was not imported is unavailable:
 * nothing simulated may replace it.
 */
const live: Env = { ...env, MARKET_MODE: "live" };

const SYMBOLS = ["BTC/USDT", "AAPL", "JSE:NPN", "USD/ZAR", "MSFT", "BTC/USD"];

/** A room reads its own environment, not its caller's. */
async function setMode(symbol: string, mode: "demo" | "live"): Promise<void> {
  await runInDurableObject(env.SYMBOL_ROOM.getByName(symbol), (room) => {
    const own: unknown = Reflect.get(room, "env");
    if (typeof own !== "object" || own === null) throw new Error("a room has no environment");
    Reflect.set(room, "env", { ...own, MARKET_MODE: mode });
  });
}

async function callLive(path: string): Promise<Response> {
  const context = createExecutionContext();
  const headers = { "CF-Connecting-IP": newAddress() };
  const response = await app.fetch(new Request(`${ORIGIN}${path}`, { headers }), live, context);
  await waitOnExecutionContext(context);
  return response;
}

beforeAll(async () => {
  for (const provider of UPSTREAMS) await disable(provider, "none is connected");
  for (const symbol of SYMBOLS) await setMode(symbol, "live");
});

afterAll(async () => {
  for (const symbol of SYMBOLS) await setMode(symbol, "demo");
});

describe("in live mode", () => {
  test.each(["BTC/USDT", "AAPL", "JSE:NPN", "USD/ZAR"])(
    "a quote of %s is unavailable, never made up",
    async (symbol) => {
      const response = await callLive(`/quotes/${symbol}`);
      expect(response.headers.get("Retry-After")).toBe("60");
      const { detail } = await problemOf(response, "quote.unavailable");
      expect(detail).not.toContain("simulator");
    },
  );

  test.each(["BTC/USDT", "AAPL", "JSE:NPN", "USD/ZAR"])(
    "candles of %s are unavailable, never made up",
    async (symbol) => {
      const response = await callLive(`/ohlcv/${symbol}`);
      expect(response.headers.get("Retry-After")).toBe("60");
      await problemOf(response, "candles.unavailable");
    },
  );

  test("a simulated quote that a cache still has from the demo is not answered", async () => {
    const simulated = {
      ...{ symbol: "BTC/USD", price: 1, change: 0, change_percent: 0, open: 1, high: 1, low: 1, previous_close: 1 },
      ...{ volume: 1, market_cap: null, bid: 1, ask: 1, window: "24h", currency: "USD", price_unit: "USD" },
      ...{ volume_unit: "base", exchange: "CRYPTO", price_basis: "exchange", provider: "simulator", simulated: true },
      ...{ timestamp: new Date().toISOString(), received_at: new Date().toISOString(), epoch: "a", seq: 1 },
    };
    await env.CACHE.put("quote:BTC/USD", JSON.stringify(simulated));
    await problemOf(await callLive("/quotes/BTC/USD"), "quote.unavailable");
  });

  test("a symbol names its real sources and that they are not configured", async () => {
    const answer = await (await callLive("/symbols/BTC/USDT")).json();
    expect(answer).toMatchObject({
      data: {
        data_sources: ["binance", "coingecko"],
        availability: { last_quote_at: null, providers: [{ name: "binance" }, { name: "coingecko" }], intervals: {} },
      },
    });
    expect(JSON.stringify(answer)).not.toContain("simulator");
  });

  test("a batch in which everything is unavailable is 503", async () => {
    const response = await callLive("/quotes?symbols=BTC/USDT,AAPL");
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ code: "quote.unavailable", errors: { AAPL: { status: 503 } } });
  });

  test("imported data is served, and is not simulated", async () => {
    const rows = [{ line: 1, time: "2026-11-18", open: 430, high: 435.5, low: 428, close: 431.25, volume: 1000 }];
    expect((await importCandles({ symbol: "MSFT", interval: "1d", rows })).status).toBe(200);
    const quote = await (await callLive("/quotes/MSFT")).json();
    expect(quote).toMatchObject({ data: { price: 431.25, provider: "import", simulated: false } });
    const candles = await (await callLive("/ohlcv/MSFT?interval=1d")).json();
    expect(candles).toMatchObject({ data: [{ close: 431.25 }], provider: "import", simulated: false });
  });

  test("health says which mode it is and names no simulator", async () => {
    const health = await (await callLive("/health")).json();
    expect(health).toMatchObject({ mode: "live", status: "healthy" });
    expect(JSON.stringify(health)).not.toContain("simulator");
  });

  test("keys work as ever", async () => {
    const request = new Request(`${ORIGIN}/symbols`, { headers: { ...ADMIN } });
    expect((await app.fetch(request, live, createExecutionContext())).status).toBe(200);
  });
});
