import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Candle,
  candleAt,
  candlesFrom,
  copyCandles,
  emptyCandles,
  firstAtOrAfter,
  sliceCandles,
} from "../../core/candles.ts";

const number = fc.option(fc.double({ min: -1e9, max: 1e9, noNaN: true }));
const candle = fc.record({
  time: fc.integer({ min: -1_000_000, max: 4_000_000 }),
  open: number,
  high: number,
  low: number,
  close: number,
  volume: number,
  revision: fc.nat({ max: 100 }),
  suspect: fc.boolean(),
});
const series: fc.Arbitrary<Candle[]> = fc
  .uniqueArray(candle, { selector: ({ time }) => time, maxLength: 40 })
  .map((rows) => rows.toSorted((a, b) => a.time - b.time));

const rowsOf = (columns: ReturnType<typeof emptyCandles>): Candle[] =>
  Array.from({ length: columns.length }, (_, i) => candleAt(columns, i));

describe("candles as columns", () => {
  test("return the rows that they were made of, unknown numbers as null", () => {
    fc.assert(
      fc.property(series, (rows) => {
        expect(rowsOf(candlesFrom(rows))).toEqual(rows);
      }),
    );
  });

  test("that are empty know no number", () => {
    const empty = {
      time: 0,
      open: null,
      high: null,
      low: null,
      close: null,
      volume: null,
      revision: 0,
      suspect: false,
    };
    expect(rowsOf(emptyCandles(2))).toEqual([empty, empty]);
    expect(emptyCandles(0).length).toBe(0);
  });

  test("are sliced as an array is, whatever the bounds", () => {
    const bound = fc.nat({ max: 60 });
    fc.assert(
      fc.property(series, bound, fc.option(bound, { nil: undefined }), (rows, start, end) => {
        const slice = sliceCandles(candlesFrom(rows), start, end);
        expect(slice.length).toBe(rows.slice(start, end).length);
        expect(slice.suspect).toHaveLength(slice.length);
        expect(rowsOf(slice)).toEqual(rows.slice(start, end));
      }),
    );
  });

  test("share memory with their slices and not with their copies", () => {
    const columns = candlesFrom([{ ...candleAt(emptyCandles(1), 0), time: 60, close: 1 }]);
    const slice = sliceCandles(columns, 0, 1);
    const copy = copyCandles(columns);
    columns.close[0] = 2;
    columns.suspect[0] = 1;
    expect([slice.close[0], slice.suspect[0]]).toEqual([2, 1]);
    expect([copy.close[0], copy.suspect[0]]).toEqual([1, 0]);
    expect(copy.close.buffer.byteLength).toBe(8);
  });

  test("are found by time: the first that opens at or after it", () => {
    fc.assert(
      fc.property(series, fc.integer({ min: -1_100_000, max: 4_100_000 }), (rows, time) => {
        const expected = rows.findIndex((row) => row.time >= time);
        expect(firstAtOrAfter(candlesFrom(rows), time)).toBe(expected < 0 ? rows.length : expected);
      }),
    );
  });
});
