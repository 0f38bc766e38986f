import { describe, expect, test } from "vitest";
import { z } from "zod";
import { IndicatorsAnswerSchema, MAX_REQUEST_CANDLES } from "../../../contracts/indicator.ts";
import type { ProblemCode } from "../../../contracts/problem.ts";
import { ProblemSchema } from "../../../contracts/problem.ts";
import { DEFAULT_INDICATORS } from "../../../core/indicators/catalog.ts";
import {
  answerOf,
  bodyOf,
  calculate,
  call,
  columnOf,
  columnsOf,
  faultsOf,
  importSeries,
  post,
  problemOf,
  randomWalkCandles,
  readIndicators,
} from "./engine-client.ts";

const START = 1_700_000_000;
const CANDLES = randomWalkCandles(60, START, 60);
const SEVERAL = z.object({
  success: z.literal(true),
  results: z.record(z.string(), IndicatorsAnswerSchema),
  errors: z.record(z.string(), ProblemSchema.partial()),
  timestamp: z.iso.datetime({ precision: 3 }),
});

/** Candles that say nothing but their closes. */
const closes = (values: (number | null)[]) => values.map((close, i) => ({ time: START + i * 60, close }));

const refusal = async (body: unknown, code: ProblemCode = "request.invalid") => problemOf(await calculate(body), code);

