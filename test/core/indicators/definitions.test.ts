import { describe, expect, it } from "vitest";
import { sliceCandles } from "../../../core/candles.ts";
import { calculate } from "../../../core/indicators/batch.ts";
import { parseSpec } from "../../../core/indicators/spec.ts";
import { expectColumn, valuesOf } from "./comparison.ts";
import { closesOnly, movingCandles } from "./series.ts";
import { columnOf, ema, highest, lowest, sma, wma } from "./textbook.ts";

const candles = movingCandles(600);
const { length, open, high, low, close, volume } = candles;
const TOLERANCE = { relative: 1e-9, unit: 1e-3 };

const trueRange = columnOf(length, 1, (i) =>
  Math.max(high[i] - low[i], Math.abs(high[i] - close[i - 1]), Math.abs(low[i] - close[i - 1])),
);

describe("indicators without a vector file agree with their definition written out", () => {
  it("HMA", () => {
    const half = wma(close, 10);
    const whole = wma(close, 20);
    const raw = columnOf(length, 19, (i) => 2 * half[i] - whole[i]);
    const expected = wma(raw.subarray(19), 4);
    expectColumn(valuesOf("HMA:20", candles).hma.subarray(19), expected, TOLERANCE, "hma");
  });

  it("PPO", () => {
    const fast = ema(close, 12);
    const slow = ema(close, 26);
    const line = columnOf(length, 25, (i) => (100 * (fast[i] - slow[i])) / slow[i]);
    const signal = ema(line, 9);
    const values = valuesOf("PPO", candles);
    expectColumn(values.line, line, TOLERANCE, "line");
    expectColumn(values.signal, signal, TOLERANCE, "signal");
    expectColumn(
      values.histogram,
      line.map((value, i) => value - signal[i]),
      { relative: 1e-9, unit: 1 },
      "histogram",
    );
  });

  it("KELTNER", () => {
    const middle = ema(close, 20);
    const atr = ema(trueRange, 10, 1 / 10);
    const values = valuesOf("KELTNER", candles);
    expectColumn(values.middle, middle, TOLERANCE, "middle");
    expectColumn(
      values.upper,
      middle.map((value, i) => value + 2 * atr[i]),
      TOLERANCE,
      "upper",
    );
    expectColumn(
      values.lower,
      middle.map((value, i) => value - 2 * atr[i]),
      TOLERANCE,
      "lower",
    );
  });

  it("TRIX", () => {
    const smoothed = ema(ema(ema(close, 5), 5), 5);
    const expected = columnOf(length, 13, (i) => 100 * (smoothed[i] / smoothed[i - 1] - 1));
    expectColumn(valuesOf("TRIX:5", candles).trix, expected, { relative: 1e-9, unit: 1e-2 }, "trix");
  });

  it("AROON counts the latest extreme on ties", () => {
    const tied = closesOnly([5, 9, 9, 3, 3, 4]);
    expect([...valuesOf("AROON:4", tied).up]).toEqual([Number.NaN, Number.NaN, Number.NaN, Number.NaN, 50, 25]);
    expect([...valuesOf("AROON:4", tied).down]).toEqual([Number.NaN, Number.NaN, Number.NaN, Number.NaN, 100, 75]);
  });

  it("SUPERTREND", () => {
    const atr = ema(trueRange, 10, 1 / 10);
    const values = valuesOf("SUPERTREND:10:3", candles);
    const bands = { upper: Number.POSITIVE_INFINITY, lower: Number.NEGATIVE_INFINITY };
    const directions = new Set<number>();
    let direction = close[10] >= (high[10] + low[10]) / 2 ? 1 : -1;
    for (let i = 10; i < length; i++) {
      const middle = (high[i] + low[i]) / 2;
      if (middle + 3 * atr[i] < bands.upper || close[i - 1] > bands.upper) bands.upper = middle + 3 * atr[i];
      if (middle - 3 * atr[i] > bands.lower || close[i - 1] < bands.lower) bands.lower = middle - 3 * atr[i];
      if (direction === 1 ? close[i] <= bands.lower : close[i] > bands.upper) direction = -direction;
      directions.add(direction);
      expect(values.direction[i]).toBe(direction);
      expect(values.supertrend[i]).toBeCloseTo(direction === 1 ? bands.lower : bands.upper, 9);
    }
    expect(directions.size).toBe(2);
  });

  it("ICHIMOKU, its cloud 25 candles ahead and its close 25 behind", () => {
    const middle = (period: number) => {
      const top = highest(high, period);
      const bottom = lowest(low, period);
      return columnOf(length, period - 1, (i) => (top[i] + bottom[i]) / 2);
    };
    const [tenkan, kijun, senkou] = [9, 26, 52].map(middle);
    const leadingA = columnOf(length, 25, (i) => (tenkan[i] + kijun[i]) / 2);
    const { outputs, ahead } = calculate([parseSpec("ICHIMOKU")], candles)[0];
    expectColumn(outputs.tenkan, tenkan, TOLERANCE, "tenkan");
    expectColumn(outputs.kijun, kijun, TOLERANCE, "kijun");
    expectColumn(
      outputs.senkou_a,
      columnOf(length, 50, (i) => leadingA[i - 25]),
      TOLERANCE,
      "senkou_a",
    );
    expectColumn(
      outputs.senkou_b,
      columnOf(length, 76, (i) => senkou[i - 25]),
      TOLERANCE,
      "senkou_b",
    );
    expect(outputs.chikou.subarray(0, length - 25)).toEqual(close.subarray(25));
    expect(outputs.chikou.subarray(length - 25).every(Number.isNaN)).toBe(true);
    expect(ahead).toEqual({ senkou_a: leadingA.slice(length - 25), senkou_b: senkou.slice(length - 25) });
  });

  it("the cloud ahead of a short series has no values where it has none", () => {
    const { ahead } = calculate([parseSpec("ICHIMOKU:2:3:4")], sliceCandles(candles, 0, 4))[0];
    expect(ahead?.senkou_a.findIndex((value) => !Number.isNaN(value))).toBe(23);
    expect(ahead?.senkou_b.length).toBe(25);
  });

  it("price sources", () => {
    const sources = {
      open,
      high,
      low,
      close,
      hl2: columnOf(length, 0, (i) => (high[i] + low[i]) / 2),
      hlc3: columnOf(length, 0, (i) => (high[i] + low[i] + close[i]) / 3),
      ohlc4: columnOf(length, 0, (i) => (open[i] + high[i] + low[i] + close[i]) / 4),
    };
    for (const [name, column] of Object.entries(sources)) {
      expectColumn(valuesOf(`SMA:5:source=${name}`, candles).sma, sma(column, 5), TOLERANCE, name);
    }
  });
});

