import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { StoredQuoteSchema } from "../../../contracts/quote.ts";
import { marketOf } from "../../../core/market-calendar/markets.ts";
import { sessionOn } from "../../../core/market-calendar/sessions.ts";
import { clearQuotes } from "../../../workers/market-data/quote-reader.ts";
import {
  bodyOf,
  call,
  importCandles,
  problemOf,
  QuoteAnswer,
  QuotesAnswer,
  read,
  SymbolsAnswer,
  send,
} from "../client.ts";

/** A Wednesday: the JSE has closed, New York trades (10:30), forex and crypto too. */
const WEDNESDAY = Date.parse("2026-11-25T15:30:00.250Z");
const SATURDAY = Date.parse("2026-11-28T12:00:00.250Z");

beforeEach(() => {
  vi.setSystemTime(WEDNESDAY);
  clearQuotes();
});

afterEach(() => {
  vi.useRealTimers();
});

const pass = (milliseconds: number) => vi.setSystemTime(Date.now() + milliseconds);

const FIELDS = [
  ...["symbol", "price", "change", "change_percent", "open", "high", "low", "previous_close", "volume", "market_cap"],
  ...["bid", "ask", "window", "currency", "price_unit", "volume_unit", "exchange", "price_basis", "timestamp"],
  ...["received_at", "provider", "simulated", "freshness", "age_seconds", "market_status", "epoch", "seq"],
];

