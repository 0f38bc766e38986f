import { describe, expect, test } from "vitest";
import { type CandleRow, type RowRules, readCandleRows } from "../../core/candle-rows.ts";
import type { Interval } from "../../core/interval.ts";
import { MARKETS, type MarketId } from "../../core/market-calendar/markets.ts";
import { unixTime } from "./clock.ts";
import { sharedCandles } from "./shared-data.ts";

const NOW = unixTime("2026-11-22T15:00:00Z");

function rules(marketId: MarketId = "CRYPTO", interval: Interval = "1h", negativePrices = false): RowRules {
  return { market: MARKETS[marketId], interval, now: NOW, negativePrices };
}

const GOOD: CandleRow = { line: 2, time: "2026-11-20T10:00:00Z", open: 10, high: 12, low: 9, close: 11, volume: 5 };
const READ = {
  time: unixTime("2026-11-20T10:00:00Z"),
  open: 10,
  high: 12,
  low: 9,
  close: 11,
  volume: 5,
  revision: 0,
  suspect: false,
};

const refusalOf = (row: Partial<CandleRow>, given = rules()): string | undefined => {
  const { candles, refused } = readCandleRows([{ ...GOOD, ...row }], given);
  expect(candles.length + refused.length).toBe(1);
  return refused[0]?.reason;
};

describe("a row that is a candle", () => {
  test("is taken as it stands, numbers or text alike", () => {
    const text = { time: "1795168800", open: " 10.0 ", high: "+12", low: "9", close: "1.1e1", volume: "5." };
    expect(readCandleRows([GOOD], rules())).toEqual({ candles: [READ], lines: [2], refused: [] });
    expect(readCandleRows([{ ...GOOD, ...text }], rules())).toEqual({ candles: [READ], lines: [2], refused: [] });
  });

  test("may leave everything but its time and its close blank, which is unknown and not 0", () => {
    const row = { line: 2, time: GOOD.time, open: "", high: " ", low: null, close: "11" };
    expect(readCandleRows([row], rules()).candles).toEqual([
      { ...READ, open: null, high: null, low: null, volume: null },
    ]);
  });

  test("may have one price for all of open, high, low and close, and no volume", () => {
    expect(refusalOf({ open: 5, high: 5, low: 5, close: 5, volume: 0 })).toBeUndefined();
  });

  test("may have prices of 0 and below where the instrument can", () => {
    // WTI crude oil settled at -37.63 on 2020-04-20.
    const row = { open: 17.73, high: 17.85, low: -40.32, close: -37.63 };
    expect(refusalOf(row, rules("CRYPTO", "1h", true))).toBeUndefined();
    expect(refusalOf(row)).toBe("low is -40.32; a price must be above 0");
  });

  test("may be the one that is forming", () => {
    expect(refusalOf({ time: String(NOW) })).toBeUndefined();
    expect(refusalOf({ time: "2026-11-16" }, rules("JSE", "1w"))).toBeUndefined();
  });

  test("may stand outside regular sessions on whole multiples of its interval", () => {
    // 08:00 New York, before the opening.
    expect(refusalOf({ time: "2026-11-20T13:00:00Z" }, rules("US", "1h"))).toBeUndefined();
    expect(refusalOf({ time: "2026-11-20T13:07:00Z" }, rules("US", "5m"))).toMatch(/does not open a 5m candle/);
  });
});

