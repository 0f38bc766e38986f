import { describe, expect, test } from "vitest";
import { z } from "zod";
import { ExchangeSchema } from "../../../contracts/symbol.ts";
import { marketOf } from "../../../core/market-calendar/markets.ts";
import { isOpen, nextOpen } from "../../../core/market-calendar/sessions.ts";
import { ASSET_TYPES } from "../../../core/symbol.ts";
import { isoTime } from "../../../core/time.ts";
import { REFERENCE_EXCHANGES, REFERENCE_SYMBOLS } from "../../../storage/registry/reference-data.ts";
import { bodyOf, call, linkOf, problemOf, read, SymbolsAnswer, send } from "../client.ts";

const all = REFERENCE_SYMBOLS.map((record) => record.symbol).sort();

async function symbolsOf(query: string): Promise<string[]> {
  const { data, count } = await read(`/symbols${query}`, SymbolsAnswer);
  expect(count).toBe(data.length);
  return data.map((record) => record.symbol);
}

const where = (keep: (record: (typeof REFERENCE_SYMBOLS)[number]) => boolean): string[] =>
  REFERENCE_SYMBOLS.filter(keep)
    .map((record) => record.symbol)
    .sort();

/** Follows `Link: rel="next"` to the end, and checks that `next_cursor` says the same. */
async function walk(first: string): Promise<string[][]> {
  const pages: string[][] = [];
  let path: string | null = first;
  while (path !== null) {
    const response: Response = await call(path);
    const link = linkOf(response);
    const { data, next_cursor } = await bodyOf(response, SymbolsAnswer);
    pages.push(data.map((record) => record.symbol));
    expect(pages.length).toBeLessThanOrEqual(all.length);
    const cursor = link && new URL(link.path, "https://edge.test").searchParams.get("cursor");
    expect(cursor).toBe(next_cursor);
    if (link) expect(link.relation).toBe("next");
    path = link?.path ?? null;
  }
  return pages;
}

describe("GET /symbols", () => {
  test("lists every symbol of the registry in alphabetical order", async () => {
    expect(await symbolsOf("?limit=1000")).toEqual(all);
  });

  test("answers 100 symbols by default", async () => {
    expect(await symbolsOf("")).toEqual(all.slice(0, 100));
  });

  test("keeps the facts of a symbol as the registry has them", async () => {
    const { data } = await read("/symbols?search=JSE:NPN&limit=1", SymbolsAnswer);
    const [known] = REFERENCE_SYMBOLS.filter((record) => record.symbol === "JSE:NPN");
    const answered = { aliases: known.aliases.toSorted(), data_sources: ["simulator"], exchange: "JSE" };
    expect(data[0]).toEqual({ ...known, ...answered });
  });

  test.each([
    ["?type=forex", where((r) => r.type === "forex")],
    ["?type=cryptocurrency", where((r) => r.type === "crypto")],
    ["?exchange=jse", where((r) => r.primary_exchange === "JSE")],
    ["?currency=zar&exchange=FOREX", where((r) => r.currency === "ZAR" && r.primary_exchange === "FOREX")],
    ["?country=US&sector=financials", where((r) => r.country === "US" && r.sector === "Financials")],
    [
      "?type=stock&exchange=JSE&country=ZA&sector=Financials&currency=ZAR&streaming=true",
      [...where((r) => r.primary_exchange === "JSE" && r.country === "ZA" && r.sector === "Financials")],
    ],
    ["?type=crypto&exchange=JSE", []],
    ["?streaming=false", []],
  ])("filters combine: %s", async (query, expected) => {
    expect(await symbolsOf(query)).toEqual(expected);
  });

  test("filters combine with search", async () => {
    expect(await symbolsOf("?search=sol")).toEqual(expect.arrayContaining(["JSE:SOL", "SOL/USDT"]));
    expect(await symbolsOf("?search=sol&type=crypto")).toEqual(["SOL/USDT"]);
  });

  test.each([1, 7, 50])("pages of %i walk every symbol once and end", async (limit) => {
    const pages = await walk(`/symbols?limit=${limit}`);
    expect(pages.flat()).toEqual(all);
    expect(pages.slice(0, -1).every((page) => page.length === limit)).toBe(true);
    expect(pages.at(-1)?.length).toBeGreaterThan(0);
  });

  test("pages of a search walk every find once and end, in the order of one large page", async () => {
    const whole = await symbolsOf("?search=a&limit=1000");
    expect(whole.length).toBeGreaterThan(10);
    const pages = await walk("/symbols?search=a&limit=4");
    expect(pages.flat()).toEqual(whole);
  });

  test("pages of a filtered list stay filtered", async () => {
    const pages = await walk("/symbols?type=forex&limit=3");
    expect(pages.flat()).toEqual(where((r) => r.type === "forex"));
  });

  test("a cursor that was changed, or of another question, is refused", async () => {
    const list = await read("/symbols?limit=2", SymbolsAnswer);
    const search = await read("/symbols?search=a&limit=2", SymbolsAnswer);
    const cursors = ["x", "%00", "e30", `${list.next_cursor}x`, "eyJhIjoxfQ"];
    for (const cursor of cursors) {
      const problem = await problemOf(await call(`/symbols?cursor=${cursor}`), "request.invalid");
      expect(problem.errors).toMatchObject([{ in: "query", path: "cursor" }]);
    }
    await problemOf(await call(`/symbols?search=a&cursor=${list.next_cursor}`), "request.invalid");
    await problemOf(await call(`/symbols?cursor=${search.next_cursor}`), "request.invalid");
  });

  test.each([
    ["limit=0", "limit"],
    ["limit=1001", "limit"],
    ["limit=1.5", "limit"],
    ["limit=-1", "limit"],
    ["limit=1e2", "limit"],
    ["limit=", "limit"],
    ["limit=1&limit=2", "limit"],
    ["type=bond", "type"],
    ["exchange=LSE", "exchange"],
    ["streaming=yes", "streaming"],
    ["search=", "search"],
    ["search=%20", "search"],
    [`search=${"x".repeat(101)}`, "search"],
    ["sort=name", "sort"],
    ["__proto__=1", "__proto__"],
  ])("refuses %s by name", async (query, path) => {
    const { errors, detail } = await problemOf(await call(`/symbols?${query}`), "request.invalid");
    expect(errors).toMatchObject([{ in: "query", path }]);
    expect(detail).toContain(path);
  });

  test("takes the limits of its range", async () => {
    expect(await symbolsOf("?limit=1")).toHaveLength(1);
    expect(await symbolsOf("?limit=1000")).toHaveLength(all.length);
  });

  test("has a strong ETag of its data and answers 304 to it", async () => {
    const first = await call("/symbols?limit=3");
    const etag = first.headers.get("ETag") ?? "";
    expect(etag).toMatch(/^"[0-9a-f]{32}"$/);
    const again = await call("/symbols?limit=3", { headers: { "If-None-Match": `"other", W/${etag}` } });
    expect(again.status).toBe(304);
    expect(again.headers.get("ETag")).toBe(etag);
    expect(await again.text()).toBe("");
    expect((await call("/symbols?limit=4", { headers: { "If-None-Match": etag } })).status).toBe(200);
  });
});

