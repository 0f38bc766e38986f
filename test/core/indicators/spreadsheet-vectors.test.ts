import { describe, expect, it } from "vitest";
import { sliceCandles } from "../../../core/candles.ts";
import { expectColumn, valuesOf } from "./comparison.ts";
import { csvCandles, csvColumns, hasReference, referenceFile } from "./reference-data.ts";

const FOLDER = "vectors/stock-indicators";

const column = (file: string, name: string): Float64Array => {
  const values = csvColumns(`${FOLDER}/${file}`).get(name);
  if (values === undefined) throw new Error(`${file} has no column ${name}.`);
  return values;
};

/** file, spec, and for each output the spreadsheet's column */
const VECTORS: readonly [string, string, Readonly<Record<string, string>>][] = [
  ["sma_sma-close.csv", "SMA:20", { sma: "SMA" }],
  ["sma_sma-close.csv", "SMA:20:source=open", { sma: "SMA(O)" }],
  ["ema.csv", "EMA:20", { ema: "ema" }],
  ["ema.csv", "EMA:20:source=open", { ema: "ema(O)" }],
  ["dema.csv", "DEMA:20", { dema: "dema" }],
  ["tema.csv", "TEMA:20", { tema: "tema" }],
  ["macd.csv", "MACD:12:26:9", { line: "MACD", signal: "Signal", histogram: "Histo" }],
  ["adx.csv", "ADX:14", { adx: "ADX", di_plus: "+DI14", di_minus: "-DI14" }],
  ["rsi.csv", "RSI:14", { rsi: "RSI(14)" }],
  ["stoch_sto-14-3-3-2.csv", "STOCHASTIC:14:3:3", { k: "%K", d: "%D" }],
  ["stoch_sto-14-3-3-2.csv", "STOCHASTIC:14:3", { k: "K(14)'", d: "%K" }],
  ["stoch_sto-9-3-3-smma-5-4.csv", "STOCHASTIC:k=9", { k: "K(9)'" }],
  ["williamsr.csv", "WILLIAMS_R:14", { williams_r: "%R" }],
  ["bollingerbands.csv", "BOLLINGER:20:2", { upper: "upper", middle: "sma", lower: "lower" }],
  ["obv.csv", "OBV", { obv: "obv" }],
  ["atr.csv", "ATR:14", { atr: "ATR" }],
  ["atr.csv", "NATR:14", { natr: "ATR%" }],
  ["tr.csv", "TRUE_RANGE", { true_range: "TR" }],
  ["stddev.csv", "STDDEV:10", { stddev: "stddev" }],
  ["mfi.csv", "MFI:14", { mfi: "mf" }],
  ["cmf.csv", "CMF:20", { cmf: "cmf" }],
  ["roc.csv", "ROC:20", { roc: "roc" }],
  ["roc.csv", "MOMENTUM:20", { momentum: "mom" }],
  ["adl.csv", "ADL", { adl: "adl" }],
  ["stochrsi.csv", "STOCHRSI:14:14:3:3", { k: "StochRSI", d: "D(3)" }],
];

/** Whether the sheet at hand has the columns: the project holds a part of each. */
const hasColumns = (file: string, outputs: Readonly<Record<string, string>>): boolean =>
  Object.values(outputs).every((name) => csvColumns(`${FOLDER}/${file}`).has(name));

/** Values that pass through 0 are measured against this size: the rounding of a price of some hundreds. */
const UNIT = 1e-3;

const hasSheet = (file: string): boolean => hasReference(`${FOLDER}/${file}`);

