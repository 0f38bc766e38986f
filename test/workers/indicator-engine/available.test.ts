import { describe, expect, test } from "vitest";
import { z } from "zod";
import { AvailableIndicatorSchema } from "../../../contracts/indicator.ts";
import { bodyOf, call, faultsOf, problemOf } from "./engine-client.ts";

const AvailableSchema = z.object({
  success: z.literal(true),
  indicators: z.object({
    trend: z.array(AvailableIndicatorSchema),
    momentum: z.array(AvailableIndicatorSchema),
    volatility: z.array(AvailableIndicatorSchema),
    volume: z.array(AvailableIndicatorSchema),
    pattern: z.array(AvailableIndicatorSchema),
  }),
  total_count: z.number(),
  timestamp: z.iso.datetime({ precision: 3 }),
});

const available = async () => bodyOf(await call("/indicators/available"), AvailableSchema);

/** The defaults that the contract names, in its order; ICHIMOKU's parameters have no names there. */
const CONTRACT: Record<string, Record<string, number | string>> = {
  SMA: { period: 20 },
  EMA: { period: 20 },
  WMA: { period: 20 },
  DEMA: { period: 20 },
  TEMA: { period: 20 },
  HMA: { period: 20 },
  MACD: { fast: 12, slow: 26, signal: 9 },
  ADX: { period: 14 },
  RSI: { period: 14 },
  STOCHASTIC: { k: 14, d: 3 },
  WILLIAMS_R: { period: 14 },
  CCI: { period: 20 },
  BOLLINGER: { period: 20, deviations: 2 },
  OBV: {},
  ADL: {},
  ATR: { period: 14 },
  NATR: { period: 14 },
  TRUE_RANGE: {},
  KELTNER: { period: 20, multiplier: 2, atr: 10 },
  DONCHIAN: { period: 20 },
  STOCHRSI: { rsi: 14, stoch: 14, smooth: 3, d: 3 },
  SUPERTREND: { period: 10, multiplier: 3 },
  ICHIMOKU: {},
  VWAP: { anchor: "session" },
  PSAR: { step: 0.02, max: 0.2 },
  MFI: { period: 14 },
  CMF: {},
  ROC: {},
  MOMENTUM: {},
  TRIX: {},
  PPO: {},
  AROON: {},
  STDDEV: {},
};

describe("GET /indicators/available", () => {
  test("names every indicator of the contract, with its defaults", async () => {
    const { indicators } = await available();
    const entries = new Map(
      Object.values(indicators)
        .flat()
        .map((entry) => [entry.name, entry]),
    );
    for (const [name, defaults] of Object.entries(CONTRACT)) {
      const parameters = Object.fromEntries((entries.get(name)?.parameters ?? []).map((p) => [p.name, p.default]));
      expect(entries.has(name), name).toBe(true);
      expect(parameters, name).toMatchObject(defaults);
    }
    expect(entries.get("ICHIMOKU")?.parameters.map((parameter) => parameter.default)).toEqual([9, 26, 52]);
  });

  test("counts them, each once, and knows at least fifteen candlestick patterns", async () => {
    const { indicators, total_count } = await available();
    const names = Object.values(indicators).flatMap((entries) => entries.map(({ name }) => name));
    expect(total_count).toBe(names.length);
    expect(new Set(names).size).toBe(names.length);
    expect(indicators.pattern.length).toBeGreaterThanOrEqual(15);
    expect(names.filter((name) => !/^[A-Z][A-Z0-9_]*$/.test(name))).toEqual([]);
  });

  test("has for each parameter a default within its range, and for each entry outputs, a description and an algorithm", async () => {
    for (const entry of Object.values((await available()).indicators).flat()) {
      expect(entry.description, entry.name).not.toBe("");
      expect(entry.algorithm, entry.name).toMatch(/^[a-z0-9_.]+@\d+$/);
      expect(entry.outputs.length, entry.name).toBeGreaterThan(0);
      for (const { name, default: usual, min, max, values } of entry.parameters) {
        const within = values
          ? values.includes(String(usual))
          : Number(min) <= Number(usual) && Number(usual) <= Number(max);
        expect(within, `${entry.name} ${name}`).toBe(true);
      }
    }
  });

  test("sorts them into the five categories", async () => {
    const { indicators } = await available();
    const categoryOf = (name: string) =>
      Object.entries(indicators).find(([, entries]) => entries.some((entry) => entry.name === name))?.[0];
    expect(["SMA", "MACD", "ADX"].map(categoryOf)).toEqual(["trend", "trend", "trend"]);
    expect(["RSI", "STOCHASTIC", "CCI"].map(categoryOf)).toEqual(["momentum", "momentum", "momentum"]);
    expect(["BOLLINGER", "ATR"].map(categoryOf)).toEqual(["volatility", "volatility"]);
    expect(["OBV", "VWAP"].map(categoryOf)).toEqual(["volume", "volume"]);
  });

  test("is the same under every prefix", async () => {
    const { indicators } = await available();
    for (const prefix of ["/v1", "/api/market-data", "/api/symbols", "/api/indicators", "/api/streaming"]) {
      expect((await bodyOf(await call(`${prefix}/indicators/available`), AvailableSchema)).indicators).toEqual(
        indicators,
      );
    }
  });

  test("takes no parameters", async () => {
    const problem = await problemOf(await call("/indicators/available?category=trend"), "request.invalid");
    expect(faultsOf(problem)).toEqual({ category: "is not a parameter of this route" });
  });
});
