import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { StoredQuote } from "../../contracts/quote.ts";
import { deleteCachedQuote, readCachedQuotes, writeCachedQuote } from "../../storage/quote-cache.ts";

const quote = (symbol: string, price: number): StoredQuote => ({
  ...{ symbol, price, change: null, change_percent: null, open: null, high: null, low: null, previous_close: null },
  ...{ volume: null, market_cap: null, bid: null, ask: null, window: "24h", currency: "USDT", price_unit: "USDT" },
  ...{ volume_unit: "base", exchange: "BINANCE", price_basis: "exchange", provider: "binance", simulated: false },
  ...{ timestamp: "2026-11-18T15:30:19.000Z", received_at: "2026-11-18T15:30:20.000Z", epoch: "a", seq: 1 },
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe("the quote cache", () => {
  test("returns what was written, and nothing for what was not", async () => {
    await writeCachedQuote(env.CACHE, quote("BTC/USDT", 1.5));
    const found = await readCachedQuotes(env.CACHE, ["BTC/USDT", "ETH/USDT"]);
    expect([...found]).toEqual([["BTC/USDT", quote("BTC/USDT", 1.5)]]);
  });

  test("reads more symbols than KV takes in one go", async () => {
    const symbols = Array.from({ length: 250 }, (_, i) => `A${i}/USDT`);
    for (const symbol of [symbols[0], symbols[120], symbols[249]]) await writeCachedQuote(env.CACHE, quote(symbol, 2));
    const found = await readCachedQuotes(env.CACHE, symbols);
    expect([...found.keys()]).toEqual([symbols[0], symbols[120], symbols[249]]);
  });

  test("forgets a quote that was taken back", async () => {
    await writeCachedQuote(env.CACHE, quote("XRP/USDT", 2));
    await deleteCachedQuote(env.CACHE, "XRP/USDT");
    expect((await readCachedQuotes(env.CACHE, ["XRP/USDT"])).size).toBe(0);
    await deleteCachedQuote(env.CACHE, "XRP/USDT");
  });

  test("takes a value that is no quote for none", async () => {
    await env.CACHE.put("quote:SOL/USDT", JSON.stringify({ ...quote("SOL/USDT", 1), seq: 0 }));
    expect((await readCachedQuotes(env.CACHE, ["SOL/USDT"])).size).toBe(0);
  });

  test("knows nothing while it is out of order, and does not fail its readers and writers", async () => {
    const logged = vi.spyOn(console, "log").mockImplementation(() => undefined);
    const broken = new Proxy(env.CACHE, {
      get: () => () => Promise.reject(new Error("KV GET failed: 503")),
    });
    expect((await readCachedQuotes(broken, ["BTC/USDT"])).size).toBe(0);
    await writeCachedQuote(broken, quote("BTC/USDT", 1));
    await deleteCachedQuote(broken, "BTC/USDT");
    expect(logged).toHaveBeenCalledTimes(3);
  });

  test("does not take a text that is no JSON for a reason to fail", async () => {
    vi.spyOn(console, "log").mockImplementation(() => undefined);
    await env.CACHE.put("quote:ADA/USDT", "not json");
    await writeCachedQuote(env.CACHE, quote("DOT/USDT", 3));
    expect((await readCachedQuotes(env.CACHE, ["ADA/USDT"])).size).toBe(0);
  });
});
