import { describe, expect, test } from "vitest";
import { CATALOG } from "../../../core/indicators/catalog.ts";
import type { IndicatorDefinition } from "../../../core/indicators/indicator.ts";
import { type Answer, columnOf, columnsOf, importSeries, randomWalkCandles, readIndicators } from "./engine-client.ts";

/** A moment in the past, so that no bar closes between two calls. */
const TO = "2026-06-17T13:00:00Z";
const LARGEST_CHANGE = 1e-9;

/** The largest relative change of a value between two answers that end with the same bar; infinite where one is null. */
function largestChange(short: Answer, long: Answer, key: string): number {
  const others = columnsOf(long, key);
  expect(long.times.slice(-short.times.length)).toEqual(short.times);
  const changes = Object.entries(columnsOf(short, key)).flatMap(([name, column]) => {
    const tail = others[name].slice(-column.length);
    return column.map((value, i) => {
      const other = tail[i];
      if (value === other) return 0;
      if (value === null || other === null) return Number.POSITIVE_INFINITY;
      return Math.abs(value - other) / Math.max(Math.abs(value), Math.abs(other));
    });
  });
  return Math.max(...changes);
}

async function compare(symbol: string, interval: string, spec: string): Promise<{ change: number; stable: boolean }> {
  const query = { indicators: spec, interval, to: TO };
  const short = await readIndicators(symbol, { ...query, data_points: 100 });
  const long = await readIndicators(symbol, { ...query, data_points: 1000 });
  const key = spec.toLowerCase();
  return { change: largestChange(short, long, key), stable: short.meta[key].stable && long.meta[key].stable };
}

const isAnchored = (definition: IndicatorDefinition): boolean => {
  const numbers: Record<string, number> = {};
  const choices: Record<string, string> = {};
  for (const parameter of definition.parameters) {
    if ("values" in parameter) choices[parameter.name] = parameter.default;
    else numbers[parameter.name] = parameter.default;
  }
  return "since" in definition.convergence(numbers, choices);
};

/** One of each asset class, each at another interval. */
const SERIES = [
  ["BTC/USDT", "1h"],
  ["ETH/USDT", "1m"],
  ["AAPL", "1d"],
  ["JSE:NPN", "15m"],
  ["USD/ZAR", "4h"],
] as const;

describe.each(SERIES)("a value of %s at %s does not depend on how many are asked for:", (symbol, interval) => {
  test.each(CATALOG.map((definition) => [definition.name, definition] as const))("%s", async (name, definition) => {
    const { change, stable } = await compare(symbol, interval, name);
    expect(change).toBeLessThan(LARGEST_CHANGE);
    expect(stable).toBe(true);
    if (isAnchored(definition)) expect(change).toBe(0);
  });
});

test.each([
  "RSI:500",
  "EMA:1000",
  "TEMA:300",
  "ADX:200",
  "STOCHRSI:100:100:20:20",
  "VWAP:week",
  "VWAP:month",
  "VWAP:first",
])("a value of %s, which looks far back, does not depend on how many are asked for", async (spec) => {
  const { change, stable } = await compare("BTC/USDT", "1h", spec);
  expect(change).toBeLessThan(LARGEST_CHANGE);
  expect(stable).toBe(true);
});

test("a month's average is the same on its last minute, 44,640 bars after it began", async () => {
  const query = { indicators: "VWAP:month", interval: "1m", to: "2026-11-01T00:00:00Z" };
  const short = await readIndicators("BTC/USDT", { ...query, data_points: 2 });
  const long = await readIndicators("BTC/USDT", { ...query, data_points: 1000 });
  expect(largestChange(short, long, "vwap:month")).toBe(0);
});

test("a running total counted forward from a date does not depend on how many are asked for", async () => {
  const query = { indicators: "OBV,ADL", interval: "1h", from: "2026-05-28T00:00:00Z" };
  const short = await readIndicators("BTC/USDT", { ...query, data_points: 5 });
  const long = await readIndicators("BTC/USDT", { ...query, data_points: 1000 });
  expect(short.meta.obv.anchor_time).toBe(long.meta.obv.anchor_time);
  for (const key of ["obv", "adl"]) expect(columnOf(long, key).slice(0, 5)).toEqual(columnOf(short, key));
});

test("a running total of an imported series begins with the series, whatever its gaps", async () => {
  const first = Date.UTC(2024, 0, 1) / 1000;
  const later = Date.UTC(2025, 0, 1) / 1000;
  const candles = [...randomWalkCandles(3000, first, 60), ...randomWalkCandles(3000, later, 60)];
  await importSeries("LTC/USDT", "1m", candles);
  const query = { indicators: "OBV,VWAP:first", interval: "1m" };
  const short = await readIndicators("LTC/USDT", { ...query, data_points: 100 });
  const long = await readIndicators("LTC/USDT", { ...query, data_points: 5000 });
  for (const key of ["obv", "vwap:first"]) {
    expect(short.meta[key]).toMatchObject({ anchor_time: first, warm_up: 5900 });
    expect(long.meta[key]).toMatchObject({ anchor_time: first, warm_up: 1000 });
    expect(largestChange(short, long, key)).toBe(0);
  }
});