describe("GET /quotes/{symbol}", () => {
  test.each(["BTC/USDT", "AAPL", "JSE:NPN", "USD/ZAR", "BTC/USD"])("has every field of a quote: %s", async (symbol) => {
    const { data } = await read(`/quotes/${symbol}`, QuoteAnswer);
    expect(Object.keys(data).sort()).toEqual(FIELDS.toSorted());
    expect(data).toMatchObject({ symbol, provider: "simulator", simulated: true, market_cap: null });
    const { price, low, high, bid, ask, previous_close: before, change, change_percent: percent } = data;
    const [last, bottom, top, prior] = [price ?? 0, low ?? 0, high ?? 0, before ?? 0];
    expect(last).toBeGreaterThanOrEqual(bottom);
    expect(last).toBeLessThanOrEqual(top);
    expect(bid ?? 0).toBeLessThan(ask ?? 0);
    expect(change).toBeCloseTo(last - prior, 8);
    expect(percent).toBeCloseTo((100 * (last - prior)) / prior, 3);
    expect(Date.parse(data.timestamp)).toBeLessThanOrEqual(Date.parse(data.received_at));
    expect(data.age_seconds).toBeCloseTo((Date.now() - Date.parse(data.timestamp)) / 1000, 3);
  });

  test("of a crypto pair covers 24 hours, of a share its session, in its own units", async () => {
    const pair = (await read("/quotes/BTC/USDT", QuoteAnswer)).data;
    expect(pair).toMatchObject({ window: "24h", currency: "USDT", price_unit: "USDT", volume_unit: "base" });
    expect(pair).toMatchObject({ exchange: "BINANCE", freshness: "live", market_status: "open" });
    const share = (await read("/quotes/JSE:NPN", QuoteAnswer)).data;
    expect(share).toMatchObject({ window: "session", currency: "ZAR", price_unit: "ZAc", volume_unit: "shares" });
    expect(Number.isInteger(share.price)).toBe(true);
    expect((await read("/quotes/USD/ZAR", QuoteAnswer)).data).toMatchObject({ volume: null, volume_unit: null });
  });

  test("after the close is the close, and says so", async () => {
    const close = sessionOn(marketOf("JSE"), WEDNESDAY / 1000)?.close ?? 0;
    const { data } = await read("/quotes/JSE:NPN", QuoteAnswer);
    expect(data).toMatchObject({ freshness: "closed", market_status: "closed" });
    expect(Date.parse(data.timestamp) / 1000).toBe(close);
  });

  test("has a weak ETag over its state, and answers 304 while that holds", async () => {
    const first = await call("/quotes/JSE:SBK");
    const etag = first.headers.get("ETag") ?? "";
    const { data } = await bodyOf(first, QuoteAnswer);
    expect(etag).toBe(`W/"${data.epoch}-${data.seq}-closed-closed"`);
    pass(60_000);
    const later = await call("/quotes/JSE:SBK", { headers: { "If-None-Match": etag } });
    expect(later.status).toBe(304);
    expect(await later.text()).toBe("");
    expect(later.headers.get("Cache-Control")).toMatch(/^public, max-age=\d+$/);
    expect(later.headers.get("X-Correlation-ID")).toBeTruthy();
    expect((await call("/quotes/JSE:SBK", { headers: { "If-None-Match": "*" } })).status).toBe(304);
    expect((await call("/quotes/JSE:SBK", { headers: { "If-None-Match": 'W/"x", "y"' } })).status).toBe(200);
  });

  test("changes its ETag with the market's status alone", async () => {
    const before = (await call("/quotes/JSE:SBK")).headers.get("ETag");
    vi.setSystemTime(Date.parse("2026-11-26T06:45:00Z"));
    clearQuotes();
    const auction = await call("/quotes/JSE:SBK", { headers: { "Cache-Control": "no-cache" } });
    expect(await auction.clone().json()).toMatchObject({ data: { market_status: "pre" } });
    expect(auction.headers.get("ETag")).not.toBe(before);
  });

  test("answers HEAD as GET, without a body", async () => {
    const head = await call("/quotes/JSE:SBK", { method: "HEAD" });
    const get = await call("/quotes/JSE:SBK");
    expect(head.status).toBe(200);
    expect(await head.text()).toBe("");
    for (const name of ["ETag", "Content-Type", "Cache-Control"])
      expect(head.headers.get(name)).toBe(get.headers.get(name));
    expect((await call("/quotes/NOSUCH", { method: "HEAD" })).status).toBe(404);
  });

  test("may be kept for a second while its market is open, and for longer while it is closed", async () => {
    expect((await call("/quotes/BTC/USDT")).headers.get("Cache-Control")).toBe("public, max-age=1");
    expect((await call("/quotes/JSE:NPN")).headers.get("Cache-Control")).toBe("public, max-age=15");
    vi.setSystemTime(Date.parse("2026-11-26T06:59:56Z"));
    expect((await call("/quotes/JSE:NPN")).headers.get("Cache-Control")).toBe("public, max-age=4");
  });

  test.each([
    "symbol=x",
    "maxage=1",
    "max_age=-1",
    "max_age=1.5",
    "max_age=abc",
    "max_age=",
    "max_age=1e3",
    "max_age=99999999999",
  ])("refuses %s by name", async (query) => {
    const { errors } = await problemOf(await call(`/quotes/AAPL?${query}`), "request.invalid");
    expect(errors).toMatchObject([{ in: "query", path: query.split("=")[0] }]);
  });
});