describe("own candles", () => {
  test("get all values from the first candle on, null in the warm-up", async () => {
    const answer = await answerOf(await calculate({ candles: CANDLES }));
    expect(answer).toMatchObject({
      symbol: null,
      interval: null,
      provider: null,
      simulated: false,
      adjustment: "unknown",
    });
    expect(answer.times).toEqual(CANDLES.map(({ time }) => time));
    expect(Object.keys(answer.indicators).toSorted()).toEqual(
      DEFAULT_INDICATORS.map((name) => name.toLowerCase()).toSorted(),
    );
    const firstOf = (key: string) =>
      Object.fromEntries(
        Object.entries(columnsOf(answer, key)).map(([name, column]) => [
          name,
          column.findIndex((value) => value !== null),
        ]),
      );
    expect(firstOf("rsi")).toEqual({ value: 14 });
    expect(firstOf("sma")).toEqual({ value: 19 });
    expect(firstOf("ema")).toEqual({ value: 19 });
    expect(firstOf("macd")).toEqual({ line: 25, signal: 33, histogram: 33 });
    expect(firstOf("bollinger")).toEqual({ upper: 19, middle: 19, lower: 19 });
    expect(firstOf("stochastic")).toEqual({ k: 13, d: 15 });
    expect(firstOf("adx")).toEqual({ adx: 27, di_plus: 14, di_minus: 14 });
    expect(firstOf("williams_r")).toEqual({ value: 13 });
    expect(firstOf("cci")).toEqual({ value: 19 });
    expect(firstOf("obv")).toEqual({ value: 0 });
    expect(columnOf(answer, "obv")[0]).toBe(0);
    expect(answer.meta.obv.anchor_time).toBe(START);
    expect(answer.meta.rsi).toMatchObject({ warm_up: 0, stable: false });
  });

  test("may have unknown fields: a window with one is null, and an average starts again", async () => {
    const candles = closes([1, 2, 3, null, 5, 6, 7, 8]);
    const answer = await answerOf(await calculate({ candles, indicators: ["SMA:3", "EMA:2", "OBV", "ATR:2"] }));
    expect(columnOf(answer, "sma:3")).toEqual([null, null, 2, null, null, null, 6, 7]);
    expect(columnOf(answer, "ema:2")).toEqual([null, 1.5, 2.5, null, null, 5.5, 6.5, 7.5]);
    expect(columnOf(answer, "obv").every((value) => value === null)).toBe(true);
    expect(columnOf(answer, "atr:2").every((value) => value === null)).toBe(true);
  });

  test("may be flat: what divides by zero is null", async () => {
    const candles = CANDLES.map(({ time }) => ({ time, open: 5, high: 5, low: 5, close: 5, volume: 0 }));
    const indicators = ["RSI", "STOCHASTIC", "WILLIAMS_R", "CCI", "MFI", "CMF", "VWAP", "BOLLINGER", "STOCHRSI"];
    const answer = await answerOf(await calculate({ candles, indicators }));
    for (const key of ["rsi", "williams_r", "cci", "mfi", "cmf", "vwap"]) {
      expect(
        columnOf(answer, key).every((value) => value === null),
        key,
      ).toBe(true);
    }
    expect(columnsOf(answer, "bollinger").upper.at(-1)).toBe(5);
  });

  test.each([1e-300, 1e-8, 1e9, 1e300])("may have prices around %d, and the answer is JSON still", async (scale) => {
    const scaled = (value: number | null) => (value === null ? null : value * scale);
    const candles = CANDLES.map(({ time, open, high, low, close }) => ({
      time,
      open: scaled(open),
      high: scaled(high),
      low: scaled(low),
      close: scaled(close),
      volume: 1e300,
    }));
    await answerOf(await calculate({ candles }));
  });

  test("may be ten thousand, more than a mebibyte, under every prefix", async () => {
    const candles = randomWalkCandles(MAX_REQUEST_CANDLES, START, 60);
    const text = JSON.stringify({ candles, indicators: ["SMA:5"] });
    expect(text.length).toBeGreaterThan(1024 * 1024);
    for (const prefix of ["", "/v1", "/api/indicators"]) {
      const answer = await answerOf(await post(`${prefix}/calculate`, text));
      expect(answer.data_points_used).toBe(MAX_REQUEST_CANDLES);
    }
  });

  test("may be no more than ten thousand, and at least one", async () => {
    const many = await refusal({ candles: randomWalkCandles(MAX_REQUEST_CANDLES + 1, START, 60) });
    expect(faultsOf(many)).toEqual({ candles: "must hold at most 10000 candles" });
    expect(faultsOf(await refusal({ candles: [] }))).toEqual({ candles: "must hold at least one candle" });
  });

  test("may be no more than four mebibytes", async () => {
    const text = JSON.stringify({ candles: CANDLES });
    const fitting = text.padEnd(4 * 1024 * 1024, " ");
    await answerOf(await post("/calculate", fitting));
    await problemOf(await post("/calculate", `${fitting} `), "request.too_large");
  });

  const spoil = (index: number, fault: Record<string, unknown>, series: readonly object[] = CANDLES): object[] =>
    series.map((candle, i) => (i === index ? { ...candle, ...fault } : candle));

  test.each<[string, Record<string, unknown>, string, RegExp]>([
    ["an earlier time", { time: START }, "time", /not after/],
    ["the time before it", { time: START + 6 * 60 }, "time", /not after/],
    ["a time in milliseconds", { time: (START + 7 * 60) * 1000 }, "time", /milliseconds/],
    ["a time with a fraction", { time: START + 7 * 60 + 0.5 }, "time", /whole/],
    ["a time as text", { time: "2026-01-01T00:00:00Z" }, "time", /unix seconds/],
    ["no time", { time: undefined }, "time", /unix seconds/],
    ["a high below its low", { high: 1, low: 2 }, "high", /below low/],
    ["a price as text", { close: "5" }, "close", /finite number or null/],
    ["a flag for a price", { open: true }, "open", /finite number or null/],
    ["a field that we do not know", { adjusted: 5 }, "adjusted", /not a field/],
  ])("are refused where one has %s", async (_, fault, field, message) => {
    const problem = await refusal({ candles: spoil(7, fault) });
    expect(problem.errors).toEqual([
      { in: "body", path: `candles.7.${field}`, message: expect.stringMatching(message) },
    ]);
    expect(problem.detail).toContain(`candles.7.${field}`);
  });

  test.each(["1e400", "-1e999"])("are refused where one has %s, which no number can hold", async (number) => {
    const problem = await refusal(`{"candles":[{"time":60,"close":1},{"time":120,"close":${number}}]}`);
    expect(faultsOf(problem)).toEqual({ "candles.1.close": "must be a finite number or null" });
  });

  test.each(["NaN", "Infinity", "undefined", ""])(
    "are refused where the text says %s, which is not JSON",
    async (word) => {
      const problem = await refusal(`{"candles":[{"time":60,"close":${word}}]}`);
      expect(problem.detail).toMatch(/^The body is not valid JSON: at line 1, column \d+ a value should stand\.$/);
    },
  );

  test("are named by the first bad one, of whatever kind the others are", async () => {
    const disordered = spoil(9, { close: "5" }, spoil(4, { time: START }));
    expect(Object.keys(faultsOf(await refusal({ candles: disordered })))).toEqual(["candles.4.time"]);
    const mistyped = spoil(9, { time: START }, spoil(4, { close: "5" }));
    expect(Object.keys(faultsOf(await refusal({ candles: mistyped })))).toEqual(["candles.4.close"]);
    const all = CANDLES.map((candle) => ({ ...candle, close: "5", high: "6" }));
    expect(Object.keys(faultsOf(await refusal({ candles: all })))).toEqual(["candles.0.high", "candles.0.close"]);
    expect(Object.keys(faultsOf(await refusal({ candles: [null, 5, "x"] })))).toEqual(["candles.0"]);
  });

  test("are too few for some: a 422 where nothing else is asked for, else an error beside the others", async () => {
    const candles = CANDLES.slice(0, 10);
    expect(await refusal({ candles, indicators: ["RSI"] }, "indicator.not_enough_data")).toMatchObject({
      needs: 15,
      has: 10,
    });
    const answer = await answerOf(await calculate({ candles, indicators: ["RSI", "SMA:10", "NOPE"] }));
    expect(Object.keys(answer.indicators)).toEqual(["sma:10"]);
    expect(answer.errors).toMatchObject({
      rsi: { code: "indicator.not_enough_data", needs: 15, has: 10 },
      nope: { code: "indicator.unknown" },
    });
  });

  test("that are too few also leave those specs named that could not be read", async () => {
    const indicators = ["RSI", "NOPE", "SMA:0", "nope"];
    const problem = await refusal({ candles: CANDLES.slice(0, 10), indicators }, "indicator.not_enough_data");
    expect(problem).toMatchObject({ needs: 15, has: 10 });
    expect(faultsOf(problem)).toEqual({
      nope: expect.stringContaining('no indicator "nope"'),
      "sma:0: period": expect.stringContaining("1 to 1000"),
    });
    expect(
      await refusal({ candles: CANDLES.slice(0, 10), indicators: ["RSI"] }, "indicator.not_enough_data"),
    ).not.toHaveProperty("errors");
  });
});

