import { describe, expect, test } from "vitest";
import { z } from "zod";
import {
  type Answer,
  answerOf,
  type Column,
  calculate,
  columnsOf,
  importSeries,
  readIndicators,
} from "./engine-client.ts";
import { referenceFile, referenceSeries } from "./reference-file.ts";

const VectorSchema = z.object({
  rows: z.number(),
  outputs: z.record(z.string(), z.record(z.string(), z.object({ first: z.number(), values: z.array(z.number()) }))),
});

type Vector = z.infer<typeof VectorSchema>["outputs"][string];

interface Comparison {
  /** The spec in the file and in a question. */
  spec: string;
  /** What our columns are called in the file. */
  names: Record<string, string>;
  tolerance: number;
  /** The first bar that is compared: TA-Lib seeds some averages otherwise. */
  from: number;
  /** What a value near 0 is measured against. */
  scale: number;
}

const one = (spec: string, scale: number): Comparison => ({
  spec,
  names: { value: spec.split(":")[0].toLowerCase() },
  tolerance: 1e-9,
  from: 0,
  scale,
});

const PERIODS = [2, 3, 5, 14, 20, 50, 200];

const COMPARISONS: Comparison[] = [
  ...PERIODS.flatMap((period) => [
    one(`SMA:${period}`, 0),
    one(`EMA:${period}`, 0),
    one(`ATR:${period}`, 0),
    one(`RSI:${period}`, 1),
    { ...one(`BOLLINGER:${period}`, 0), names: { upper: "upper", middle: "middle", lower: "lower" } },
  ]),
  one("WILLIAMS_R:14", 1),
  one("CCI:20", 1),
  // TA-Lib leaves out the values of %K that come before the first of %D.
  { ...one("STOCHASTIC:14:3:3", 1), names: { k: "k", d: "d" }, from: 17 },
  {
    ...one("MACD:12:26:9", 1),
    names: { line: "macd", signal: "signal", histogram: "histogram" },
    tolerance: 1e-6,
    from: 300,
  },
  { ...one("ADX:14", 1), names: { adx: "adx", di_plus: "plus_di", di_minus: "minus_di" }, tolerance: 1e-6, from: 300 },
];

/** Where and how a column first differs from TA-Lib's; null where it does not. */
function difference(column: Column, { first, values }: Vector[string], rule: Comparison): string | null {
  const { from, tolerance, scale } = rule;
  for (let i = 0; i < column.length; i++) {
    if (i < from) continue;
    const expected = i < first ? null : values[i - first];
    const actual = column[i];
    if (actual === null || expected === null) {
      if (actual !== expected) return `bar ${i}: ${actual}, not ${expected}`;
    } else if (Math.abs(actual - expected) > tolerance * Math.max(Math.abs(expected), scale)) {
      return `bar ${i}: ${actual}, not ${expected}`;
    }
  }
  return null;
}

function differences(answer: Answer, vectors: Record<string, Vector>, rules: readonly Comparison[]): string[] {
  return rules.flatMap((rule) => {
    const columns = columnsOf(answer, rule.spec.toLowerCase());
    return Object.entries(rule.names).flatMap(([ours, theirs]) => {
      const found = difference(columns[ours], vectors[rule.spec][theirs], rule);
      return found === null ? [] : [`${rule.spec} ${ours}, ${found}`];
    });
  });
}

/** Asks for all specs of which there are vectors, twenty at a time, and gathers what differs. */
async function compareAll(
  vectors: Record<string, Vector>,
  answerTo: (specs: string[]) => Promise<Answer>,
): Promise<string[]> {
  const found: string[] = [];
  const comparable = COMPARISONS.filter(({ spec }) => spec in vectors);
  expect(comparable.length).toBeGreaterThanOrEqual(9);
  for (let at = 0; at < comparable.length; at += 20) {
    const rules = comparable.slice(at, at + 20);
    found.push(...differences(await answerTo(rules.map(({ spec }) => spec)), vectors, rules));
  }
  return found;
}

describe("the values of AAPL's days are TA-Lib's", () => {
  test("of a symbol whose candles were imported", async () => {
    const candles = referenceSeries("AAPL_1d.csv");
    const { rows, outputs } = VectorSchema.parse(JSON.parse(referenceFile("vectors/talib/AAPL_1d.json")));
    await importSeries("AAPL", "1d", candles);
    const found = await compareAll(outputs, async (specs) => {
      const query = { indicators: specs.join(","), interval: "1d", from: candles[0].time, data_points: rows };
      const answer = await readIndicators("AAPL", query);
      expect(answer).toMatchObject({ provider: "import", simulated: false, data_points_used: rows, errors: {} });
      return answer;
    });
    expect(found).toEqual([]);
  });

  test("of candles that a caller brings", async () => {
    const { rows, outputs } = VectorSchema.parse(JSON.parse(referenceFile("vectors/talib/AAPL_1d.json")));
    const candles = referenceSeries("AAPL_1d.csv").slice(0, rows);
    const found = await compareAll(outputs, async (indicators) => answerOf(await calculate({ candles, indicators })));
    expect(found).toEqual([]);
  });

  test("of OBV but for the volume of the first bar, with which TA-Lib begins", async () => {
    const { rows, outputs } = VectorSchema.parse(JSON.parse(referenceFile("vectors/talib/AAPL_1d.json")));
    const candles = referenceSeries("AAPL_1d.csv").slice(0, rows);
    const answer = await answerOf(await calculate({ candles, indicators: ["OBV"] }));
    const { value } = columnsOf(answer, "obv");
    const [start] = outputs.OBV.obv.values;
    expect(start).toBe(candles[0].volume);
    expect(value).toEqual(outputs.OBV.obv.values.map((volume) => volume - start));
  });

  test("the same whether bars are read from the middle of the series or from its start", async () => {
    const candles = referenceSeries("AAPL_1d.csv");
    const start = Math.min(2000, candles.length - 50);
    await importSeries("AAPL", "1d", candles);
    const query = { indicators: "RSI,MACD,ADX,OBV", interval: "1d", from: candles[start].time, data_points: 50 };
    const middle = await readIndicators("AAPL", query);
    const whole = await answerOf(
      await calculate({ candles: candles.slice(0, start + 50), indicators: ["RSI", "MACD", "ADX", "OBV"] }),
    );
    for (const key of ["rsi", "macd", "adx", "obv"]) {
      for (const [name, column] of Object.entries(columnsOf(middle, key))) {
        const tail = columnsOf(whole, key)[name].slice(-50);
        column.forEach((value, i) => {
          expect(Math.abs((value ?? Number.NaN) - (tail[i] ?? Number.NaN))).toBeLessThanOrEqual(
            1e-9 * Math.max(1, Math.abs(tail[i] ?? 0)),
          );
        });
      }
    }
  });
});