describe("the tier that answered", () => {
  const tierOf = async (symbol: string, headers: HeadersInit = {}, query = ""): Promise<string | null> => {
    const response = await call(`/quotes/${symbol}${query}`, { headers });
    expect(response.status).toBe(200);
    return response.headers.get("Cache-Status");
  };
  const shared = (symbol: string, after = 0) =>
    vi.waitFor(async () => {
      const quote = StoredQuoteSchema.parse(await env.CACHE.get(`quote:${symbol}`, "json"));
      expect(quote.seq).toBeGreaterThan(after);
      return quote;
    }, 10_000);

  test("is the provider first, then memory, then the room; no-cache goes past the caches", async () => {
    expect(await tierOf("XRP/USDT")).toBe("provider; fwd=miss");
    expect(await tierOf("XRP/USDT")).toBe("memory; hit");
    expect(await tierOf("XRP/USDT", { "Cache-Control": "no-cache" })).toBe("room; hit");
    pass(1_100);
    expect(await tierOf("XRP/USDT", { "Cache-Control": "max-age=0, no-cache" })).toBe("provider; fwd=miss");
  });

  test("is KV where another isolate's quote is young enough, and memory knows it from then on", async () => {
    await tierOf("BNB/USDT");
    const kept = await shared("BNB/USDT");
    clearQuotes();
    pass(2_000);
    const response = await call("/quotes/BNB/USDT");
    expect(response.headers.get("Cache-Status")).toBe("kv; hit");
    expect((await bodyOf(response, QuoteAnswer)).data).toMatchObject({ seq: kept.seq, price: kept.price });
    expect(await tierOf("BNB/USDT")).toBe("memory; hit");
    clearQuotes();
    expect(await tierOf("BNB/USDT", { "Cache-Control": "no-cache" })).toBe("provider; fwd=miss");
  });

  test("is not KV where its quote is too old, for the platform or for the caller", async () => {
    await tierOf("LINK/USDT");
    await shared("LINK/USDT");
    clearQuotes();
    pass(6_000);
    expect(await tierOf("LINK/USDT")).toBe("provider; fwd=miss");
    pass(10_000);
    await tierOf("LINK/USDT", { "Cache-Control": "no-cache" });
    const { seq } = await shared("LINK/USDT", 2);
    clearQuotes();
    pass(3_000);
    const young = await call("/quotes/LINK/USDT?max_age=2");
    expect(young.headers.get("Cache-Status")).toBe("provider; fwd=miss");
    expect((await bodyOf(young, QuoteAnswer)).data.seq).toBeGreaterThan(seq);
    clearQuotes();
    expect(await tierOf("LINK/USDT", {}, "?max_age=600")).toBe("kv; hit");
  });

  test("is not KV where its value is none of ours", async () => {
    await env.CACHE.put("quote:DOGE/USDT", '{"symbol":"DOGE/USDT","price":"free"}');
    expect(await tierOf("DOGE/USDT")).toBe("provider; fwd=miss");
  });

  test("of a batch names each that helped", async () => {
    await tierOf("AVAX/USDT");
    const response = await call("/quotes?symbols=AVAX/USDT,TRX/USDT");
    expect(response.headers.get("Cache-Status")).toBe("memory; hit, provider; fwd=miss");
  });
});

describe("max_age", () => {
  test("of nothing cannot be met by a price that is a quarter of a second old; the last known one is returned", async () => {
    const response = await call("/quotes/BTC/USDT?max_age=0");
    expect(response.headers.get("Retry-After")).toBe("5");
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    const problem = await problemOf(response, "quote.too_old");
    expect(problem.last_known).toMatchObject({ symbol: "BTC/USDT", simulated: true, age_seconds: 0.25 });
  });

  test("that is met is an ordinary answer", async () => {
    const { data } = await read("/quotes/BTC/USDT?max_age=1", QuoteAnswer);
    expect(data.age_seconds).toBeLessThanOrEqual(1);
  });

  test("that the memory cannot meet goes on to the room", async () => {
    const { data: first } = await read("/quotes/ETH/USDT", QuoteAnswer);
    pass(950);
    const { data } = await read("/quotes/ETH/USDT?max_age=1", QuoteAnswer);
    expect(data.age_seconds).toBeLessThanOrEqual(1);
    expect(data.seq).toBeGreaterThanOrEqual(first.seq);
  });

  test("counts open-market seconds: Friday's close is good on Saturday", async () => {
    vi.setSystemTime(SATURDAY);
    for (const symbol of ["AAPL", "JSE:NPN", "USD/ZAR"]) {
      const { data } = await read(`/quotes/${symbol}?max_age=0`, QuoteAnswer);
      expect(data.age_seconds).toBeGreaterThan(12 * 3600);
      expect(data).toMatchObject({ freshness: "closed", market_status: "closed" });
    }
    await problemOf(await call("/quotes/BCH/USDT?max_age=0"), "quote.too_old");
  });

  test("is checked by the calendar for imported data too", async () => {
    const rows = [{ line: 1, time: "2026-11-24", close: 228.5 }];
    expect((await importCandles({ symbol: "PFE", interval: "1d", rows })).status).toBe(200);
    // Tuesday's close in New York is 21:00 UTC; on Wednesday at 15:30:00.25 trading has gone on for an hour.
    const { last_known } = await problemOf(await call("/quotes/PFE?max_age=3600"), "quote.too_old");
    expect(last_known).toMatchObject({
      price: 228.5,
      provider: "import",
      simulated: false,
      freshness: "historical",
      timestamp: "2026-11-24T21:00:00.000Z",
      change: null,
      change_percent: null,
      open: null,
    });
    expect((await read("/quotes/PFE?max_age=3601", QuoteAnswer)).data.price).toBe(228.5);
    vi.setSystemTime(Date.parse("2026-11-25T14:29:59Z"));
    expect((await read("/quotes/PFE?max_age=0", QuoteAnswer)).data.age_seconds).toBeGreaterThan(17 * 3600);
  });
});