describe("the hand-calculated spreadsheets", () => {
  const candles = csvCandles(`${FOLDER}/default_quotes.csv`);

  it.each(VECTORS.filter(([file, , outputs]) => hasSheet(file) && hasColumns(file, outputs)))(
    "%s agrees with %s to 1e-9",
    (file, spec, outputs) => {
      const values = valuesOf(spec, candles);
      for (const [output, name] of Object.entries(outputs)) {
        expectColumn(values[output], column(file, name), { relative: 1e-9, unit: UNIT }, `${spec} ${output}`);
      }
    },
  );

  it.skipIf(!hasSheet("wma.csv"))("wma.csv, of which two rows are filled in, agrees with WMA:20 there to 1e-9", () => {
    const expected = column("wma.csv", "wma");
    const values = valuesOf("WMA:20", candles).wma.map((value, i) => (Number.isNaN(expected[i]) ? Number.NaN : value));
    expect(values.filter((value) => !Number.isNaN(value)).length).toBe(2);
    expectColumn(values, expected, { relative: 1e-9 }, "wma");
  });

  it.skipIf(!hasSheet("aroon.csv"))(
    "aroon.csv agrees with AROON:25, whose latest extreme counts on ties where the sheet takes the earliest",
    () => {
      const values = valuesOf("AROON:25", candles);
      const { high, low } = candles;
      const tied = (series: Float64Array, i: number, pick: (...values: number[]) => number) => {
        const window = series.subarray(Math.max(0, i - 25), i + 1);
        const extreme = pick(...window);
        return window.filter((value) => value === extreme).length > 1;
      };
      const up = column("aroon.csv", "up");
      const down = column("aroon.csv", "down");
      let compared = 0;
      for (let i = 0; i < candles.length; i++) {
        if (tied(high, i, Math.max) || tied(low, i, Math.min)) continue;
        expect(values.up[i]).toBe(up[i]);
        expect(values.down[i]).toBe(down[i]);
        expect(values.oscillator[i]).toBe(up[i] - down[i]);
        compared++;
      }
      expect(compared).toBeGreaterThan(400);
    },
  );

  it.skipIf(!hasSheet("donchian.csv"))(
    "donchian.csv agrees with DONCHIAN:20 one candle later, because the sheet leaves out the present candle",
    () => {
      const { upper, middle, lower } = valuesOf("DONCHIAN:20", candles);
      const sheet = (name: string) => column("donchian.csv", name).subarray(1, candles.length);
      const before = candles.length - 1;
      expectColumn(upper.subarray(0, before), sheet("Upper"), { relative: 1e-12 }, "upper");
      expectColumn(middle.subarray(0, before), sheet("Center"), { relative: 1e-12 }, "middle");
      expectColumn(lower.subarray(0, before), sheet("Lower"), { relative: 1e-12 }, "lower");
    },
  );

  it.skipIf(!hasSheet("baseline_cci.standard.json"))(
    "the CCI of the library baseline agrees with CCI:20 to 1e-9",
    () => {
      const baseline: { cci: number | null }[] = JSON.parse(referenceFile(`${FOLDER}/baseline_cci.standard.json`));
      const expected = Float64Array.from(baseline, ({ cci }) => cci ?? Number.NaN);
      expectColumn(valuesOf("CCI:20", candles).cci, expected, { relative: 1e-9, unit: UNIT }, "cci");
    },
  );
});

describe("the intraday spreadsheets of VWAP", () => {
  it("vwap_vwap.csv agrees with VWAP since the first candle, and since the session, which is one day", () => {
    const candles = csvCandles(`${FOLDER}/vwap_vwap.csv`);
    const expected = column("vwap_vwap.csv", "VWAP");
    for (const spec of ["VWAP:first", "VWAP"]) {
      expectColumn(valuesOf(spec, candles).vwap, expected, { relative: 1e-12 }, spec);
    }
  });

  it.skipIf(!hasSheet("vwap_vwap-with-start-date.csv"))(
    "vwap_vwap-with-start-date.csv agrees with VWAP over the candles from that date",
    () => {
      const file = "vwap_vwap-with-start-date.csv";
      const expected = column(file, "VWAP");
      const start = expected.findIndex((value) => !Number.isNaN(value));
      const candles = sliceCandles(csvCandles(`${FOLDER}/${file}`), start);
      expectColumn(valuesOf("VWAP:first", candles).vwap, expected.subarray(start), { relative: 1e-12 }, file);
    },
  );
});