describe("one symbol", () => {
  test("is answered as GET does", async () => {
    const query = {
      indicators: ["RSI", "MACD:5:35:5"],
      interval: "1w",
      data_points: 20,
      include_open: true,
      include_candles: true,
    };
    const posted = await answerOf(await calculate({ symbol: "eth-usdt", ...query }));
    const { times, indicators, meta } = await readIndicators("ETH/USDT", {
      ...query,
      indicators: query.indicators.join(","),
      include_open: "true",
      include_candles: "true",
    });
    expect(posted).toMatchObject({ symbol: "ETH/USDT", interval: "1w", times, meta });
    const rsi = Array.isArray(indicators.rsi) ? indicators.rsi : [];
    expect(columnOf(posted, "rsi").slice(0, -1)).toEqual(rsi.slice(0, -1));
    expect(posted.states?.at(-1)).toBe("open");
    expect(posted.candles).toHaveLength(20);
  });

  test("has the same defaults", async () => {
    const answer = await answerOf(await calculate({ symbol: "BTC/USDT" }));
    expect(answer).toMatchObject({ interval: "1h", data_points_used: 100 });
    expect(Object.keys(answer.indicators)).toHaveLength(10);
  });

  test("that is unknown, or ambiguous, is a problem of its own", async () => {
    await refusal({ symbol: "NOPE" }, "symbol.not_found");
    await refusal({ symbol: "BTC" }, "symbol.ambiguous");
    await refusal({ symbol: "__proto__" }, "symbol.not_found");
  });

  test("with specs that are wrong says so of the body", async () => {
    const problem = await refusal({ symbol: "BTC/USDT", indicators: ["RSI:0"] }, "indicator.invalid_parameters");
    expect(problem.errors).toEqual([
      { in: "body", path: "rsi:0: period", message: expect.stringContaining("1 to 1000") },
    ]);
  });

  test("may ask for twenty specs over 5,000 bars, and no more", async () => {
    const indicators = Array.from({ length: 20 }, (_, i) => `SMA:${i + 1}`);
    const answer = await answerOf(await calculate({ symbol: "BTC/USDT", indicators, data_points: 5000 }));
    expect(answer.data_points_used).toBe(5000);
    const problem = await refusal({ symbol: "BTC/USDT", indicators: [...indicators, "RSI"] });
    expect(faultsOf(problem)).toEqual({ indicators: "must name at most 20 indicators" });
    const repeated = [...indicators, ...indicators.map((text) => ` ${text.toLowerCase()}`)];
    const { meta } = await answerOf(await calculate({ symbol: "BTC/USDT", indicators: repeated }));
    expect(Object.keys(meta)).toHaveLength(20);
    expect(faultsOf(await refusal({ symbol: "BTC/USDT", data_points: 5001 }))).toEqual({
      data_points: "must be from 1 to 5000",
    });
    expect(faultsOf(await refusal({ symbol: "BTC/USDT", data_points: 0 }))).toEqual({
      data_points: "must be from 1 to 5000",
    });
  });
});

