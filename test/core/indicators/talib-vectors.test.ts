import { describe, it } from "vitest";
import type { CandleColumns } from "../../../core/candles.ts";
import { expectColumn, valuesOf } from "./comparison.ts";
import { csvCandles, hasReference, referenceFile } from "./reference-data.ts";

interface VectorFile {
  candles: string;
  rows: number;
  outputs: Record<string, Record<string, { first: number; values: number[] }>>;
}

/** The first is in the project, for the most part. */
const FILES = ["AAPL_1d", "EURUSD_1h", "BTC-USD_1m"].filter((name) => hasReference(`vectors/talib/${name}.json`));

/** Where TA-Lib's names of outputs are not ours. */
const OUTPUT_NAMES: Readonly<Record<string, string>> = { macd: "line", plus_di: "di_plus", minus_di: "di_minus" };

/** TA-Lib seeds these otherwise: it must agree to 1e-6 once the seed is forgotten. */
const SEEDED_OTHERWISE = ["MACD", "ADX"];

/** Candles after which a seed is forgotten: 300, and more where the longest average is long. */
function seedForgotten(spec: string): number {
  const [, ...periods] = spec.split(":").map(Number);
  return Math.max(300, 20 * Math.max(...periods));
}

/** Values nearer to 0 than this are measured against it: it is what their computation starts from, times 1e-3 or so. */
function unitOf(indicator: string, price: number): number {
  switch (indicator) {
    case "CCI":
    case "RSI":
    case "MFI":
    case "STOCHASTIC":
    case "WILLIAMS_R":
      return 1;
    case "TRIX":
    case "ROC":
      return 1e-3;
    default:
      return 1e-6 * price;
  }
}

/** TA-Lib takes no volume where there is none; ours is null throughout. */
const NEEDS_VOLUME = ["OBV", "ADL", "MFI"];

/** An output's column from TA-Lib's list, which begins at row `first`. */
function columnOf({ first, values }: { first: number; values: number[] }, rows: number): Float64Array {
  const column = new Float64Array(rows).fill(Number.NaN);
  column.set(values, first);
  return column;
}

describe("the values of TA-Lib", () => {
  for (const name of FILES) {
    const file: VectorFile = JSON.parse(referenceFile(`vectors/talib/${name}.json`));
    const candles = csvCandles(file.candles, file.rows);
    const comparable = Object.entries(file.outputs).filter(
      ([spec]) => !(NEEDS_VOLUME.includes(indicatorOf(spec)) && Number.isNaN(candles.volume[0])),
    );
    it.each(comparable)(`${name}: %s`, (spec, outputs) => {
      const values = valuesOf(spec, candles);
      for (const [output, list] of Object.entries(outputs)) {
        const actual = values[OUTPUT_NAMES[output] ?? output].slice();
        // TA-Lib begins %K where %D begins.
        actual.fill(Number.NaN, 0, list.first);
        const expected = columnOf(list, file.rows).map((value, i) =>
          allowingFor(spec, { value, ours: actual[i], middle: values.middle?.[i] }, candles, i),
        );
        const unit = unitOf(indicatorOf(spec), candles.close[0]);
        const tolerance = SEEDED_OTHERWISE.includes(indicatorOf(spec))
          ? { relative: 1e-6, unit, from: seedForgotten(spec) }
          : { relative: 1e-9, unit };
        expectColumn(actual, expected, tolerance, `${spec} ${output}`);
      }
    });
  }
});

const indicatorOf = (spec: string): string => spec.split(":")[0];

/** TA-Lib's value with the known differences taken out. */
function allowingFor(
  spec: string,
  { value, ours, middle }: { value: number; ours: number; middle: number | undefined },
  candles: CandleColumns,
  i: number,
): number {
  const [indicator, period] = spec.split(":");
  // TA-Lib's OBV begins with the first candle's volume, ours with 0.
  if (indicator === "OBV") return value - candles.volume[0];
  // TA-Lib answers 0 where nothing is divided by nothing; ours is null, and so is an average over it.
  const flat = value === 0 || (indicator === "STOCHASTIC" && flatWithin(candles, i, Number(period), 4));
  if (Number.isNaN(ours) && flat) return Number.NaN;
  return indicator === "BOLLINGER" && withinRoundingOfSquares(ours, value, middle ?? 0) ? ours : value;
}

/**
 * TA-Lib takes the variance as the mean of squares less the square of the mean, which rounds at some 1e-15 of the
 * squared price: in a window that hardly moves its bands are off by more than 1e-9.
 */
function withinRoundingOfSquares(actual: number, expected: number, middle: number): boolean {
  return Math.abs((actual - middle) ** 2 - (expected - middle) ** 2) <= 2e-14 * middle ** 2;
}

/** Whether one of the last `reach` windows of `period` candles has no range. */
function flatWithin({ high, low }: CandleColumns, i: number, period: number, reach: number): boolean {
  return Array.from({ length: reach + 1 }, (_, back) => i - back + 1).some(
    (end) =>
      Math.max(...high.subarray(Math.max(0, end - period), end)) ===
      Math.min(...low.subarray(Math.max(0, end - period), end)),
  );
}