/** The problem of a batch in which nothing succeeded: its `errors` are by symbol. */
async function failedBatch(response: Response, status: number) {
  expect(response.headers.get("Content-Type")).toBe("application/problem+json");
  const errors = z.record(z.string(), z.looseObject({ code: z.string(), status: z.number() }));
  return bodyOf(response, z.looseObject({ success: z.literal(false), code: z.string(), errors }), status);
}

describe("GET /quotes", () => {
  test("maps canonical symbols to quotes, and says what was resolved and what failed", async () => {
    const body = await read("/quotes?symbols=btcusdt,AAPL,NPN.JO,AAPLE,BTC", QuotesAnswer);
    expect(Object.keys(body.data).sort()).toEqual(["AAPL", "BTC/USDT", "JSE:NPN"]);
    expect(body.count).toBe(3);
    expect(body.resolved).toEqual({ btcusdt: "BTC/USDT", "NPN.JO": "JSE:NPN" });
    expect(body.errors.AAPLE).toMatchObject({ code: "symbol.not_found", status: 404, suggestions: ["AAPL"] });
    expect(body.errors.BTC).toMatchObject({ code: "symbol.ambiguous", status: 409 });
    for (const quote of Object.values(body.data)) expect(Object.keys(quote).sort()).toEqual(FIELDS.toSorted());
  });

  test("takes the parameter repeated, and a symbol asked for twice or in two ways is answered once", async () => {
    const body = await read("/quotes?symbols=AAPL,%20aapl&symbols=MSFT&symbols=NASDAQ:AAPL,AAPL", QuotesAnswer);
    expect(Object.keys(body.data).sort()).toEqual(["AAPL", "MSFT"]);
    expect(body.resolved).toEqual({ aapl: "AAPL", "NASDAQ:AAPL": "AAPL" });
    expect(body.errors).toEqual({});
  });

  test("takes 100 symbols and refuses 101, none, and an empty list", async () => {
    const { data } = await read("/symbols?limit=100", SymbolsAnswer);
    const hundred = data.map((record) => encodeURIComponent(record.symbol));
    expect(hundred.length).toBeGreaterThan(90);
    const filled = [...hundred, ...Array.from({ length: 100 - hundred.length }, (_, i) => `NOSUCH${i}`)];
    const body = await read(`/quotes?symbols=${filled.join(",")}`, QuotesAnswer);
    expect(body.count).toBe(hundred.length);
    expect(body.count + Object.keys(body.errors).length).toBe(100);
    for (const query of [`?symbols=${filled.join(",")},ONEMORE`, "", "?symbols=", "?symbols=,%20,"]) {
      const { errors } = await problemOf(await call(`/quotes${query}`), "request.invalid");
      expect(errors).toMatchObject([{ in: "query", path: "symbols" }]);
    }
  });

  test("in which nothing is found is 404, with each error", async () => {
    const { code, errors } = await failedBatch(await call("/quotes?symbols=NOSUCHA,NOSUCHB,BTC"), 404);
    expect(code).toBe("symbol.not_found");
    expect(Object.keys(errors).sort()).toEqual(["BTC", "NOSUCHA", "NOSUCHB"]);
  });

  test("in which nothing succeeds and one may later is 503", async () => {
    const response = await call("/quotes?symbols=FIL/USDT,NOSUCHA&max_age=0");
    expect(response.headers.get("Retry-After")).toBe("5");
    const { code, errors } = await failedBatch(response, 503);
    expect(code).toBe("quote.unavailable");
    expect(errors["FIL/USDT"]).toMatchObject({ code: "quote.too_old", status: 503 });
    expect(errors.NOSUCHA).toMatchObject({ code: "symbol.not_found" });
  });

  test("enforces max_age for each symbol by its own market", async () => {
    const body = await read("/quotes?symbols=ATOM/USDT,JSE:VOD&max_age=0", QuotesAnswer);
    expect(Object.keys(body.data)).toEqual(["JSE:VOD"]);
    expect(body.errors["ATOM/USDT"]).toMatchObject({ code: "quote.too_old", last_known: { symbol: "ATOM/USDT" } });
  });

  test("of symbols that are called like parts of an object is answered like any other", async () => {
    const names = ["__proto__", "constructor", "toString"];
    const response = await call(`/quotes?symbols=AAPL,${names.join(",")}`);
    expect(response.status).toBe(200);
    const text = await response.text();
    for (const name of names) expect(text).toContain(`"${name}":{"type":"/problems/symbol.not_found"`);
  });

  test("has a weak ETag that answers 304 while nothing moved", async () => {
    const path = "/quotes?symbols=JSE:NPN,JSE:SBK,NOSUCH";
    const etag = (await call(path)).headers.get("ETag") ?? "";
    expect(etag).toMatch(/^W\/"/);
    pass(30_000);
    expect((await call(path, { headers: { "If-None-Match": etag } })).status).toBe(304);
    const other = await call("/quotes?symbols=JSE:NPN,NOSUCH", { headers: { "If-None-Match": etag } });
    expect(other.status).toBe(200);
  });

  test("of a retired symbol alone is 404 with its 410 inside", async () => {
    expect((await send("DELETE", "/symbols/ETC/USDT")).status).toBe(200);
    const { errors } = await failedBatch(await call("/quotes?symbols=ETC/USDT"), 404);
    expect(errors["ETC/USDT"]).toMatchObject({ code: "symbol.inactive", status: 410 });
  });
});

describe("what a generous caller was given", () => {
  test.each([
    ["ETH/USDT", "/quotes/ETH/USDT?max_age=600"],
    ["SOL/USDT", "/quotes?symbols=SOL/USDT&max_age=600"],
  ])("is no answer to one who names no limit: %s after %s", async (symbol, generous) => {
    const plain = `/quotes/${symbol}`;
    const first = await read(plain, QuoteAnswer);
    await vi.waitFor(async () => expect(await env.CACHE.get(`quote:${symbol}`)).not.toBeNull());
    pass(70_000);
    const old = await call(generous);
    expect(old.headers.get("Cache-Status")).toContain("kv");
    await old.arrayBuffer();
    const next = await read(plain, QuoteAnswer);
    expect(next.data.freshness).toBe("live");
    expect(next.data.age_seconds).toBeLessThan(3);
    expect(next.data.seq).toBeGreaterThan(first.data.seq);
    // The generous caller shares what is fresher.
    expect((await read(`/quotes/${symbol}?max_age=600`, QuoteAnswer)).data.seq).toBe(next.data.seq);
  });
});
