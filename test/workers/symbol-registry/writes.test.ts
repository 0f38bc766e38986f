import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { CandlesAnswerSchema } from "../../../contracts/candle.ts";
import {
  ADMIN,
  bodyOf,
  call,
  importCandles,
  ORIGIN,
  problemOf,
  QuotesAnswer,
  read,
  SymbolAnswer,
  SymbolsAnswer,
  SymbolWritten,
  send,
} from "../client.ts";

const ACME = { symbol: "ACME", name: "Acme Corporation", type: "stock", primary_exchange: "NYSE", currency: "USD" };

const auditOf = async (target: string) =>
  (await env.DB.prepare("select actor, action, detail from audit_log where target = ? order by id").bind(target).all())
    .results;

describe("POST /symbols", () => {
  test("adds a symbol that can be read at once, under its own name and its aliases", async () => {
    const response = await send("POST", "/symbols", { ...ACME, symbol: "acme", founded: 1901, aliases: ["acm.x"] });
    expect(response.headers.get("Location")).toBe("/symbols/ACME");
    const { data } = await bodyOf(response, SymbolWritten, 201);
    expect(data).toMatchObject({
      ...ACME,
      founded: 1901,
      sector: null,
      market_cap: null,
      isin: null,
      price_unit: "USD",
      price_decimals: 2,
      volume_unit: "shares",
      streaming_available: true,
      is_active: true,
      aliases: ["ACM.X", "NYSE:ACME"],
    });
    for (const written of ["ACME", "acm.x", "NYSE:ACME"]) {
      expect((await read(`/symbols/${written}`, SymbolAnswer)).data.symbol).toBe("ACME");
    }
    const listed = await read("/symbols?search=acme", SymbolsAnswer);
    expect(listed.data.map((record) => record.symbol)).toEqual(["ACME"]);
    expect(await auditOf("ACME")).toMatchObject([{ actor: "admin-token", action: "symbol.create" }]);
  });

  test("names a symbol with a slash in Location so that it can be followed", async () => {
    const body = {
      ...ACME,
      symbol: "XYZ/USDT",
      name: "Xyz",
      type: "crypto",
      primary_exchange: "BINANCE",
      currency: "USDT",
    };
    const response = await send("POST", "/symbols", body);
    await bodyOf(response, SymbolWritten, 201);
    const location = response.headers.get("Location") ?? "";
    expect((await read(location, SymbolAnswer)).data.symbol).toBe("XYZ/USDT");
    expect((await read("/symbols/XYZUSDT", SymbolAnswer)).data.symbol).toBe("XYZ/USDT");
  });

  test("prices a JSE share in cents", async () => {
    const body = { ...ACME, symbol: "JSE:ACM", primary_exchange: "JSE", currency: "ZAR" };
    const { data } = await bodyOf(await send("POST", "/symbols", body), SymbolWritten, 201);
    expect(data).toMatchObject({ price_unit: "ZAc", price_decimals: 0, currency: "ZAR" });
    expect((await read("/symbols/ACM.JO", SymbolAnswer)).data.symbol).toBe("JSE:ACM");
  });

  test("returns a bookmark from which reads see the write", async () => {
    const response = await send("POST", "/symbols", { ...ACME, symbol: "MARK" });
    const bookmark = response.headers.get("X-D1-Bookmark") ?? "";
    expect(bookmark).not.toBe("");
    const headers = { "X-D1-Bookmark": bookmark };
    expect((await read("/symbols/MARK", SymbolAnswer, headers)).data.symbol).toBe("MARK");
    expect((await read("/symbols?search=MARK", SymbolsAnswer, headers)).count).toBe(1);
  });

  test("does not trip over a bookmark that is none", async () => {
    for (const bookmark of ["x", "first-primary", "' or 1", "0".repeat(5000)]) {
      const headers = { "X-D1-Bookmark": bookmark };
      expect((await read("/symbols/AAPL", SymbolAnswer, headers)).data.symbol).toBe("AAPL");
    }
  });

  test("refuses a symbol that is there, in any case", async () => {
    await problemOf(await send("POST", "/symbols", { ...ACME, symbol: "AAPL" }), "symbol.exists");
    await problemOf(await send("POST", "/symbols", { ...ACME, symbol: "aapl" }), "symbol.exists");
  });

  test("of one symbol twenty times at once adds it once", async () => {
    const responses = await Promise.all(
      Array.from({ length: 20 }, () => send("POST", "/symbols", { ...ACME, symbol: "RACE" })),
    );
    const statuses = responses.map((response) => response.status).sort();
    expect(statuses).toEqual([201, ...Array.from({ length: 19 }, () => 409)]);
    for (const response of responses.filter((answer) => answer.status === 409)) {
      await problemOf(response, "symbol.exists");
    }
    expect(await auditOf("RACE")).toHaveLength(1);
  });

  test.each<[string, Record<string, unknown>, string]>([
    ["no name", { name: undefined }, "name"],
    ["an empty name", { name: "  " }, "name"],
    ["a type that is none", { type: "bond" }, "type"],
    ["an exchange that is none", { primary_exchange: "LSE" }, "primary_exchange"],
    ["a currency in small letters", { currency: "usd" }, "currency"],
    ["a country that is no code", { country: "South Africa" }, "country"],
    ["a number that is not finite", { market_cap: Number.NaN }, "market_cap_is_null_and_fine"],
    ["a negative number of employees", { employees: -1 }, "employees"],
    ["an ISIN that is none", { isin: "US123" }, "isin"],
    ["an ISIN with a wrong check digit", { isin: "US0378331006" }, "isin"],
    ["a website that is a script", { website: "javascript:alert(1)" }, "website"],
    ["a symbol with spaces", { symbol: "A B" }, "symbol"],
    ["a pair as a share", { symbol: "ABC/DEF" }, "symbol"],
    ["a symbol that is too long", { symbol: "A".repeat(33) }, "symbol"],
    ["an alias that is none", { aliases: ["ok", "not ok"] }, "aliases.1"],
    ["a provider that is none", { provider_symbols: { bloomberg: "ACME" } }, "provider_symbols.bloomberg"],
    ["an unknown field", { colour: "red" }, "colour"],
    ["a field that only the platform sets", { last_updated: "2026-01-01T00:00:00.000Z" }, "last_updated"],
    ["text in place of a flag", { streaming_available: "yes" }, "streaming_available"],
  ])("refuses %s and names the field", async (_, change, path) => {
    const symbol = `BAD${path.length}`;
    const response = await send("POST", "/symbols", { ...ACME, symbol, ...change });
    if (path === "market_cap_is_null_and_fine") {
      expect(response.status).toBe(201);
      return;
    }
    const { errors } = await problemOf(response, "request.invalid");
    expect(new Set(errors?.map((error) => `${error.in} ${error.path}`))).toEqual(new Set([`body ${path}`]));
  });

  test.each([
    ["NASDAQ:AAPL", "NASDAQ", "stock"],
    ["NYSE:ACME", "NYSE", "stock"],
    ["JSE:ACME", "NYSE", "etf"],
    ["ACME", "JSE", "stock"],
    ["XNYS:ACME", "JSE", "stock"],
  ])("refuses %s on %s, which is not how it is written there", async (symbol, primary_exchange, type) => {
    const response = await send("POST", "/symbols", { ...ACME, symbol, primary_exchange, type });
    const { errors } = await problemOf(response, "request.invalid");
    expect(errors).toMatchObject([{ in: "body", path: "symbol" }]);
  });

  test("names every bad field at once", async () => {
    const { errors } = await problemOf(
      await send("POST", "/symbols", { symbol: "X", employees: 1.5 }),
      "request.invalid",
    );
    expect(errors?.map((error) => error.path).sort()).toEqual([
      "currency",
      "employees",
      "name",
      "primary_exchange",
      "type",
    ]);
  });

  test.each([
    [
      "a number too large for a double",
      '{"symbol":"INF","name":"x","type":"stock","primary_exchange":"NYSE","currency":"USD","market_cap":1e400}',
    ],
    [
      "an own __proto__",
      '{"symbol":"PRO","name":"x","type":"stock","primary_exchange":"NYSE","currency":"USD","__proto__":{"is_active":false}}',
    ],
    ["a list", "[]"],
    ["null", "null"],
    ["a text", '"ACME"'],
  ])("refuses %s", async (_, body) => {
    const headers = { ...ADMIN, "Content-Type": "application/json" };
    await problemOf(await call("/symbols", { method: "POST", headers, body }), "request.invalid");
  });

  test.each(["", "{", "{'a':1}", "\u0000", "nul"])("refuses a body that is not JSON: %j", async (body) => {
    const headers = { ...ADMIN, "Content-Type": "application/json" };
    const problem = await problemOf(await call("/symbols", { method: "POST", headers, body }), "request.invalid");
    expect(problem.errors?.[0]?.in).toBe("body");
  });

  test("refuses a body that does not say it is JSON", async () => {
    for (const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "text/json",
      "application/jsonp",
      "application/json ;x",
      "json",
    ]) {
      const init = { method: "POST", headers: { ...ADMIN, "Content-Type": type }, body: JSON.stringify(ACME) };
      await problemOf(await call("/symbols", init), "request.unsupported_media_type");
    }
  });

  test.each(["application/json; charset=utf-8", "application/problem+json", "Application/JSON"])(
    "takes %s for JSON",
    async (type) => {
      const body = JSON.stringify({ ...ACME, symbol: `J${type.length}${type.charCodeAt(0)}` });
      const response = await call("/symbols", { method: "POST", headers: { ...ADMIN, "Content-Type": type }, body });
      await bodyOf(response, SymbolWritten, 201);
    },
  );

  test("refuses a body over 1 MiB, with or without a Content-Length", async () => {
    const body = JSON.stringify({ ...ACME, symbol: "HUGE", description: "x".repeat(1024 * 1024) });
    const headers = { ...ADMIN, "Content-Type": "application/json" };
    await problemOf(await call("/symbols", { method: "POST", headers, body }), "request.too_large");
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const writing = writer.write(new TextEncoder().encode(body)).then(() => writer.close());
    const streamed = call("/symbols", { method: "POST", headers, body: readable });
    await problemOf(await streamed, "request.too_large");
    await writing.catch(() => undefined);
  });

  test("takes no query parameters", async () => {
    const { errors } = await problemOf(await send("POST", "/symbols?dry_run=true", ACME), "request.invalid");
    expect(errors).toMatchObject([{ in: "query", path: "dry_run" }]);
  });
});