describe("many symbols", () => {
  test("are answered by symbol, and those that fail do not fail the others", async () => {
    const symbols = ["BTC/USDT", "usdzar", "NOPE", "BTC"];
    const response = await calculate({ symbols, indicators: ["SMA:2"], interval: "1d", data_points: 3 });
    const { results, errors } = await bodyOf(response, SEVERAL);
    expect(Object.keys(results).toSorted()).toEqual(["BTC/USDT", "USD/ZAR"]);
    for (const [symbol, answer] of Object.entries(results)) {
      expect(answer).toMatchObject({ success: true, symbol, interval: "1d", data_points_used: 3 });
    }
    expect(Object.keys(errors).toSorted()).toEqual(["BTC", "NOPE"]);
    expect(errors.NOPE).toMatchObject({ code: "symbol.not_found", status: 404 });
    expect(errors.BTC).toMatchObject({ code: "symbol.ambiguous", candidates: ["BTC/USD", "BTC/USDT"] });
  });

  test("may have any text for a name", async () => {
    const response = await calculate({ symbols: ["BTC/USDT", "__proto__"], indicators: ["RSI"], data_points: 1 });
    expect(await response.text()).toContain('"errors":{"__proto__":{"type":"/problems/symbol.not_found"');
  });

  test("that are one symbol in several writings are answered once", async () => {
    const symbols = ["BTC/USDT", "BTC-USDT", "BTC/USDT", "btcusdt"];
    const text = await (await calculate({ symbols, indicators: ["RSI"], data_points: 1 })).text();
    expect(text.split('"BTC/USDT":{')).toHaveLength(2);
  });

  test("that have too few candles say so each for itself", async () => {
    await importSeries("ADA/USDT", "1d", randomWalkCandles(5, Date.UTC(2024, 0, 1) / 1000, 86_400));
    const response = await calculate({ symbols: ["ADA/USDT", "BTC/USDT"], indicators: ["RSI"], interval: "1d" });
    const { results, errors } = await bodyOf(response, SEVERAL);
    expect(Object.keys(results)).toEqual(["BTC/USDT"]);
    expect(errors).toMatchObject({ "ADA/USDT": { code: "indicator.not_enough_data", needs: 15, has: 5 } });
  });

  test("that all fail are a problem, which holds each one's own", async () => {
    const response = await calculate({ symbols: ["NOPE", "BTC", "__proto__"] });
    expect(response.status).toBe(404);
    const body: unknown = await response.json();
    expect(body).toMatchObject({
      success: false,
      code: "symbol.not_found",
      errors: { NOPE: { status: 404 }, BTC: { status: 409 } },
    });
    expect(body).toMatchObject({ detail: "None of the 3 symbols could be calculated; see errors for details." });
  });

  test("may be fifty, and no more", async () => {
    const unknown = (count: number) => Array.from({ length: count }, (_, i) => `NOPE${i}`);
    const response = await calculate({ symbols: [...unknown(49), "BTC/USDT"], indicators: ["RSI"], data_points: 1 });
    const { results, errors } = await bodyOf(response, SEVERAL);
    expect([Object.keys(results).length, Object.keys(errors).length]).toEqual([1, 49]);
    expect(faultsOf(await refusal({ symbols: unknown(51) }))).toEqual({ symbols: "must name 1 to 50 symbols" });
    expect(faultsOf(await refusal({ symbols: [] }))).toEqual({ symbols: "must name 1 to 50 symbols" });
  });

  test("with specs that are all wrong are a 400", async () => {
    await refusal({ symbols: ["BTC/USDT", "ETH/USDT"], indicators: ["NOPE"] }, "indicator.unknown");
  });
});

