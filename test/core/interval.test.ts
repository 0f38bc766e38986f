import { describe, expect, test } from "vitest";
import { bucketStart, INTERVALS, isDated, isMultipleOf, nextStamp } from "../../core/interval.ts";
import { unixTime } from "./clock.ts";

const day = (date: string): number => unixTime(`${date}T00:00:00Z`);

describe("an interval", () => {
  test("is made of finer ones that divide it: weeks and months of days, not of each other", () => {
    const parts = Object.fromEntries(
      INTERVALS.map((coarse) => [coarse, INTERVALS.filter((fine) => isMultipleOf(fine, coarse)).join(" ")]),
    );
    expect(parts).toEqual({
      "1m": "",
      "5m": "1m",
      "15m": "1m 5m",
      "30m": "1m 5m 15m",
      "1h": "1m 5m 15m 30m",
      "4h": "1m 5m 15m 30m 1h",
      "1d": "1m 5m 15m 30m 1h 4h",
      "1w": "1m 5m 15m 30m 1h 4h 1d",
      "1M": "1m 5m 15m 30m 1h 4h 1d",
    });
  });

  test("of a day and longer is counted in dates", () => {
    expect(INTERVALS.filter(isDated)).toEqual(["1d", "1w", "1M"]);
  });

  test("of weeks is stamped Monday, of months the 1st", () => {
    const sunday = unixTime("2026-11-22T15:00:00Z");
    expect(bucketStart("1d", sunday)).toBe(day("2026-11-22"));
    expect(bucketStart("1w", sunday)).toBe(day("2026-11-16"));
    expect(bucketStart("1M", sunday)).toBe(day("2026-11-01"));
  });

  test("follows the one before it", () => {
    expect(nextStamp("1d", day("2026-02-28"))).toBe(day("2026-03-01"));
    expect(nextStamp("1w", day("2026-12-28"))).toBe(day("2027-01-04"));
    expect(nextStamp("1M", day("2026-12-01"))).toBe(day("2027-01-01"));
    expect(nextStamp("1M", day("2028-02-01"))).toBe(day("2028-03-01"));
  });
});
