import { describe, expect, test } from "vitest";
import { ADMIN, call, problemOf, send } from "../client.ts";
import { open } from "../streaming/open-stream.ts";

const detailOf = async (path: string, code: Parameters<typeof problemOf>[1] = "request.invalid") =>
  (await problemOf(await call(path), code)).detail;

describe("an error names the likely cause", () => {
  test.each([
    ["/ohlcv/AAPL?from=2026-11-20T09:30:00+02:00", "%2B"],
    ["/ohlcv/AAPL?from=1795359600000", "looks like milliseconds"],
    ["/ohlcv/AAPL?from=1795359600000000", "looks like microseconds"],
    ["/ohlcv/AAPL?from=1795359600000000000", "looks like nanoseconds"],
    ["/ohlcv/AAPL?include_suspect=True", "did you mean true?"],
    ["/ohlcv/AAPL?include_suspect=0", "did you mean false?"],
    ["/symbols?streaming=yes", "did you mean true?"],
    ["/ohlcv/AAPL?interval=1hour", "did you mean 1h?"],
    ["/ohlcv/AAPL?interval=60m", "did you mean 1h?"],
    ["/ohlcv/AAPL?interval=1D", "did you mean 1d?"],
    ["/ohlcv/AAPL?interval=1mo", "did you mean 1M?"],
    ["/indicators/AAPL?interval=daily", "did you mean 1d?"],
    ["/ohlcv/AAPL?intervall=1h", "did you mean interval?"],
    ["/ohlcv/AAPL?format=CSV", "did you mean csv?"],
    ["/ohlcv/AAPL?order=descending", "must be asc or desc"],
    ["/symbols?type=stocks", "did you mean stock?"],
    ["/symbols?exchange=nasdaqq", "did you mean NASDAQ?"],
    ["/indicators/AAPL?datapoints=5", "did you mean data_points?"],
    ["/symbols?type=crpyto", "did you mean crypto?"],
    ["/ohlcv/AAPL?from=20/11/2026", "year first, with hyphens"],
    ["/ohlcv/AAPL?from=20-11-2026", "year first, with hyphens"],
    ["/ohlcv/AAPL?from=2026/11/20", "year first, with hyphens"],
  ])("%s: %s", async (path, cause) => {
    const detail = await detailOf(path);
    expect(detail).toContain(cause);
    expect(detail).toMatch(/[^.?][.?]$/);
  });

  test.each([
    ["RSI(14)", "RSI:14"],
    ["RSI14", "RSI:14"],
    ["rsi_14", "RSI:14"],
    ["SMA%2020", "SMA:20"],
    ["MACD(12,26,9)", "MACD:12:26:9"],
    ["MACD(12,%2026,%209)", "MACD:12:26:9"],
    ["RSI()", "RSI"],
    ["RSI[14]", "RSI:14"],
    ["RSI=14", "RSI:14"],
    ["BB(20,2)", "BOLLINGER:20:2"],
  ])("the indicator %s: did you mean %s?", async (asked, meant) => {
    const { detail, suggestions } = await problemOf(
      await call(`/indicators/AAPL?indicators=${asked}`),
      "indicator.unknown",
    );
    expect(detail).toContain(`did you mean ${meant}?`);
    expect(suggestions).toEqual([meant]);
  });

  test("events of an indicator that there is not: refused, and not a stream of nothing", async () => {
    const path = "/stream/AAPL?channel=indicators&indicators=";
    const { detail } = await problemOf(await call(`${path}SMA,RSI(14)`), "indicator.unknown");
    expect(detail).toContain("RSI:14");
    await problemOf(await call(`${path}RSI:0`), "indicator.invalid_parameters");
    await problemOf(await call(path), "request.invalid");
    const many = Array.from({ length: 21 }, (_, i) => `SMA:${i + 1}`);
    await problemOf(await call(`${path}${many}`), "request.invalid");
    const { detail: interval } = await problemOf(await call("/ohlcv/AAPL?interval=constructor"), "request.invalid");
    expect(interval).not.toContain("did you mean");
  });

  test("a share that is written like an index, with the right article", async () => {
    const body = { symbol: "BTC/USD", name: "x", type: "index", currency: "USD", primary_exchange: "NYSE" };
    const { detail } = await problemOf(await send("POST", "/symbols", body), "request.invalid");
    expect(detail).toContain("is not how an index on NYSE is written");
  });

  test.each([
    ["POST", "/calculate", { symbol: "AAPL", indicators: ["RSI"], intervall: "1h" }, "did you mean interval?"],
    ["POST", "/calculate", { symbol: "AAPL", indicators: ["RSI"], interval: "60m" }, "did you mean 1h?"],
    [
      "POST",
      "/symbols",
      { symbol: "ABC", name: "x", type: "stocks", currency: "USD", primary_exchange: "NYSE" },
      "did you mean stock?",
    ],
    [
      "POST",
      "/symbols",
      { symbol: "ABC", name: "x", type: "stock", currency: "USD", primary_exchange: "nyse" },
      "did you mean NYSE?",
    ],
    ["POST", "/symbols", { symbl: "ABC" }, "did you mean symbol?"],
    ["POST", "/admin/keys", { name: "x", scopes: ["reed"] }, "did you mean read?"],
    ["POST", "/admin/keys", { name: "x", scopes: ["read"], tier: "Premium" }, "did you mean premium?"],
    ["POST", "/admin/import", { symbol: "AAPL", interval: "daily", rows: [{ line: 1, time: 0 }] }, "did you mean 1d?"],
    [
      "POST",
      "/admin/import",
      { symbol: "AAPL", interval: "1d", adjustment: "splits", rows: [{ line: 1, time: 0 }] },
      "did you mean split?",
    ],
  ])("of a body: %s %s %j: %s", async (method, path, body, cause) => {
    const { errors } = await problemOf(await send(method, path, body), "request.invalid");
    expect(errors?.map(({ message }) => message).join("\n")).toContain(cause);
  });

  test.each([
    [{ action: "subscrbe", symbols: ["AAPL"] }, "Did you mean subscribe?"],
    [{ action: "Subscribe", symbols: ["AAPL"] }, "Did you mean subscribe?"],
    [{ action: "subscribe", symbols: ["AAPL"], channel: "quote" }, "did you mean quotes?"],
    [{ action: "subscribe", symbols: ["AAPL"], channel: "candels" }, "did you mean candles?"],
    [{ action: "subscribe", symbols: ["AAPL"], channel: "candles", interval: "60m" }, "did you mean 1h?"],
    [
      { action: "subscribe", symbols: ["AAPL"], channel: "indicators", indicators: ["RSI(14)"] },
      "did you mean RSI:14?",
    ],
  ])("of a stream's message, as over HTTP: %j: %s", async (message, cause) => {
    const { client } = await open("/ws", ADMIN);
    client.sendRaw(JSON.stringify(message));
    expect((await client.nth("error")).detail).toContain(cause);
    client.close();
  });

  test("a body that is not JSON, with where it stops being that", async () => {
    const init = {
      method: "POST",
      headers: { ...ADMIN, "Content-Type": "application/json" },
      body: '{"symbol": "AAPL",\n x}',
    };
    const { detail, errors } = await problemOf(await call("/calculate", init), "request.invalid");
    expect(detail).toContain("line 2, column 2");
    expect(errors?.[0].message).toContain("line 2, column 2");
  });

  test("a stream's message that is not JSON, and a symbol that it does not know, as HTTP does", async () => {
    const { client } = await open("/ws", ADMIN);
    client.sendRaw('{"action": "subscribe" "symbols": []}');
    expect((await client.nth("error")).detail).toContain("line 1, column 24");
    const { rejected } = await client.subscribe(["AAPLE", "ZZZZZZZZZ"]);
    const overHttp = await problemOf(await call("/quotes/AAPLE"), "symbol.not_found");
    expect(rejected[0]).toEqual({
      ...{ symbol: "AAPLE", code: "symbol.not_found", detail: overHttp.detail },
      suggestions: overHttp.suggestions,
    });
    expect(rejected[1].detail).toContain("/symbols?search=");
    client.close();
  });
});