describe("a write without the admin token", () => {
  const writes: [string, string, unknown][] = [
    ["POST", "/symbols", ACME],
    ["PUT", "/symbols/AAPL", { name: "x" }],
    ["DELETE", "/symbols/AAPL", undefined],
    ["PUT", "/symbols/AAPL/streaming?available=true", undefined],
    ["POST", "/admin/import", {}],
  ];

  test.each(writes)("is refused with a constant challenge: %s %s", async (method, path, body) => {
    const json: Record<string, string> = body === undefined ? {} : { "Content-Type": "application/json" };
    const text = body === undefined ? undefined : JSON.stringify(body);
    const missing = await call(path, { method, headers: json, body: text });
    expect(missing.headers.get("WWW-Authenticate")).toBe('Bearer realm="wizdata-edge"');
    await problemOf(missing, "auth.missing");
    const keys: Record<string, string>[] = [
      { Authorization: "Bearer wrong" },
      { "X-API-Key": "wrong" },
      { Authorization: "Basic eDp5" },
    ];
    for (const header of keys) {
      const wrong = await call(path, { method, headers: { ...json, ...header }, body: text });
      expect(wrong.headers.get("WWW-Authenticate")).toBe('Bearer realm="wizdata-edge"');
      await problemOf(wrong, "auth.invalid");
    }
  });

  test("is refused with X-API-Key as with Authorization, and taken with either", async () => {
    const init = { method: "PUT", headers: { "X-API-Key": "test-admin-token" } };
    expect((await call("/symbols/AAPL/streaming?available=true", init)).status).toBe(200);
    const lower = { method: "PUT", headers: { Authorization: "bearer test-admin-token" } };
    expect((await call("/symbols/AAPL/streaming?available=true", lower)).status).toBe(200);
  });

  test("a wrong key is refused on reads too", async () => {
    await problemOf(await call("/symbols", { headers: { "X-API-Key": "wrong" } }), "auth.invalid");
  });
});

