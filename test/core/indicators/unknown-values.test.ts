import { describe, expect, it } from "vitest";
import { calculate } from "../../../core/indicators/batch.ts";
import { parseSpec } from "../../../core/indicators/spec.ts";
import { valuesOf } from "./comparison.ts";
import { closesOnly, movingCandles, withUnknown } from "./series.ts";

/** The values of an indicator's only output over closes, null where not defined. */
function over(closes: readonly (number | null)[], spec: string): (number | null)[] {
  const { outputs } = calculate([parseSpec(spec)], closesOnly(closes))[0];
  return Array.from(Object.values(outputs)[0], (value) => (Number.isNaN(value) ? null : value));
}

describe("an unknown field", () => {
  it("makes a window null while it is inside", () => {
    expect(over([1, 2, 3, null, 5, 6, 7, 8], "SMA:3")).toEqual([null, null, 2, null, null, null, 6, 7]);
    expect(over([1, 2, 3, null, 5, 6, 7, 8], "WMA:2")).toEqual([
      null,
      5 / 3,
      8 / 3,
      null,
      null,
      17 / 3,
      20 / 3,
      23 / 3,
    ]);
    expect(over([1, 2, 3, null, 5, 6, 7, 8], "STDDEV:2")).toEqual([null, 0.5, 0.5, null, null, 0.5, 0.5, 0.5]);
    expect(over([3, 2, 1, null, 5, 6, 4, 8], "DONCHIAN:2")).toEqual([null, 3, 2, null, null, 6, 6, 8]);
    expect(over([3, 2, 1, null, 5, 6, 4, 8], "AROON:1")).toEqual([null, 0, 0, null, null, 100, 0, 100]);
  });

  it("makes a recursive average start again", () => {
    expect(over([1, 2, 3, 4, null, 10, 20, 30], "EMA:2")).toEqual([null, 1.5, 2.5, 3.5, null, null, 15, 25]);
    const again = over([9, 8, 9, null, 1, 2, 1, 3, 4], "RSI:2");
    expect(again.slice(0, 6)).toEqual([null, null, 50, null, null, null]);
    expect(again.slice(4)).toEqual(over([1, 2, 1, 3, 4], "RSI:2"));
  });

  it("makes ATR and ADX start again, whose next candle has no previous close", () => {
    const candles = movingCandles(80);
    const broken = withUnknown(candles, "close", 40);
    for (const spec of ["ATR:3", "ADX:3"]) {
      const before = Object.values(valuesOf(spec, candles));
      const after = Object.values(valuesOf(spec, broken));
      const { warmUp } = parseSpec(spec).definition;
      warmUp(parseSpec(spec).numbers).forEach((bars, output) => {
        expect(after[output].subarray(0, 40)).toEqual(before[output].subarray(0, 40));
        expect(after[output].findIndex((value, i) => i > 40 && !Number.isNaN(value))).toBe(41 + bars);
      });
    }
  });

  it("is null in a total and adds nothing to it", () => {
    const candles = { ...closesOnly([10, 11, null, 12, 11, 13]), volume: Float64Array.of(5, 5, 5, 7, Number.NaN, 2) };
    expect([...valuesOf("OBV", candles).obv]).toEqual([0, 5, Number.NaN, 12, Number.NaN, 14]);
    expect([...valuesOf("VWAP:first", candles).vwap].map((value) => Number.isNaN(value))).toEqual([
      false,
      false,
      true,
      false,
      true,
      false,
    ]);
  });

  it("leaves every indicator that needs volume null where there is none", () => {
    const candles = { ...movingCandles(60), volume: new Float64Array(60).fill(Number.NaN) };
    for (const spec of ["OBV", "ADL", "VWAP", "MFI", "CMF"]) {
      expect(Object.values(valuesOf(spec, candles))[0].every(Number.isNaN)).toBe(true);
    }
  });
});

describe("a flat window", () => {
  const flat = new Array<number>(40).fill(7.3);

  it("is null where a definition divides by its range, deviation or movement", () => {
    for (const spec of ["RSI:3", "CCI:3", "WILLIAMS_R:3", "STOCHASTIC:3:2", "STOCHRSI:3:3:1:1", "MFI:3"]) {
      expect(
        over(flat, spec).every((value) => value === null),
        spec,
      ).toBe(true);
    }
    expect(over(flat, "ADX:3").every((value) => value === null)).toBe(true);
  });

  it("has no deviation, to the last bit, wherever its price lies and whatever came before", () => {
    for (const price of [0.1, 7.3, 1 / 3, 1e-8, 123456789.123]) {
      const closes = [1e6, 3, 17.77, ...new Array<number>(60).fill(price)];
      for (const period of [3, 7, 20, 49]) {
        expect(
          over(closes, `STDDEV:${period}`)
            .slice(3 + period - 1)
            .every((value) => value === 0),
        ).toBe(true);
        expect(
          over(closes, `CCI:${period}`)
            .slice(3 + period - 1)
            .every((value) => value === null),
        ).toBe(true);
      }
    }
  });

  it("keeps RSI as it is, so that STOCHRSI over it is null", () => {
    const closes = [10, 11, 10.5, 12, 11.7, ...new Array<number>(50).fill(11.9)];
    const rsi = over(closes, "RSI:3");
    expect(new Set(rsi.slice(6)).size).toBe(1);
    expect(
      over(closes, "STOCHRSI:3:5:1:1")
        .slice(12)
        .every((value) => value === null),
    ).toBe(true);
  });

  it("returns MFI and CMF null when the trade of before has left the window, without a trace", () => {
    const candles = closesOnly([0.1, 0.3, 0.2, 0.7, ...new Array<number>(30).fill(0.7)]);
    const volume = candles.volume.map((_, i) => (i < 4 ? 0.1 * (i + 1) : 0));
    expect(
      valuesOf("MFI:3", { ...candles, volume })
        .mfi.subarray(7)
        .every(Number.isNaN),
    ).toBe(true);
    expect(
      valuesOf("CMF:3", { ...candles, volume })
        .cmf.subarray(7)
        .every(Number.isNaN),
    ).toBe(true);
  });

  it("is a null inside an average, which is null until it has left", () => {
    const closes = [1, 2, 3, 3, 3, 4, 5, 6, 7];
    expect(over(closes, "STOCHASTIC:2:1")).toEqual([null, 100, 100, null, null, 100, 100, 100, 100]);
    expect([...valuesOf("STOCHASTIC:2:2", closesOnly(closes)).d].map((value) => Number.isNaN(value))).toEqual([
      true,
      true,
      false,
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});

describe("the ends of the scale", () => {
  it("are exact: RSI, MFI and Stochastic of a steady rise are 100, of a steady fall 0", () => {
    const rise = Array.from({ length: 60 }, (_, i) => 0.1 + i * 0.7);
    const fall = rise.toReversed();
    for (const spec of ["RSI:14", "MFI:14", "STOCHASTIC:14:3:3"]) {
      const last = (values: (number | null)[]) => values[values.length - 1];
      expect(last(over(rise, spec)), spec).toBe(100);
      expect(last(over(fall, spec)), spec).toBe(0);
    }
  });

  it("make DX 0 where there is range but no directional movement", () => {
    const candles = closesOnly(new Array<number>(20).fill(10));
    const inside = { ...candles, high: new Float64Array(20).fill(11), low: new Float64Array(20).fill(9) };
    const { adx, di_plus, di_minus } = valuesOf("ADX:3", inside);
    expect([adx[19], di_plus[19], di_minus[19]]).toEqual([0, 0, 0]);
  });
});