describe("a body of no form", () => {
  test.each<[string, unknown, Record<string, RegExp>]>([
    ["nothing", {}, { symbol: /use one of symbol, symbols or candles/ }],
    ["a list", [], { "": /object/ }],
    ["null", null, { "": /object/ }],
    ["a number", 5, { "": /object/ }],
    ["a symbol and symbols", { symbol: "AAPL", symbols: ["AAPL"] }, { symbols: /not a field/ }],
    ["a symbol and candles", { symbol: "AAPL", candles: CANDLES }, { candles: /not a field/ }],
    ["candles and an interval", { candles: CANDLES, interval: "1h" }, { interval: /not a field/ }],
    [
      "bad candles and an interval",
      { candles: [{ time: 1, close: "x", open: "y", high: "z" }], interval: "1h" },
      { interval: /not a field/ },
    ],
    ["candles that are no list", { candles: "x" }, { candles: /array/ }],
    ["symbols that are no list", { symbols: "AAPL" }, { symbols: /array/ }],
    ["specs that are no list", { symbol: "AAPL", indicators: "RSI" }, { indicators: /array/ }],
    [
      "numbers as texts",
      { symbol: "AAPL", data_points: "100", include_open: "true" },
      { data_points: /number/, include_open: /boolean/ },
    ],
    ["another interval", { symbol: "AAPL", interval: "2h" }, { interval: /1m, 5m/ }],
    ["a field that we do not know", { symbol: "AAPL", periods: 14 }, { periods: /not a field/ }],
  ])("that is %s gets an error that says what would be right", async (_, body, faults) => {
    const found = faultsOf(await refusal(body));
    for (const [path, message] of Object.entries(faults)) expect(found[path], JSON.stringify(found)).toMatch(message);
  });

  test("that is no JSON, or does not say that it is, is refused", async () => {
    await refusal("{");
    await refusal("");
    const response = await call("/calculate", {
      method: "POST",
      body: "{}",
      headers: { "Content-Type": "text/plain" },
    });
    await problemOf(response, "request.unsupported_media_type");
  });

  test("is not looked at where the method is wrong", async () => {
    const response = await call("/calculate");
    expect(response.headers.get("Allow")).toBe("OPTIONS, POST");
    await problemOf(response, "route.method_not_allowed");
  });
});