describe("GET /symbols/streaming/available", () => {
  test("lists the symbols that can be streamed, with filters and cursors", async () => {
    const { data } = await read("/symbols/streaming/available?limit=1000", SymbolsAnswer);
    expect(data.map((record) => record.symbol)).toEqual(where((r) => r.streaming_available));
    const pages = await walk("/symbols/streaming/available?type=crypto&limit=5");
    expect(pages.flat()).toEqual(where((r) => r.streaming_available && r.type === "crypto"));
  });

  test("leaves out a symbol whose streaming was switched off, until it is on again", async () => {
    const listed = async () =>
      (await read("/symbols/streaming/available?type=forex", SymbolsAnswer)).data.map((record) => record.symbol);
    expect((await send("PUT", "/symbols/EUR/GBP/streaming?available=false")).status).toBe(200);
    expect(await listed()).not.toContain("EUR/GBP");
    expect(await symbolsOf("?streaming=false")).toEqual(["EUR/GBP"]);
    expect((await send("PUT", "/symbols/EURGBP/streaming?available=true")).status).toBe(200);
    expect(await listed()).toContain("EUR/GBP");
  });
});

const codes = <T extends z.ZodType>(data: T) =>
  z.object({ success: z.literal(true), data: z.array(data), count: z.number(), timestamp: z.string() });

describe("GET /exchanges", () => {
  test("lists codes", async () => {
    const { data, count } = await read("/exchanges", codes(z.string()));
    expect(data).toEqual(REFERENCE_EXCHANGES.map((exchange) => exchange.code).sort());
    expect(count).toBe(data.length);
  });

  test("with detail=true says names, hours and whether each is open now", async () => {
    const before = Date.now() / 1000;
    const { data } = await read("/exchanges?detail=true", codes(ExchangeSchema));
    const after = Date.now() / 1000;
    const byCode = new Map(data.map((exchange) => [exchange.code, exchange]));
    expect(byCode.get("JSE")).toMatchObject({
      name: "Johannesburg Stock Exchange",
      country: "ZA",
      timezone: "Africa/Johannesburg",
      hours: { open: "09:00", close: "17:00", days: "Monday to Friday" },
    });
    expect(byCode.get("NYSE")).toMatchObject({
      timezone: "America/New_York",
      hours: { open: "09:30", close: "16:00" },
    });
    expect(byCode.get("FOREX")).toMatchObject({ hours: { open: "17:00", close: "17:00", days: "Sunday to Friday" } });
    expect(byCode.get("BINANCE")).toMatchObject({ is_open: true, status: "open", next_open: null, next_close: null });
    for (const exchange of data) {
      const market = marketOf(exchange.code);
      expect([isOpen(market, before), isOpen(market, after)]).toContain(exchange.is_open);
      const opens = [nextOpen(market, before), nextOpen(market, after)].map((time) => time && isoTime(time));
      expect(opens).toContain(exchange.next_open);
    }
  });
});

describe("GET /types", () => {
  test("lists codes, and with detail=true their names", async () => {
    const plain = await read("/types", codes(z.string()));
    expect(plain.data).toEqual([...ASSET_TYPES].sort());
    const { data } = await read("/types?detail=true", codes(z.object({ code: z.string(), name: z.string() })));
    expect(data.map((type) => type.code)).toEqual(plain.data);
    expect(data).toContainEqual({ code: "forex", name: "Foreign exchange" });
  });

  test("refuses a flag that is neither true nor false", async () => {
    await problemOf(await call("/types?detail=1"), "request.invalid");
    await problemOf(await call("/exchanges?detail=TRUE"), "request.invalid");
  });
});
