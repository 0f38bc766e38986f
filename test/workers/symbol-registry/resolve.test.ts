import { describe, expect, test } from "vitest";
import { z } from "zod";
import { call, problemOf, QuoteAnswer, read, SymbolAnswer, SymbolsAnswer } from "../client.ts";

const canonical = async (path: string): Promise<string> => (await read(path, SymbolAnswer)).data.symbol;

describe("a symbol in a path", () => {
  test.each([
    ["BTC/USDT", "BTC/USDT"],
    ["BTC%2FUSDT", "BTC/USDT"],
    ["BTC%2fUSDT", "BTC/USDT"],
    ["btc/usdt", "BTC/USDT"],
    ["BTC-USDT", "BTC/USDT"],
    ["btc_usdt", "BTC/USDT"],
    ["BTCUSDT", "BTC/USDT"],
    ["binance:btcusdt", "BTC/USDT"],
    ["NPN.JO", "JSE:NPN"],
    ["npn", "JSE:NPN"],
    ["JSE:NPN", "JSE:NPN"],
    ["JSE%3ANPN", "JSE:NPN"],
    ["NASDAQ:AAPL", "AAPL"],
    ["aapl", "AAPL"],
    ["USDZAR", "USD/ZAR"],
    ["USD/ZAR", "USD/ZAR"],
    ["usdzar=x", "USD/ZAR"],
    ["%20AAPL%20", "AAPL"],
  ])("may be written %s", async (written, symbol) => {
    expect(await canonical(`/symbols/${written}`)).toBe(symbol);
    expect((await read(`/quotes/${written}`, QuoteAnswer)).data.symbol).toBe(symbol);
    const candles = await call(`/ohlcv/${written}?limit=1`);
    expect(await candles.json()).toMatchObject({ success: true, symbol });
  });

  test.each([
    ["BTC", ["BTC/USD", "BTC/USDT"]],
    ["sol", ["JSE:SOL", "SOL/USDT"]],
  ])("that stands for several is a conflict that names them: %s", async (written, candidates) => {
    for (const path of [`/symbols/${written}`, `/quotes/${written}`, `/ohlcv/${written}`]) {
      const problem = await problemOf(await call(path), "symbol.ambiguous");
      expect(problem.candidates).toEqual(candidates);
    }
  });

  test.each([
    ["AAPLE", "AAPL"],
    ["aapk", "AAPL"],
    ["MSTF", "MSFT"],
    ["BTC/USDC", "BTC/USD"],
    ["JSE:NPM", "JSE:NPN"],
    ["boeing", "BA"],
    ["EURUSDD", "EUR/USD"],
  ])("that is unknown is not found, and the nearest is suggested: %s", async (written, nearest) => {
    for (const path of [`/symbols/${written}`, `/quotes/${written}`, `/ohlcv/${written}`]) {
      const problem = await problemOf(await call(path), "symbol.not_found");
      expect(problem.suggestions).toContain(nearest);
      expect(problem.suggestions?.length).toBeLessThanOrEqual(5);
    }
  });

  test("that is like nothing has no suggestions", async () => {
    const { suggestions } = await problemOf(await call("/symbols/QQQQQQQQQQ"), "symbol.not_found");
    expect(suggestions).toEqual([]);
  });

  test.each(["x".repeat(2000), "%00", "%E0%A4%A", "€", "..%2F..", "__proto__", "constructor", "%25", "a b", "'"])(
    "that cannot be one is not found: %s",
    async (written) => {
      const problem = await problemOf(await call(`/symbols/${written}`), "symbol.not_found");
      expect(problem.detail.length).toBeLessThan(300);
    },
  );
});

describe("GET /symbols/{symbol}", () => {
  test("says the session and what is available", async () => {
    const { data } = await read("/symbols/BTC/USDT", SymbolAnswer);
    expect(data).toMatchObject({
      type: "crypto",
      primary_exchange: "BINANCE",
      currency: "USDT",
      price_unit: "USDT",
      volume_unit: "base",
      data_sources: ["simulator"],
      is_active: true,
      session: { status: "open", opens_at: null, closes_at: null, holidays_known: true },
      availability: { providers: [{ name: "simulator", state: "available" }] },
    });
    expect(data.provider_symbols.binance).toBe("BTCUSDT");
    expect(Object.keys(data.availability.intervals)).toEqual(["1m", "5m", "15m", "30m", "1h", "4h", "1d", "1w", "1M"]);
  });

  test("of a JSE share says that prices are in cents", async () => {
    const { data } = await read("/symbols/JSE:NPN", SymbolAnswer);
    expect(data).toMatchObject({ price_unit: "ZAc", currency: "ZAR", country: "ZA", volume_unit: "shares" });
  });

  test("says when the last quote was", async () => {
    const { data: quote } = await read("/quotes/LTC/USDT", QuoteAnswer);
    const { data } = await read("/symbols/LTC/USDT", SymbolAnswer);
    expect(data.availability.last_quote_at).toBe(quote.timestamp);
  });

  test("takes no query parameters", async () => {
    const { errors } = await problemOf(await call("/symbols/AAPL?fields=name"), "request.invalid");
    expect(errors).toEqual([{ in: "query", path: "fields", message: "is not a parameter of this route" }]);
  });
});

describe("GET /symbols/{symbol}/validate", () => {
  const Validation = z.object({
    success: z.literal(true),
    data: z.object({
      valid: z.boolean(),
      canonical: z.string().nullable(),
      reason: z.string().nullable(),
      suggestions: z.array(z.string()),
    }),
    timestamp: z.string(),
  });
  const verdict = async (written: string) => (await read(`/symbols/${written}/validate`, Validation)).data;

  test.each(["BTC/USDT", "BTC%2FUSDT", "btcusdt"])("of a symbol or an alias names the symbol: %s", async (written) => {
    expect(await verdict(written)).toEqual({ valid: true, canonical: "BTC/USDT", reason: null, suggestions: [] });
  });

  test("of an unknown one answers 200 all the same, with a reason", async () => {
    const answer = await verdict("AAPLE");
    expect(answer).toMatchObject({ valid: false, canonical: null });
    expect(answer.reason).not.toBe("");
    expect(answer.suggestions[0]).toBe("AAPL");
  });

  test("of an ambiguous one lists what it may stand for", async () => {
    expect(await verdict("ETH")).toMatchObject({ valid: false, canonical: null, suggestions: ["ETH/USD", "ETH/USDT"] });
  });

  test("of a symbol that is called like a route is no trouble", async () => {
    expect(await verdict("streaming")).toMatchObject({ valid: false });
    expect((await read("/symbols?search=validate", SymbolsAnswer)).data).toEqual([]);
  });
});