describe("an error stays small", () => {
  test("with a hundred thousand unknown fields: twenty are listed, and all are counted", async () => {
    const fields = Array.from({ length: 50_000 }, (_, i) => `"field${i}":1`).join(",");
    const init = { method: "POST", headers: { ...ADMIN, "Content-Type": "application/json" }, body: `{${fields}}` };
    const response = await call("/symbols", init);
    const text = await response.clone().text();
    const { errors, detail } = await problemOf(response, "request.invalid");
    expect(text.length).toBeLessThan(10_000);
    expect(errors).toHaveLength(20);
    expect(Object(JSON.parse(text)).error_count).toBeGreaterThanOrEqual(50_000);
    expect(detail).toMatch(/There are 500\d\d faults; the first 20 are in errors\.$/);
  });

  test("with a symbol or an indicator that holds control characters", async () => {
    const paths = [
      "/quotes/A%07B",
      `/quotes/${"x".repeat(5_000)}`,
      "/indicators/AAPL?indicators=%1bRSI",
      "/symbols/A%00B",
    ];
    for (const path of paths) {
      const text = await (await call(path)).text();
      const { detail, errors = [] } = Object(JSON.parse(text));
      expect(JSON.stringify([detail, errors]), path).not.toMatch(/\\u00[01]|\\u007f/);
      expect(JSON.stringify([detail, errors]).length, path).toBeLessThan(1_000);
    }
  });

  test("with symbols on a stream that are longer than any is", async () => {
    const { client } = await open("/ws", ADMIN);
    const { rejected } = await client.subscribe(["x".repeat(50_000), "A\u0007B"]);
    expect(rejected.map(({ symbol }) => symbol.length)).toEqual([101, 3]);
    expect(JSON.stringify(rejected)).not.toContain("\\u0007");
    client.close();
  });

  test("with a field whose name is long, or holds what no name holds", async () => {
    const name = `${"x".repeat(5_000)}\u0007`;
    const { errors, detail } = await problemOf(await send("POST", "/symbols", { [name]: 1 }), "request.invalid");
    expect(JSON.stringify(errors).length + detail.length).toBeLessThan(4_000);
    const control = await send("POST", "/symbols", { "a\u0007b": 1 });
    expect(await control.text()).not.toContain("\\u0007");
  });

  test("with five thousand bad rows: a thousand are listed, and all are counted", async () => {
    const rows = Array.from({ length: 5_000 }, (_, i) => ({ line: i + 2, time: "never", close: 1 }));
    const chunk = { symbol: "AAPL", interval: "1d", rows };
    const refused = Object(await (await send("POST", "/admin/import", chunk)).json());
    expect([refused.refused.length, refused.refused_count, refused.errors.length]).toEqual([1_000, 5_000, 20]);
    const checked = Object(await (await send("POST", "/admin/import", { ...chunk, check_only: true })).json());
    expect([checked.data.refused.length, checked.data.refused_count]).toEqual([1_000, 5_000]);
  });
});
