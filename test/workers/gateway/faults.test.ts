import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { HealthSchema } from "../../../contracts/health.ts";
import { HEALTH_CACHE_MS } from "../../../workers/gateway/health-checks.ts";
import { ADMIN, bodyOf, call, problemOf, QuoteAnswer, QuotesAnswer, SymbolAnswer, SymbolWritten } from "../client.ts";
import { bearer, callWith, createKey } from "../keys.ts";

/** What the platform itself says where a store is out of reach; no one outside may see it. */
const CAUSE = "D1_ERROR: Network connection lost to 10.0.0.7";

const broken = () => Promise.reject(new Error(CAUSE));

/** A binding whose methods of these names do something else. */
function instead<T extends object>(binding: T, methods: Record<string, unknown>): T {
  return new Proxy(binding, {
    get: (target, name) => {
      if (typeof name === "string" && Object.hasOwn(methods, name)) return methods[name];
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

const throwing = () => {
  throw new Error(CAUSE);
};

/** A database that cannot even be begun with. */
const noDatabase = { DB: instead(env.DB, { withSession: throwing, prepare: throwing, batch: throwing }) };

/** A database whose every query fails on its way. */
function failingDatabase() {
  const statement = instead(env.DB.prepare("select 1"), { all: broken, run: broken, raw: broken, first: broken });
  const prepared = { prepare: () => instead(statement, { bind: () => statement }), batch: broken };
  return { DB: instead(env.DB, { ...prepared, withSession: () => instead(env.DB.withSession(), prepared) }) };
}

const noCache = { CACHE: instead(env.CACHE, { get: broken, put: broken, delete: broken }) };

/** Rooms of which those of the named symbols throw, or all of them. */
const throwingRooms = (symbols?: readonly string[]) => ({
  SYMBOL_ROOM: instead(env.SYMBOL_ROOM, {
    getByName: (name: string) => (!symbols || symbols.includes(name) ? throwing() : env.SYMBOL_ROOM.getByName(name)),
  }),
});

const noMeters = { USAGE_METER: instead(env.USAGE_METER, { getByName: throwing }) };

let logged: string[] = [];

beforeEach(() => {
  logged = [];
  for (const level of ["log", "error"] as const) {
    vi.spyOn(console, level).mockImplementation((line: unknown) => {
      logged.push(String(line));
    });
  }
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

let elapsed = 0;

/** Moves the clock on; it never goes back, not even from one test to the next. */
function pass(ms: number): void {
  elapsed += ms;
  vi.useRealTimers();
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + elapsed });
}

/** Lets what isolates keep for seconds run out. */
const secondsPass = () => pass(HEALTH_CACHE_MS + 3_000);

async function healthWith(bindings: Partial<Env>, status: number) {
  secondsPass();
  return bodyOf(await callWith(bindings, "/health"), HealthSchema, status);
}

/** An answer that says that a part is away: with a time to come back, and without a word about the inside. */
async function unavailable(response: Response, code: Parameters<typeof problemOf>[1]) {
  expect(Number(response.headers.get("Retry-After"))).toBeGreaterThan(0);
  const problem = await problemOf(response, code, 503);
  expect(JSON.stringify(problem)).not.toMatch(/D1|SQL|10\.0\.0\.7|\.ts:/);
  return problem;
}

describe.each([
  ["cannot be begun with", () => noDatabase],
  ["fails each query", failingDatabase],
])("with a registry that %s", (_, database) => {
  test("symbols that were asked for lately still have quotes, candles and indicators", async () => {
    const reads = [
      "/quotes/AAPL",
      "/quotes?symbols=AAPL,BTC/USDT",
      "/ohlcv/AAPL?limit=3",
      "/indicators/AAPL?data_points=3",
    ];
    for (const path of reads) expect((await callWith({}, path)).status).toBe(200);
    secondsPass();
    for (const path of reads) expect((await callWith(database(), path)).status, path).toBe(200);
    expect(logged.join("\n")).toContain("symbols are taken from memory");
  });

  test("what no client asked for lately is unavailable, and its cause is logged once and shown to no caller", async () => {
    const reads = ["/quotes/MSFT", "/quotes?symbols=AAPL,MSFT", "/symbols", "/symbols/AAPL", "/symbols?search=apple"];
    for (const path of reads) {
      logged = [];
      await unavailable(await callWith(database(), path), "service.unavailable");
      expect(logged.filter((line) => line.includes(CAUSE))).toHaveLength(1);
    }
  });

  test("writes change nothing and may be repeated", async () => {
    const symbol = {
      symbol: `LOST${_.length}`,
      name: "Lost",
      type: "stock",
      primary_exchange: "NYSE",
      currency: "USD",
    };
    const headers = { ...ADMIN, "Content-Type": "application/json", "Idempotency-Key": `lost-${_.length}` };
    const write = { method: "POST", headers, body: JSON.stringify(symbol) };
    const { detail } = await unavailable(await callWith(database(), "/symbols", write), "service.unavailable");
    expect(detail).toContain("Whether anything was changed is not known");
    await problemOf(await call(`/symbols/${symbol.symbol}`), "symbol.not_found");
    await bodyOf(await callWith({}, "/symbols", write), SymbolWritten, 201);
  });

  test("a key that is trusted goes on, and one that is not known here is not let in", async () => {
    const [known, unknown] = [await createKey(["read"]), await createKey(["read"])];
    expect((await callWith({}, "/types", { headers: bearer(known.key) })).status).toBe(200);
    expect((await callWith(database(), "/types", { headers: bearer(known.key) })).status).toBe(200);
    await unavailable(await callWith(database(), "/types", { headers: bearer(unknown.key) }), "service.unavailable");
  });

  test("a key is good although its use cannot be noted", async () => {
    const { key } = await createKey(["read"]);
    const write = instead(env.DB.prepare("update api_keys set name = name"), { run: broken });
    const session = () => {
      const real = env.DB.withSession();
      const prepare = (query: string) =>
        /^update/i.test(query) ? instead(write, { bind: () => write }) : real.prepare(query);
      return instead(real, { prepare });
    };
    const readOnly = { DB: instead(env.DB, { withSession: session }) };
    expect((await callWith(readOnly, "/types", { headers: bearer(key) })).status).toBe(200);
    expect(logged.join("\n")).toContain("recording a key's use");
  });

  test("health is unhealthy", async () => {
    const health = await healthWith(database(), 503);
    expect(health).toMatchObject({ status: "unhealthy", checks: { d1: "unhealthy", kv: "healthy" } });
    expect(health.services["symbol-registry"]).toBe("unhealthy");
  });
});

describe("with a cache that fails", () => {
  test("reads answer from their rooms, and health is degraded", async () => {
    secondsPass();
    for (const path of ["/quotes/JSE:NPN", "/ohlcv/JSE:NPN?limit=3", "/indicators/JSE:NPN?data_points=3"]) {
      expect((await callWith(noCache, path)).status, path).toBe(200);
    }
    expect(await healthWith(noCache, 200)).toMatchObject({ status: "degraded", checks: { kv: "unhealthy" } });
  });
});

describe("with a room that throws", () => {
  test("a quote is the last that was published to all regions, as old as it is, or unavailable", async () => {
    const { data } = await bodyOf(await callWith({}, "/quotes/ETH/USDT"), QuoteAnswer);
    await vi.waitFor(async () => expect(await env.CACHE.get("quote:ETH/USDT")).not.toBeNull(), 20_000);
    pass(600_000);
    const response = await callWith(throwingRooms(), "/quotes/ETH/USDT");
    expect(response.headers.get("Cache-Status")).toBe("kv; hit");
    const late = (await bodyOf(response, QuoteAnswer)).data;
    expect(late).toMatchObject({ price: data.price, freshness: "stale" });
    expect(late.age_seconds).toBeGreaterThanOrEqual(600);
    const { last_known } = await unavailable(
      await callWith(throwingRooms(), "/quotes/ETH/USDT?max_age=60"),
      "quote.too_old",
    );
    expect(last_known?.price).toBe(data.price);
    await unavailable(await callWith(throwingRooms(), "/quotes/EUR/USD"), "quote.unavailable");
  });

  test("candles and indicators are unavailable, a symbol's facts are there, and the cause is logged", async () => {
    for (const path of ["/ohlcv/GBP/USD", "/indicators/GBP/USD"]) {
      logged = [];
      await unavailable(await callWith(throwingRooms(), path), "candles.unavailable");
      expect(logged.filter((line) => line.includes("a room failed") && line.includes(CAUSE))).toHaveLength(1);
    }
    const { data } = await bodyOf(await callWith(throwingRooms(), "/symbols/GBP/USD"), SymbolAnswer);
    expect(data.availability).toMatchObject({ last_quote_at: null, intervals: {} });
  });

  test("the others of a batch answer", async () => {
    const rooms = throwingRooms(["MSFT"]);
    const quotes = await bodyOf(await callWith(rooms, "/quotes?symbols=MSFT,NVDA"), QuotesAnswer);
    expect(Object.keys(quotes.data)).toEqual(["NVDA"]);
    expect(quotes.errors).toMatchObject({ MSFT: { code: "quote.unavailable", status: 503 } });
    const calculation = {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ symbols: ["MSFT", "NVDA"], indicators: ["RSI"] }),
    };
    const Results = z.looseObject({
      results: z.record(z.string(), z.unknown()),
      errors: z.record(z.string(), z.unknown()),
    });
    const answer = Results.parse(await (await callWith(rooms, "/calculate", calculation)).json());
    expect([Object.keys(answer.results), Object.keys(answer.errors)]).toEqual([["NVDA"], ["MSFT"]]);
  });

  test("a symbol can be added all the same", async () => {
    const body = JSON.stringify({
      symbol: "ROOMY",
      name: "x",
      type: "stock",
      primary_exchange: "NYSE",
      currency: "USD",
    });
    const write = { method: "POST", headers: { ...ADMIN, "Content-Type": "application/json" }, body };
    await bodyOf(await callWith(throwingRooms(), "/symbols", write), SymbolWritten, 201);
    await bodyOf(await call("/symbols/ROOMY"), SymbolAnswer);
  });

  test("health is unhealthy where no room answers", async () => {
    const health = await healthWith(throwingRooms(), 503);
    expect(health).toMatchObject({ status: "unhealthy", checks: { durable_objects: "unhealthy", d1: "healthy" } });
  });
});

describe("with usage meters that are down", () => {
  test("requests pass, the log says so, and health is degraded", async () => {
    const { key, prefix } = await createKey(["read"]);
    for (let i = 0; i < 5; i++) {
      const response = await callWith(noMeters, "/types", { headers: bearer(key) });
      expect([response.status, response.headers.get("RateLimit")]).toEqual([200, null]);
    }
    const warnings = logged.filter((line) => line.includes("a usage meter does not answer; requests pass"));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(prefix);
    expect(warnings[0]).not.toContain(key);
    await unavailable(await callWith(noMeters, "/usage", { headers: bearer(key) }), "service.unavailable");
    expect(await healthWith(noMeters, 200)).toMatchObject({
      status: "degraded",
      checks: { durable_objects: "degraded" },
    });
  });
});

describe("with rate-limit guards that fail", () => {
  const noGuards = {
    BURST_GUARD: { limit: broken },
    MINUTE_GUARD: { limit: broken },
  };

  test("callers without a key pass, wrong keys are refused as ever, and the failures are counted", async () => {
    expect((await callWith(noGuards, "/quotes/AAPL")).status).toBe(200);
    await problemOf(await callWith(noGuards, "/types", { headers: bearer("wrong") }), "auth.invalid");
    const metrics = await (await callWith({}, "/metrics", { headers: ADMIN })).text();
    expect(metrics).toMatch(/^wizdata_guard_failures_total [1-9]/m);
  });
});

describe("a database that says", () => {
  test.each([
    ["database is locked: SQLITE_BUSY", 503],
    ["database or disk is full: SQLITE_FULL", 503],
    ["attempt to write a readonly database: SQLITE_READONLY", 503],
    ["database disk image is malformed: SQLITE_CORRUPT", 503],
    ["unable to open database file: SQLITE_CANTOPEN", 503],
    ["disk I/O error: SQLITE_IOERR", 503],
    ["D1 DB is overloaded. Too many requests queued.", 503],
    ["no such column: nonsense: SQLITE_ERROR", 500],
    ["UNIQUE constraint failed: symbols.name: SQLITE_CONSTRAINT", 500],
  ])("%s is answered with %i, for reads and for writes", async (words, status) => {
    const complaining = () => Promise.reject(new Error(`D1_ERROR: ${words}`));
    const statement = instead(env.DB.prepare("select 1"), {
      ...{ all: complaining, run: complaining, raw: complaining, first: complaining },
    });
    const prepared = { prepare: () => instead(statement, { bind: () => statement }), batch: complaining };
    const DB = instead(env.DB, { ...prepared, withSession: () => instead(env.DB.withSession(), prepared) });
    const write = {
      method: "PUT",
      headers: { ...ADMIN, "Content-Type": "application/json" },
      body: '{"ceo":"No one"}',
    };
    for (const [path, init] of [
      ["/symbols?limit=3", {}],
      ["/symbols/NFLX", write],
      ["/admin/audit", { headers: ADMIN }],
    ] as const) {
      const response = await callWith({ DB }, path, init);
      const text = await response.text();
      expect(response.status, `${path} ${text}`).toBe(status);
      expect(text).not.toMatch(/SQLITE|D1_ERROR|locked|malformed/);
      if (status === 503) expect(response.headers.get("Retry-After")).toBe("5");
    }
  });
});

describe("with objects of the stream that are down", () => {
  const without = (name: "STREAM_HUB" | "STREAM_DIRECTORY" | "TICKET_OFFICE") => ({
    [name]: instead<Env[typeof name]>(env[name], { getByName: throwing }),
  });

  test("what needs them is unavailable, its cause is logged and shown to no caller, and quotes go on", async () => {
    const socket = { headers: { Upgrade: "websocket" } };
    const asked: [ReturnType<typeof without>, string, RequestInit][] = [
      [without("STREAM_HUB"), "/ws", socket],
      [without("STREAM_HUB"), "/stream/BTC/USDT", {}],
      [without("STREAM_DIRECTORY"), "/status", {}],
      [without("STREAM_DIRECTORY"), "/connections", {}],
      [without("STREAM_DIRECTORY"), "/subscriptions", {}],
      [without("TICKET_OFFICE"), "/tickets", { method: "POST" }],
      [without("TICKET_OFFICE"), `/ws?ticket=${"0".repeat(48)}`, socket],
    ];
    for (const [bindings, path, init] of asked) {
      logged = [];
      await unavailable(await callWith(bindings, path, init), "service.unavailable");
      expect(
        logged.filter((line) => line.includes(CAUSE)),
        path,
      ).toHaveLength(1);
      await bodyOf(await callWith(bindings, "/quotes/BTC/USDT"), QuoteAnswer);
    }
  });
});

describe("health", () => {
  test("does not wait for a store that never answers", async () => {
    const silent = { CACHE: instead(env.CACHE, { get: () => new Promise(() => {}) }) };
    expect(await healthWith(silent, 200)).toMatchObject({ status: "degraded", checks: { kv: "unhealthy" } });
  });

  test("in live mode is degraded by a provider's gate that does not answer, for the others do", async () => {
    const gates = { PROVIDER_GATE: instead(env.PROVIDER_GATE, { getByName: throwing }), MARKET_MODE: "live" };
    const health = await healthWith(gates, 200);
    expect(health.status).toBe("degraded");
    expect(health.checks.providers.binance).toEqual({ status: "degraded", detail: "its gate does not answer" });
  });

  test("is asked of the stores once in a few seconds", async () => {
    let asked = 0;
    const counted = {
      CACHE: instead(env.CACHE, {
        get: async () => {
          asked++;
          return null;
        },
      }),
    };
    secondsPass();
    for (let i = 0; i < 10; i++) await callWith(counted, "/health");
    expect(asked).toBe(1);
  });
});