describe("an ISIN whose check digit is wrong", () => {
  test.each([
    ["POST", "/symbols", { ...ACME, symbol: "BADISIN", isin: "ZAE000351949" }],
    ["PUT", "/symbols/AAPL", { isin: "US0378331006" }],
  ])("is refused by %s with the digit that would fit", async (method, path, body) => {
    const { errors } = await problemOf(await send(method, path, body), "request.invalid");
    const digit = method === "POST" ? "6" : "5";
    expect(errors).toMatchObject([{ path: "isin", message: expect.stringContaining(`check digit would be ${digit}`) }]);
  });

  test("changes nothing, and the right one is taken", async () => {
    await bodyOf(await send("PUT", "/symbols/AAPL", { isin: "US0378331005" }), SymbolWritten);
    expect((await read("/symbols/AAPL", SymbolAnswer)).data.isin).toBe("US0378331005");
  });
});

describe("PUT /symbols/{symbol}", () => {
  test("changes what it names, leaves the rest, and is in the audit log", async () => {
    const before = (await read("/symbols/MSFT", SymbolAnswer)).data;
    const change = { ceo: "A client Else", employees: 220_000, aliases: ["MICROSOFT"] };
    const { data } = await bodyOf(await send("PUT", "/symbols/NASDAQ:MSFT", change), SymbolWritten);
    expect(data).toMatchObject({ ...change, name: before.name, sector: before.sector, website: before.website });
    expect(data.last_updated > before.last_updated).toBe(true);
    const after = (await read("/symbols/microsoft", SymbolAnswer)).data;
    expect(after).toMatchObject({ symbol: "MSFT", ...change });
    const [entry] = await auditOf("MSFT");
    expect(entry).toMatchObject({ actor: "admin-token", action: "symbol.change", detail: JSON.stringify(change) });
  });

  test("makes a fact unknown with null", async () => {
    await bodyOf(await send("PUT", "/symbols/TSLA", { headquarters: null }), SymbolWritten);
    expect((await read("/symbols/TSLA", SymbolAnswer)).data.headquarters).toBeNull();
  });

  test.each<[string, unknown, string]>([
    ["nothing", {}, ""],
    ["the type", { type: "etf" }, "type"],
    ["the exchange", { primary_exchange: "NYSE" }, "primary_exchange"],
    ["the symbol", { symbol: "X" }, "symbol"],
    ["a name to null", { name: null }, "name"],
    ["an unknown field", { nickname: "x" }, "nickname"],
    ["a website to something else", { website: "ftp://x.org" }, "website"],
  ])("refuses to change %s", async (_, body, path) => {
    const { errors } = await problemOf(await send("PUT", "/symbols/AAPL", body), "request.invalid");
    expect(errors).toMatchObject([{ in: "body", path }]);
  });

  test("of an unknown or an ambiguous symbol is refused", async () => {
    await problemOf(await send("PUT", "/symbols/NOSUCH", { name: "x" }), "symbol.not_found");
    await problemOf(await send("PUT", "/symbols/BTC", { name: "x" }), "symbol.ambiguous");
  });
});

