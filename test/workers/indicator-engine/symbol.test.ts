import { beforeAll, describe, expect, test } from "vitest";
import { CATALOG, DEFAULT_INDICATORS } from "../../../core/indicators/catalog.ts";
import {
  addressOf,
  call,
  columnOf,
  columnsOf,
  faultsOf,
  importSeries,
  problemOf,
  randomWalkCandles,
  readIndicators,
} from "./engine-client.ts";

const DAY = 86_400;
/** A moment in the past, so that answers do not change with the clock. */
const TO = "2026-06-17T13:00:00Z";
const TO_SECONDS = Date.parse(TO) / 1000;
const TWENTY = Array.from({ length: 20 }, (_, i) => `BOLLINGER:${i + 2}`);

/** What a call with a query that is wrong answers. */
const refusal = async (query: string, code: Parameters<typeof problemOf>[1] = "request.invalid") =>
  problemOf(await call(`/indicators/BTC/USDT?${query}`), code);

describe("the answer", () => {
  test("holds the default ten over a hundred hourly bars where nothing else is asked for", async () => {
    const answer = await readIndicators("BTC/USDT");
    expect(Object.keys(answer.indicators).toSorted()).toEqual(
      DEFAULT_INDICATORS.map((name) => name.toLowerCase()).toSorted(),
    );
    expect(DEFAULT_INDICATORS).toHaveLength(10);
    expect(answer).toMatchObject({
      success: true,
      symbol: "BTC/USDT",
      interval: "1h",
      provider: "simulator",
      simulated: true,
      adjustment: "raw",
      errors: {},
      data_points_used: 100,
    });
    expect(answer.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(
      answer.times.map((time, i) => time - (answer.times[0] + i * 3600)).every((difference) => difference === 0),
    ).toBe(true);
    expect(answer).not.toHaveProperty("states");
    expect(answer).not.toHaveProperty("candles");
  });

  test("holds closed bars only", async () => {
    const { times } = await readIndicators("BTC/USDT", { interval: "1w", data_points: 5 });
    expect((times.at(-1) ?? 0) + 7 * DAY).toBeLessThanOrEqual(Date.now() / 1000);
  });

  test("has a member for each output of an indicator that has several", async () => {
    const { indicators } = await readIndicators("BTC/USDT", {
      indicators: "MACD,BOLLINGER,STOCHASTIC,ADX,RSI",
      to: TO,
    });
    expect(Object.keys(indicators.macd)).toEqual(["line", "signal", "histogram"]);
    expect(Object.keys(indicators.bollinger)).toEqual(["upper", "middle", "lower"]);
    expect(Object.keys(indicators.stochastic)).toEqual(["k", "d"]);
    expect(Object.keys(indicators.adx)).toEqual(["adx", "di_plus", "di_minus"]);
    expect(Array.isArray(indicators.rsi)).toBe(true);
  });

  test("says how each was calculated", async () => {
    const { meta } = await readIndicators("BTC/USDT", {
      indicators: "RSI,MACD:5:35:5,SMA:30:source=hl2,OBV,VWAP",
      to: TO,
    });
    expect(meta.rsi).toMatchObject({
      algorithm: "rsi.wilder@1",
      parameters: { period: 14 },
      stable: true,
      anchor_time: null,
    });
    expect(meta.rsi.warm_up).toBeGreaterThanOrEqual(300);
    expect(meta["macd:5:35:5"].parameters).toEqual({ fast: 5, slow: 35, signal: 5 });
    expect(meta["sma:30:source=hl2"].parameters).toEqual({ period: 30, source: "hl2" });
    expect(meta.obv.anchor_time).not.toBeNull();
    expect(meta.vwap.parameters).toEqual({ anchor: "session" });
  });

  test("of Ichimoku has the cloud ahead beside the columns", async () => {
    const { indicators } = await readIndicators("BTC/USDT", { indicators: "ICHIMOKU", to: TO });
    expect(indicators.ichimoku).toHaveProperty("ahead");
  });

  test.each(CATALOG.map(({ name }) => name))("holds %s", async (name) => {
    const answer = await readIndicators("BTC/USDT", { indicators: name, data_points: 30, to: TO });
    expect(Object.keys(answer.indicators)).toEqual([name.toLowerCase()]);
    expect(answer.errors).toEqual({});
    for (const column of Object.values(columnsOf(answer, name.toLowerCase()))) {
      expect(column.some((value) => value !== null)).toBe(true);
    }
  });

  test("holds the candles where they are asked for", async () => {
    const answer = await readIndicators("BTC/USDT", {
      indicators: "SMA:1",
      include_candles: "true",
      data_points: 7,
      to: TO,
    });
    expect(answer.candles?.map(({ time }) => time)).toEqual(answer.times);
    expect(answer.candles?.map(({ close }) => close)).toEqual(columnOf(answer, "sma:1"));
    expect(answer.candles?.every(({ state }) => state === "closed")).toBe(true);
  });

  test("includes the forming bar where it is asked for, and says which it is", async () => {
    const closed = await readIndicators("BTC/USDT", { indicators: "SMA:2", interval: "1w", data_points: 6 });
    const open = await readIndicators("BTC/USDT", {
      indicators: "SMA:2",
      interval: "1w",
      data_points: 6,
      include_open: "true",
      include_candles: "true",
    });
    expect(open.states).toEqual([...Array(5).fill("closed"), "open"]);
    expect(open.times.slice(0, 5)).toEqual(closed.times.slice(1));
    expect(columnOf(open, "sma:2").slice(0, 5)).toEqual(columnOf(closed, "sma:2").slice(1));
    expect(open.candles?.map(({ state }) => state)).toEqual(open.states);
  });

  test("with include_open, but with no bar forming before `to`, has closed states alone", async () => {
    const { states } = await readIndicators("BTC/USDT", { data_points: 3, include_open: "true", to: TO });
    expect(states).toEqual(["closed", "closed", "closed"]);
  });
});

describe("specs", () => {
  test("are keyed as asked, in lower case", async () => {
    const asked = [
      "rsi",
      "Macd:12:26:9",
      "MACD:fast=12:SLOW=26",
      "sma:source=HL2",
      "STOCHASTIC:14:3:3",
      "BOLLINGER:20:2.5",
    ];
    const { indicators } = await readIndicators("BTC/USDT", { indicators: asked.join(","), to: TO });
    expect(Object.keys(indicators).toSorted()).toEqual(asked.map((spec) => spec.toLowerCase()).toSorted());
  });

  test("mean the same by position and by name", async () => {
    const answer = await readIndicators("BTC/USDT", {
      indicators: "MACD,MACD:12:26:9,MACD:signal=9:fast=12,MACD:12:slow=26",
      to: TO,
    });
    for (const key of ["macd:12:26:9", "macd:signal=9:fast=12", "macd:12:slow=26"]) {
      expect(columnsOf(answer, key)).toEqual(columnsOf(answer, "macd"));
    }
  });

  test("of the slow stochastic are k, smooth, d", async () => {
    const answer = await readIndicators("BTC/USDT", {
      indicators: "STOCHASTIC:14:3:5,STOCHASTIC:k=14:smooth=3:d=5,STOCHASTIC:14:5",
      to: TO,
    });
    expect(columnsOf(answer, "stochastic:14:3:5")).toEqual(columnsOf(answer, "stochastic:k=14:smooth=3:d=5"));
    expect(columnsOf(answer, "stochastic:14:3:5")).not.toEqual(columnsOf(answer, "stochastic:14:5"));
  });

  test("read the source that they name", async () => {
    const sources = ["close", "open", "high", "low", "hl2", "hlc3", "ohlc4"];
    const answer = await readIndicators("BTC/USDT", {
      indicators: sources.map((source) => `SMA:1:source=${source}`).join(","),
      include_candles: "true",
      data_points: 20,
      to: TO,
    });
    const mean = (...values: (number | null)[]) =>
      values.reduce<number>((sum, value) => sum + (value ?? Number.NaN), 0) / values.length;
    const expected = (answer.candles ?? []).map(({ open, high, low, close }) => [
      close,
      open,
      high,
      low,
      mean(high, low),
      mean(high, low, close),
      mean(open, high, low, close),
    ]);
    expected.forEach((row, i) => {
      row.forEach((value, n) => {
        expect(columnOf(answer, `sma:1:source=${sources[n]}`)[i]).toBeCloseTo(value ?? Number.NaN, 6);
      });
    });
  });

  test("that are the same stand there once", async () => {
    const { indicators } = await readIndicators("BTC/USDT", { indicators: "RSI,rsi,Rsi", to: TO });
    expect(Object.keys(indicators)).toEqual(["rsi"]);
  });

  test("may be repeated parameters, with blanks around them", async () => {
    const response = await call("/indicators/BTC/USDT?indicators=RSI,%20SMA:5&indicators=EMA:5&data_points=3");
    const body: unknown = await response.json();
    expect(body).toMatchObject({
      indicators: { rsi: expect.any(Array), "sma:5": expect.any(Array), "ema:5": expect.any(Array) },
    });
  });

  test("that are unknown do not fail the others", async () => {
    const answer = await readIndicators("BTC/USDT", { indicators: "RSI,RSII,RSI:0", to: TO });
    expect(Object.keys(answer.indicators)).toEqual(["rsi"]);
    expect(answer.errors).toMatchObject({
      rsii: { code: "indicator.unknown", status: 400, type: "/problems/indicator.unknown" },
      "rsi:0": { code: "indicator.invalid_parameters", status: 400 },
    });
    expect(answer.errors.rsii.suggestions).toContain("RSI");
  });

  test("may have any text for a name", async () => {
    const response = await call(addressOf("BTC/USDT", { indicators: "RSI,__proto__,constructor", to: TO }));
    const text = await response.text();
    for (const name of ["__proto__", "constructor"])
      expect(text).toContain(`"${name}":{"type":"/problems/indicator.unknown"`);
  });

  test("that are all unknown are a 400", async () => {
    const problem = await refusal("indicators=FOO", "indicator.unknown");
    expect(problem.errors).toEqual([
      { in: "query", path: "foo", message: expect.stringContaining('no indicator "foo"') },
    ]);
    expect(Object.keys(faultsOf(await refusal("indicators=FOO,BAR", "indicator.unknown")))).toEqual(["foo", "bar"]);
  });

  test.each([
    ["RSI:0", /period.*1 to 1000/],
    ["RSI:1001", /period.*1 to 1000/],
    ["RSI:14.5", /period.*whole number/],
    ["RSI:1e1", /period/],
    ["RSI:", /period/],
    ["RSI:NaN", /period/],
    ["RSI:Infinity", /period/],
    ["RSI:14:15", /at most 1/],
    ["RSI:length=14", /length.*period/],
    ["RSI:14:period=14", /period.*once/],
    ["MACD:26:12:9", /fast.*slow/],
    ["BOLLINGER:20:0", /deviations.*0\.01 to 100/],
    ["BOLLINGER:20:-2", /deviations.*0\.01 to 100/],
    ["SMA:source=volume", /source.*close, open, high, low, hl2, hlc3, ohlc4/],
    ["ATR:source=close", /source/],
    ["VWAP:anchor=year", /anchor.*session, week, month, first/],
    ["OBV:3", /no parameters/],
    ["PSAR:0.5:0.2", /step.*max/],
  ])("with parameters that are not allowed say what would be: %s", async (spec, message) => {
    const problem = await refusal(`indicators=${encodeURIComponent(spec)}`, "indicator.invalid_parameters");
    expect(problem.detail).toMatch(message);
    expect(problem.errors).toHaveLength(1);
  });

  test("may be twenty over 5,000 bars, and no more", async () => {
    const answer = await readIndicators("BTC/USDT", { indicators: TWENTY.join(","), data_points: 5000, to: TO });
    expect(Object.keys(answer.indicators)).toHaveLength(20);
    expect(answer.data_points_used).toBe(5000);
    const problem = await refusal(`indicators=${[...TWENTY, "RSI"].join(",")}`);
    expect(faultsOf(problem).indicators).toMatch(/1 to 20/);
  });

  test("that are repeated count once", async () => {
    const repeated = [...TWENTY, ...TWENTY.map((text) => text.toLowerCase())].join(",");
    expect(Object.keys((await readIndicators("BTC/USDT", { indicators: repeated, to: TO })).indicators)).toHaveLength(
      20,
    );
  });

  test("may not be missing from the parameter", async () => {
    expect(faultsOf(await refusal("indicators=")).indicators).toMatch(/1 to 20/);
    expect(faultsOf(await refusal("indicators=,,")).indicators).toMatch(/1 to 20/);
  });
});

describe("the parameters", () => {
  test.each(["0", "5001", "-1", "1.5", "abc", "", "1e3"])("refuse data_points=%s", async (points) => {
    expect(faultsOf(await refusal(`data_points=${points}`)).data_points).toMatch(/1 to 5000/);
  });

  test.each([1, 2, 5000])("allow data_points=%i", async (points) => {
    expect((await readIndicators("BTC/USDT", { indicators: "SMA", data_points: points, to: TO })).times).toHaveLength(
      points,
    );
  });

  test("are refused by name where they are unknown", async () => {
    const problem = await refusal("period=14&limit=5");
    expect(problem.errors).toEqual([
      { in: "query", path: "period", message: "is not a parameter of this route" },
      { in: "query", path: "limit", message: "is not a parameter of this route" },
    ]);
  });

  test("refuse other intervals and flags, and say what would be right", async () => {
    expect(faultsOf(await refusal("interval=2h")).interval).toMatch(/1m, 5m, 15m, 30m, 1h, 4h, 1d, 1w, 1M/);
    expect(faultsOf(await refusal("include_open=yes")).include_open).toMatch(/true or false/);
  });

  test.each(["1m", "5m", "15m", "30m", "1h", "4h", "1d", "1w", "1M"])("allow the interval %s", async (interval) => {
    const answer = await readIndicators("BTC/USDT", { indicators: "SMA:5", interval, data_points: 10, to: TO });
    expect(answer).toMatchObject({ interval, data_points_used: 10 });
  });

  test("return the bars from `from` on, and those before `to`, which is left out", async () => {
    const hour = TO_SECONDS - 50 * 3600;
    const forward = await readIndicators("BTC/USDT", { indicators: "RSI", from: hour, data_points: 5 });
    expect(forward.times).toEqual([0, 1, 2, 3, 4].map((i) => hour + i * 3600));
    const backward = await readIndicators("BTC/USDT", {
      indicators: "RSI",
      to: new Date(hour * 1000).toISOString(),
      data_points: 5,
    });
    expect(backward.times).toEqual([5, 4, 3, 2, 1].map((i) => hour - i * 3600));
    const between = await readIndicators("BTC/USDT", {
      indicators: "RSI",
      from: hour,
      to: hour + 2 * 3600,
      data_points: 5,
    });
    expect(between.times).toEqual([hour, hour + 3600]);
    expect(columnOf(between, "rsi")).toEqual(columnOf(forward, "rsi").slice(0, 2));
  });

  test("refuse times that are none, milliseconds and an empty span", async () => {
    expect(faultsOf(await refusal("from=yesterday")).from).toMatch(/ISO-8601/);
    expect(faultsOf(await refusal(`to=${TO_SECONDS * 1000}`)).to).toMatch(/milliseconds/);
    expect(faultsOf(await refusal(`from=${TO_SECONDS}&to=${TO_SECONDS}`)).from).toMatch(/before to/);
  });

  test("that leave no bar are a 422", async () => {
    const problem = await refusal(
      "from=2015-01-01&to=2015-01-01T00:00:01Z&indicators=RSI",
      "indicator.not_enough_data",
    );
    expect(problem).toMatchObject({ needs: 15, has: 1 });
    await refusal("to=2014-01-01&indicators=RSI", "indicator.not_enough_data");
  });
});

describe("symbols", () => {
  test.each([
    ["BTC/USDT", "BTC/USDT"],
    ["BTC%2FUSDT", "BTC/USDT"],
    ["btc/usdt", "BTC/USDT"],
    ["BTC-USDT", "BTC/USDT"],
    ["BTCUSDT", "BTC/USDT"],
    ["JSE:NPN", "JSE:NPN"],
    ["NPN.JO", "JSE:NPN"],
    ["NASDAQ:AAPL", "AAPL"],
    ["USDZAR", "USD/ZAR"],
  ])("may be written %s", async (written, canonical) => {
    expect(
      (await readIndicators(written, { indicators: "SMA:2", interval: "1d", data_points: 2, to: TO })).symbol,
    ).toBe(canonical);
  });

  test("are asked for under every prefix", async () => {
    for (const prefix of ["/v1", "/api/market-data", "/api/indicators"]) {
      const response = await call(`${prefix}/indicators/eth/usdt?indicators=RSI&data_points=1`);
      expect(await response.json()).toMatchObject({ symbol: "ETH/USDT" });
    }
  });

  test("that are unknown are a 404 with suggestions", async () => {
    const problem = await problemOf(await call("/indicators/BTC/USDTT"), "symbol.not_found");
    expect(problem.suggestions).toContain("BTC/USDT");
  });

  test("that are ambiguous are a 409 with candidates", async () => {
    const problem = await problemOf(await call("/indicators/BTC"), "symbol.ambiguous");
    expect(problem.candidates).toEqual(["BTC/USD", "BTC/USDT"]);
  });

  test("that are retired keep their history", async () => {
    expect((await call("/symbols/XLM/USDT", { method: "DELETE" })).ok).toBe(true);
    expect((await readIndicators("XLM/USDT", { interval: "1d", to: TO })).data_points_used).toBe(100);
  });

  test("without volumes have no volume indicators, and the others all the same", async () => {
    const answer = await readIndicators("EUR/USD", { indicators: "OBV,ADL,MFI,CMF,VWAP,RSI", interval: "1h", to: TO });
    for (const key of ["obv", "adl", "mfi", "cmf", "vwap"]) {
      expect(
        columnOf(answer, key).every((value) => value === null),
        key,
      ).toBe(true);
    }
    expect(columnOf(answer, "rsi").every((value) => value !== null)).toBe(true);
    expect(answer.errors).toEqual({});
  });
});

describe("a short series", () => {
  const FIRST = Date.UTC(2024, 0, 1) / 1000;
  const COUNT = 30;

  beforeAll(() => importSeries("ALGO/USDT", "1d", randomWalkCandles(COUNT, FIRST, DAY)));

  test("is stable as far as its history goes, and says so", async () => {
    const few = await readIndicators("ALGO/USDT", { indicators: "SMA:20,RSI,OBV", interval: "1d", data_points: 5 });
    expect(few).toMatchObject({ provider: "import", simulated: false, adjustment: "unknown" });
    expect(few.meta["sma:20"]).toMatchObject({ stable: true, warm_up: COUNT - 5 });
    expect(few.meta.rsi.stable).toBe(false);
    expect(few.meta.obv).toMatchObject({ stable: true, anchor_time: FIRST });
    const all = await readIndicators("ALGO/USDT", { indicators: "SMA:20,SMA:1,RSI", interval: "1d" });
    expect(all.data_points_used).toBe(COUNT);
    expect(all.meta["sma:20"]).toMatchObject({ stable: false, warm_up: 0 });
    expect(all.meta["sma:1"].stable).toBe(true);
    expect(columnOf(all, "sma:20").map((value) => value === null)).toEqual(
      Array.from({ length: COUNT }, (_, i) => i < 19),
    );
    expect(columnOf(all, "rsi").slice(-5)).toEqual(columnOf(few, "rsi"));
  });

  test("is too short for some: a 422 where nothing else is asked for, else an error beside the others", async () => {
    const response = await call(addressOf("ALGO/USDT", { indicators: "SMA:31", interval: "1d" }));
    const problem = await problemOf(response, "indicator.not_enough_data");
    expect(problem).toMatchObject({ needs: 31, has: 30 });
    expect(problem.detail).toBe("sma:31 needs 31 candles; there are 30.");
    const answer = await readIndicators("ALGO/USDT", { indicators: "SMA:31,SMA:30", interval: "1d" });
    expect(answer.errors).toMatchObject({ "sma:31": { code: "indicator.not_enough_data", needs: 31, has: 30 } });
    expect(columnOf(answer, "sma:30").filter((value) => value !== null)).toHaveLength(1);
  });

  test("has nothing at an interval that is finer", async () => {
    const response = await call(addressOf("ALGO/USDT", { indicators: "RSI", interval: "1h" }));
    expect(await problemOf(response, "indicator.not_enough_data")).toMatchObject({ needs: 15, has: 0 });
  });
});