describe("a row is refused with its reason", () => {
  test.each([
    [{ time: "" }, /^time must be unix seconds or ISO-8601/],
    [{ time: "yesterday" }, /^time must be unix seconds or ISO-8601/],
    [{ time: Number.NaN }, /^time must be unix seconds or ISO-8601/],
    [{ time: 1795168800000 }, /^time looks like milliseconds/],
    [{ time: "1795168800000" }, /^time looks like milliseconds/],
    [{ time: "2026-02-30T10:00:00Z" }, /^time names a day or an hour that does not exist/],
    [{ time: "2026-11-20T10:00:00.500Z" }, /^time must be a whole second/],
    [{ time: "2026-11-20T10:30:00Z" }, /^time 2026-11-20T10:30:00.000Z does not open a 1h candle; use the opening/],
    [{ time: "2026-11-22T16:00:00Z" }, /^time 2026-11-22T16:00:00.000Z is in the future/],
    [{ open: "ten" }, /^open is "ten"; it must be a plain decimal/],
    [{ high: "1,234.5" }, /^high is "1,234.5"; it must be a plain decimal/],
    [{ low: "0x10" }, /^low is "0x10"/],
    [{ close: "NaN" }, /^close is "NaN"/],
    [{ close: Number.POSITIVE_INFINITY }, /^close is "Infinity"/],
    [{ volume: "R5" }, /^volume is "R5"/],
    [{ close: "1e999" }, /^close is too large a number/],
    [{ close: "" }, /^close is missing/],
    [{ close: undefined }, /^close is missing/],
    [{ close: null }, /^close is missing/],
    [{ open: "0" }, /^open is 0; a price must be above 0/],
    [{ low: -1 }, /^low is -1; a price must be above 0/],
    [{ volume: -1 }, /^volume is -1; it cannot be below 0/],
    [{ high: 8, low: 9 }, /^high 8 is below low 9/],
    [{ open: 13 }, /^open 13 is above high 12/],
    [{ open: 8 }, /^open 8 is below low 9/],
    [{ close: 12.5 }, /^close 12.5 is above high 12/],
    [{ close: 8.5 }, /^close 8.5 is below low 9/],
    [{ high: null, close: 8.5 }, /^close 8.5 is below low 9/],
  ] as const)("%j", (row, reason) => {
    expect(refusalOf(row)).toMatch(reason);
  });

  test("never with more than forty characters of a text that is no number", () => {
    expect(refusalOf({ open: "x".repeat(5000) })?.length).toBeLessThan(130);
  });

  test.each([
    ["CRYPTO", "4h", "2026-11-20T02:00:00Z"],
    ["JSE", "1h", "2026-11-20T07:30:00Z"],
    ["US", "1h", "2026-11-20T15:00:00Z"],
    ["US", "4h", "2026-11-20T16:00:00Z"],
    ["FOREX", "4h", "2026-11-20T00:00:00Z"],
    ["JSE", "1d", "2026-11-20T07:00:00Z"],
    ["JSE", "1w", "2026-11-17T00:00:00Z"],
    ["US", "1M", "2026-11-02T00:00:00Z"],
  ] as const)("%s %s: %s opens no bucket", (market, interval, time) => {
    expect(refusalOf({ time }, rules(market, interval))).toMatch(/does not open/);
  });

  test.each([
    ["US", "1h", "2026-11-20T14:30:00Z"],
    ["US", "4h", "2026-11-20T18:30:00Z"],
    ["FOREX", "4h", "2026-11-19T22:00:00Z"],
    ["FOREX", "1h", "2025-12-25T22:00:00Z"],
    ["JSE", "1d", "2026-11-20T00:00:00Z"],
    ["JSE", "1w", "2026-11-16T00:00:00Z"],
    ["US", "1M", "2026-11-01T00:00:00Z"],
  ] as const)("but not %s %s: %s, which opens one", (market, interval, time) => {
    expect(refusalOf({ time }, rules(market, interval))).toBeUndefined();
  });
});

describe("a file", () => {
  test("may be in any order; its candles ascend and its refusals name their lines", () => {
    const rows: CandleRow[] = [
      { ...GOOD, line: 2, time: "2026-11-20T12:00:00Z" },
      { ...GOOD, line: 3, time: "soon" },
      { ...GOOD, line: 4, time: "2026-11-20T10:00:00Z" },
      { ...GOOD, line: 5, time: "2026-11-20T11:00:00Z", close: "?" },
    ];
    const { candles, refused } = readCandleRows(rows, rules());
    expect(candles.map(({ time }) => time)).toEqual([
      unixTime("2026-11-20T10:00:00Z"),
      unixTime("2026-11-20T12:00:00Z"),
    ]);
    expect(refused.map(({ line }) => line)).toEqual([3, 5]);
  });

  test("may hold the same candle twice, in whatever writing; a second one with other numbers is refused", () => {
    const rows: CandleRow[] = [
      GOOD,
      { ...GOOD, line: 3, open: "10.00", time: 1795168800 },
      { ...GOOD, line: 4, close: 10.5 },
      { ...GOOD, line: 5, volume: null },
    ];
    const { candles, refused } = readCandleRows(rows, rules());
    expect(candles).toEqual([READ]);
    expect(refused).toEqual([
      { line: 4, reason: "has the time of line 2 but other numbers" },
      { line: 5, reason: "has the time of line 2 but other numbers" },
    ]);
  });

  test("of real hours with a known defect loses nothing but its duplicates", ({ skip }) => {
    const rows = sharedCandles(skip, "BTCUSDT_1h_defects.csv");
    const { candles, refused } = readCandleRows(
      rows.map((row) => ({ ...row, time: row.iso })),
      rules("CRYPTO", "1h"),
    );
    expect(refused).toEqual([]);
    // ORIGINS.md: 2017-09-26T19 to T22 stand there twice.
    expect(candles).toHaveLength(new Set(rows.map(({ time }) => time)).size);
    expect(rows.length - candles.length).toBe(4);
    expect(candles[0]).toMatchObject({ open: 16199.91, high: 16199.91, low: 4261.32, volume: 44.51, suspect: false });
  });

  test("of real closes alone is taken whole", ({ skip }) => {
    const rows = sharedCandles(skip, "JSE_NPN_1d_adjclose.csv").map((row) => ({ ...row, time: row.iso }));
    const { candles, refused } = readCandleRows(rows, rules("JSE", "1d"));
    expect(refused).toEqual([]);
    expect(candles).toHaveLength(rows.length);
    expect(candles[0]).toMatchObject({ open: null, high: null, low: null, close: 6725.527344, volume: null });
  });

  test("of real forex hours stands on our buckets", ({ skip }) => {
    const rows = sharedCandles(skip, "EURUSD_1h.csv").map((row) => ({ ...row, time: row.iso }));
    const { candles, refused } = readCandleRows(rows, rules("FOREX", "1h"));
    expect(refused).toEqual([]);
    expect(candles).toHaveLength(rows.length);
  });
});