describe("the listing date of a symbol", () => {
  test("is null until known, a day of the calendar, and bounds what candles are expected", async () => {
    const listed = { ...ACME, symbol: "LISTED", listed_on: "2026-11-11" };
    expect((await bodyOf(await send("POST", "/symbols", listed), SymbolWritten, 201)).data).toMatchObject(listed);
    expect((await read("/symbols/AAPL", SymbolAnswer)).data.listed_on).toBeNull();
    const rows = ["2026-11-11", "2026-11-12"].map((time, i) => ({ line: i + 2, time, close: 10 }));
    expect((await importCandles({ symbol: "LISTED", interval: "1d", rows })).status).toBe(200);
    const path = "/ohlcv/LISTED?interval=1d&from=2026-11-02&to=2026-11-14";
    const { coverage } = await read(path, CandlesAnswerSchema);
    expect(coverage).toMatchObject({ expected: 3 });
    expect(coverage.missing).toContainEqual({
      ...{ from: "2026-11-02T00:00:00.000Z", to: "2026-11-11T00:00:00.000Z", reason: "before_listing" },
    });
    await bodyOf(await send("PUT", "/symbols/LISTED", { listed_on: null }), SymbolWritten);
    expect((await read(path, CandlesAnswerSchema)).coverage.expected).toBe(10);
    for (const listed_on of ["2026-02-30", "11/11/2026", "2026", 2026, "2026-11-11T00:00:00Z"]) {
      const { errors } = await problemOf(await send("PUT", "/symbols/LISTED", { listed_on }), "request.invalid");
      expect(errors?.[0]).toMatchObject({ in: "body", path: "listed_on" });
    }
  });
});

