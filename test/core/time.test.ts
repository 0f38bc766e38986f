import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  isoDate,
  isoTime,
  isTime,
  parseTime,
  startOfDay,
  startOfMonth,
  startOfNextMonth,
  startOfWeek,
  weekday,
} from "../../core/time.ts";
import { unixTime } from "./clock.ts";

const DAY = 86_400;
const YEAR_0 = unixTime("0000-01-01T00:00:00Z");
const YEAR_10000 = unixTime("9999-12-31T23:59:59Z") + 1;

const instant = fc.integer({ min: YEAR_0 * 1000, max: (YEAR_10000 - 32 * DAY) * 1000 }).map((ms) => ms / 1000);

/** Whole milliseconds of the years that ISO-8601 writes with four digits. */
const milliseconds = fc.oneof(
  fc.integer({ min: YEAR_0 * 1000, max: YEAR_10000 * 1000 - 1 }),
  fc.integer({ min: 0, max: 4_000_000_000_000 }),
);

describe("reading a time", () => {
  test("undoes writing it, to the millisecond, in every year with four digits", () => {
    fc.assert(
      fc.property(milliseconds, (ms) => {
        expect(isoTime(ms / 1000)).toBe(new Date(ms).toISOString());
        expect(parseTime(isoTime(ms / 1000))).toBe(ms / 1000);
      }),
      { numRuns: 1000 },
    );
  });

  test("takes unix seconds, with a sign and a fraction", () => {
    expect(parseTime("1795359600")).toBe(1795359600);
    expect(parseTime("-86400")).toBe(-DAY);
    expect(parseTime("+60")).toBe(60);
    expect(parseTime("1795359600.25")).toBe(1795359600.25);
    expect(parseTime("0")).toBe(0);
  });

  test.each([
    ["2026-11-22", "2026-11-22T00:00:00Z"],
    ["2026-11-22T15:04", "2026-11-22T15:04:00Z"],
    ["2026-11-22 15:04:05", "2026-11-22T15:04:05Z"],
    ["2026-11-22T15:04:05Z", "2026-11-22T15:04:05Z"],
    ["2026-11-22T15:04:05.5Z", "2026-11-22T15:04:05.500Z"],
    ["2026-11-22T15:04:05.123456789Z", "2026-11-22T15:04:05.123Z"],
    ["2026-11-22T15:04:05+02:00", "2026-11-22T13:04:05Z"],
    ["2026-11-22T15:04:05-0530", "2026-11-22T20:34:05Z"],
    ["2024-02-29", "2024-02-29T00:00:00Z"],
  ])("reads %s as %s", (text, iso) => {
    expect(parseTime(text)).toBe(unixTime(iso));
  });

  test("refuses milliseconds and says so", () => {
    for (const text of ["1795359600000", "-1795359600000", "100000000000"]) {
      expect(parseTime(text)).toEqual({ error: expect.stringContaining("milliseconds") });
    }
    expect(parseTime("99999999999")).toBe(99_999_999_999);
  });

  test.each([
    "2026-02-30",
    "2025-02-29",
    "2026-13-01",
    "2026-00-10",
    "2026-11-00",
    "2026-11-31",
    "2026-11-22T24:00:00Z",
    "2026-11-22T12:60:00Z",
    "2026-11-22T12:00:60Z",
    "2026-11-22T12:00:00+24:00",
    "2026-11-22T12:00:00+02:60",
    "2026-11-22T12:00:00-99:99",
  ])("refuses %s, which does not exist", (text) => {
    expect(parseTime(text)).toEqual({ error: expect.stringContaining("does not exist") });
  });

  test.each([
    "",
    " ",
    "now",
    "22/11/2026",
    "2026-11",
    "2026-11-22T",
    "2026-11-22T15",
    "1e9",
    "0x10",
    "NaN",
    "Infinity",
  ])("refuses %j, which is no time", (text) => {
    expect(parseTime(text)).toEqual({ error: expect.stringContaining("must be unix seconds or ISO-8601") });
  });

  test("takes the years 0 to 99 for what they are", () => {
    expect(parseTime("0050-03-01")).toBe(unixTime("0050-03-01T00:00:00Z"));
    expect(parseTime("0000-02-29")).toBe(unixTime("0000-02-29T00:00:00Z"));
  });

  test("never throws, whatever the text", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9TZ:.+-]{0,30}$/)), (text) => {
        const time = parseTime(text);
        if (typeof time === "number") expect(isTime(time)).toBe(true);
        else expect(time.error).not.toBe("");
      }),
      { numRuns: 500 },
    );
  });
});

describe("writing a time", () => {
  test("is ISO-8601 with milliseconds in UTC", () => {
    expect(isoTime(1795359600)).toBe("2026-11-22T15:00:00.000Z");
    expect(isoDate(1795359600)).toBe("2026-11-22");
  });
});

describe("the beginning of a day, week and month", () => {
  test("is the last midnight, Monday and 1st that is not after the instant", () => {
    fc.assert(
      fc.property(instant, (time) => {
        const date = new Date(Math.floor(time) * 1000);
        const day = startOfDay(time);
        expect([day <= time, time < day + DAY, day % DAY === 0]).toEqual([true, true, true]);
        expect(weekday(time)).toBe(date.getUTCDay());
        const week = startOfWeek(time);
        expect([week <= time, time < week + 7 * DAY, new Date(week * 1000).getUTCDay()]).toEqual([true, true, 1]);
        const month = date.toISOString().slice(0, 8);
        expect(startOfMonth(time)).toBe(unixTime(`${month}01T00:00:00Z`));
        const next = new Date(startOfNextMonth(time) * 1000);
        expect([next.getUTCDate(), next.getTime() / 1000 - startOfMonth(time) <= 31 * DAY]).toEqual([1, true]);
        expect(next.getTime() / 1000).toBeGreaterThan(time);
      }),
      { numRuns: 500, examples: [[unixTime("0050-06-15T12:00:00Z")], [unixTime("0099-12-31T12:00:00Z")], [-0.5]] },
    );
  });
});

test("a time is a number that a calendar can name", () => {
  expect([0, -1e11, 1e11, 8e12, -8e12].map(isTime)).toEqual(Array(5).fill(true));
  const none = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e20, -1e20, 8.64e12, -8.64e12];
  expect(none.map(isTime)).toEqual(Array(none.length).fill(false));
});