describe("VWAP", () => {
  const typical = columnOf(length, 0, (i) => (high[i] + low[i] + close[i]) / 3);
  const since = (first: (i: number) => number) =>
    columnOf(length, 0, (i) => {
      let value = 0;
      let traded = 0;
      for (let j = first(i); j <= i; j++) {
        value += typical[j] * volume[j];
        traded += volume[j];
      }
      return value / traded;
    });
  const firstWhere = (same: (a: Date, b: Date) => boolean) => (i: number) => {
    let j = i;
    while (j > 0 && same(new Date(candles.time[j - 1] * 1000), new Date(candles.time[i] * 1000))) j--;
    return j;
  };

  it("restarts with each UTC day by default", () => {
    const day = firstWhere((a, b) => a.toISOString().slice(0, 10) === b.toISOString().slice(0, 10));
    expectColumn(valuesOf("VWAP", candles).vwap, since(day), TOLERANCE, "session");
  });

  it("restarts each Monday, each month, or never", () => {
    const monday = (date: Date) => date.getTime() - (((date.getUTCDay() + 6) % 7) * 24 + date.getUTCHours()) * 3.6e6;
    const week = firstWhere((a, b) => Math.floor(monday(a) / 3.6e6) === Math.floor(monday(b) / 3.6e6));
    const month = firstWhere((a, b) => a.getUTCMonth() === b.getUTCMonth());
    expectColumn(valuesOf("VWAP:week", candles).vwap, since(week), TOLERANCE, "week");
    expectColumn(valuesOf("VWAP:month", candles).vwap, since(month), TOLERANCE, "month");
    expectColumn(
      valuesOf("VWAP:first", candles).vwap,
      since(() => 0),
      TOLERANCE,
      "first",
    );
  });

  it("takes its sessions from the trading day that it is given", () => {
    // Forex: a day runs from 17:00 to 17:00 New York, in winter 22:00 UTC.
    const tradingDay = (time: number) => Math.floor((time + 2 * 3600) / 86_400);
    const { outputs } = calculate([parseSpec("VWAP")], candles, { tradingDay })[0];
    const session = firstWhere((a, b) => tradingDay(a.getTime() / 1000) === tradingDay(b.getTime() / 1000));
    expectColumn(outputs.vwap, since(session), TOLERANCE, "session");
  });
});

it("ADX gets over a jump of prices to the largest that a number can hold", () => {
  const column = (value: number) => Float64Array.from({ length: 12 }, (_, i) => (i < 6 ? i + value : 1e308));
  const candles = { ...movingCandles(12), high: column(2), low: column(1), close: column(1.5) };
  const { adx, di_plus } = valuesOf("ADX:3", candles);
  expect([...di_plus.subarray(6)].every((value) => value > 99.9 && value <= 100)).toBe(true);
  expect([...adx.subarray(6)].every((value) => value > 99.9 && value <= 100)).toBe(true);
});