describe("PUT /symbols/{symbol}/streaming", () => {
  test.each(["", "?available=1", "?available=", "?available=true&x=1", "?available=true&available=false"])(
    "refuses %j",
    async (query) => {
      const { errors } = await problemOf(await send("PUT", `/symbols/BTC/USDT/streaming${query}`), "request.invalid");
      expect(errors?.[0]?.in).toBe("query");
    },
  );

  test("works for a symbol with a slash, and is in the audit log", async () => {
    for (const path of ["ETH/USDT", "ETH%2FUSDT"]) {
      const { data } = await bodyOf(await send("PUT", `/symbols/${path}/streaming?available=false`), SymbolWritten);
      expect(data).toMatchObject({ symbol: "ETH/USDT", streaming_available: false });
    }
    const entries = await auditOf("ETH/USDT");
    expect(entries).toMatchObject([{ action: "symbol.streaming" }, { action: "symbol.streaming" }]);
  });
});

describe("DELETE /symbols/{symbol}", () => {
  test("retires: no quotes any more, while metadata and history stay readable; PUT brings it back", async () => {
    const rows = [{ line: 1, time: "2026-11-18", close: 24.5 }];
    expect((await importCandles({ symbol: "INTC", interval: "1d", rows })).status).toBe(200);
    expect((await call("/quotes/INTC")).status).toBe(200);
    const { data } = await bodyOf(await send("DELETE", "/symbols/INTC"), SymbolWritten);
    expect(data).toMatchObject({ symbol: "INTC", is_active: false });

    await problemOf(await call("/quotes/INTC"), "symbol.inactive");
    await problemOf(await call("/quotes/NASDAQ:INTC?max_age=0"), "symbol.inactive");
    const batch = await read("/quotes?symbols=INTC,BTC/USDT", QuotesAnswer);
    expect(batch.errors.INTC).toMatchObject({ code: "symbol.inactive", status: 410 });
    expect((await read("/symbols/INTC", SymbolAnswer)).data.is_active).toBe(false);
    const candles = await call("/ohlcv/INTC?interval=1d");
    expect(await candles.json()).toMatchObject({ data: [{ close: 24.5 }], provider: "import" });
    const listed = await read("/symbols?search=INTC", SymbolsAnswer);
    expect(listed.data.map((record) => record.symbol)).not.toContain("INTC");
    expect(await (await call("/symbols/INTC/validate")).json()).toMatchObject({
      data: { valid: false, canonical: "INTC" },
    });
    expect((await auditOf("INTC")).at(-1)).toMatchObject({ action: "symbol.retire" });

    expect((await send("PUT", "/symbols/INTC", { is_active: true })).status).toBe(200);
    expect((await call("/quotes/INTC")).status).toBe(200);
  });

  test("of one that is retired already is no error", async () => {
    expect((await send("DELETE", "/symbols/ADA/USDT")).status).toBe(200);
    expect((await send("DELETE", "/symbols/ADA/USDT")).status).toBe(200);
  });

  test("POST of a retired symbol says that it exists", async () => {
    expect((await send("DELETE", "/symbols/DOT/USDT")).status).toBe(200);
    const body = { ...ACME, symbol: "DOT/USDT", type: "crypto", primary_exchange: "BINANCE" };
    await problemOf(await send("POST", "/symbols", body), "symbol.exists");
  });

  test("of an unknown symbol is not found", async () => {
    await problemOf(await send("DELETE", "/symbols/NOSUCH"), "symbol.not_found");
  });
});

test("the admin token in an address is refused before anything is done", async () => {
  const path = "/symbols/AAPL?token=test-admin-token";
  await problemOf(await call(path, { method: "DELETE" }), "auth.key_in_url");
  expect((await read("/symbols/AAPL", SymbolAnswer)).data.is_active).toBe(true);
  expect(new URL(path, ORIGIN).search).toContain("token");
});
