import { describe, expect, it } from "vitest";
import type { CandleColumns } from "../../../core/candles.ts";
import { expectColumn, valuesOf } from "./comparison.ts";
import { movingCandles } from "./series.ts";
import { type Column, cci, columnOf, sma, stddev, wma } from "./textbook.ts";

const LENGTH = 100_000;
const TOLERANCE = { relative: 1e-9 };

/** A series of prices multiplied by a million for a few candles in the middle. */
function withJump(candles: CandleColumns): CandleColumns {
  const jump = (column: Column) => column.map((value, i) => (i >= 40_000 && i < 40_007 ? value * 1e6 : value));
  const { open, high, low, close } = candles;
  return { ...candles, open: jump(open), high: jump(high), low: jump(low), close: jump(close) };
}

const SERIES: readonly [string, CandleColumns][] = [
  ["prices around 100", movingCandles(LENGTH, { price: 100, step: 0.004 })],
  ["prices around 1e-8", movingCandles(LENGTH, { price: 1e-8, step: 0.004 })],
  ["prices around 1e9", movingCandles(LENGTH, { price: 1e9, step: 0.004 })],
  ["a jump of 1e6 times", withJump(movingCandles(LENGTH, { price: 100, step: 0.004 }))],
  ["a jump of 1e6 times from prices around 1e-8", withJump(movingCandles(LENGTH, { price: 1e-8, step: 0.004 }))],
];

const typicalOf = ({ length, high, low, close }: CandleColumns) =>
  columnOf(length, 0, (i) => (high[i] + low[i] + close[i]) / 3);

describe.each(SERIES)("over 100,000 candles with %s", (_, candles) => {
  const { close } = candles;

  it("SMA stays within 1e-9 of a recomputed mean", () => {
    expectColumn(valuesOf("SMA:20", candles).sma, sma(close, 20), TOLERANCE, "sma");
    expectColumn(valuesOf("SMA:200", candles).sma, sma(close, 200), TOLERANCE, "sma");
  });

  it("WMA stays within 1e-9 of a recomputed weighted mean", () => {
    expectColumn(valuesOf("WMA:20", candles).wma, wma(close, 20), TOLERANCE, "wma");
  });

  it("STDDEV and BOLLINGER stay within 1e-9 of a recomputed deviation", () => {
    const expected = stddev(close, 20);
    const { upper, middle, lower } = valuesOf("BOLLINGER:20:2", candles);
    const mean = sma(close, 20);
    expectColumn(valuesOf("STDDEV:20", candles).stddev, expected, TOLERANCE, "stddev");
    expectColumn(middle, mean, TOLERANCE, "middle");
    expectColumn(
      upper,
      mean.map((value, i) => value + 2 * expected[i]),
      TOLERANCE,
      "upper",
    );
    // Where mean and deviations cancel, what is left is measured against the mean.
    const error = lower.map((value, i) => (value - (mean[i] - 2 * expected[i])) / mean[i]);
    expect(error.every((value) => Number.isNaN(value) || Math.abs(value) < 1e-9)).toBe(true);
  });

  it("CCI stays within 1e-9 of a recomputed mean deviation", () => {
    expectColumn(valuesOf("CCI:20", candles).cci, cci(typicalOf(candles), 20), { ...TOLERANCE, unit: 1 }, "cci");
  });

  it("MFI, CMF and the slow STOCHASTIC stay within 1e-9 of recomputed sums", () => {
    const { length, high, low, volume } = candles;
    const typical = typicalOf(candles);
    const flow = (i: number, sign: number) =>
      Math.sign(typical[i] - typical[i - 1]) === sign ? typical[i] * volume[i] : 0;
    const total = (i: number, period: number, at: (j: number) => number) =>
      Array.from({ length: period }, (_, back) => at(i - back)).reduce((sum, value) => sum + value, 0);
    const mfi = columnOf(length, 14, (i) => {
      const up = total(i, 14, (j) => flow(j, 1));
      return (100 * up) / (up + total(i, 14, (j) => flow(j, -1)));
    });
    const cmf = columnOf(length, 19, (i) => {
      const side = (j: number) => ((close[j] - low[j] - (high[j] - close[j])) / (high[j] - low[j])) * volume[j];
      return total(i, 20, side) / total(i, 20, (j) => volume[j]);
    });
    const raw = columnOf(length, 13, (i) => {
      const bottom = Math.min(...low.subarray(i - 13, i + 1));
      return (100 * (close[i] - bottom)) / (Math.max(...high.subarray(i - 13, i + 1)) - bottom);
    });
    const k = columnOf(length, 15, (i) => total(i, 3, (j) => raw[j]) / 3);
    expectColumn(valuesOf("MFI:14", candles).mfi, mfi, { ...TOLERANCE, unit: 1 }, "mfi");
    expectColumn(valuesOf("CMF:20", candles).cmf, cmf, { ...TOLERANCE, unit: 1e-3 }, "cmf");
    expectColumn(valuesOf("STOCHASTIC:14:3:3", candles).k, k, { ...TOLERANCE, unit: 1e-3 }, "k");
  });
});
