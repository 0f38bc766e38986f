import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { instantOf, offsetAt } from "../../../core/market-calendar/zone.ts";
import { newYorkOffset, unixTime } from "../clock.ts";

const HOUR = 3600;

/** The days of change that the law sets (US Naval Observatory's tables): 02:00 local time on each. */
const CHANGES = [
  [2007, "03-11", "11-04"],
  [2011, "03-13", "11-06"],
  [2016, "03-13", "11-06"],
  [2019, "03-10", "11-03"],
  [2021, "03-14", "11-07"],
  [2024, "03-10", "11-03"],
  [2025, "03-09", "11-02"],
  [2026, "03-08", "11-01"],
  [2027, "03-14", "11-07"],
] as const;

describe("New York", () => {
  test.each(CHANGES)("changes its clocks in %i on %s and on %s, to the second", (year, spring, autumn) => {
    const forward = unixTime(`${year}-${spring}T07:00:00Z`);
    const back = unixTime(`${year}-${autumn}T06:00:00Z`);
    expect([forward - 1, forward, back - 1, back].map((time) => offsetAt("America/New_York", time) / HOUR)).toEqual([
      -5, -4, -4, -5,
    ]);
  });

  test("kept an earlier rule before 2007: first Sunday of April to last Sunday of October", () => {
    const offsets = ["2006-04-02T06:59:59Z", "2006-04-02T07:00:00Z", "2006-10-29T05:59:59Z", "2006-10-29T06:00:00Z"];
    expect(offsets.map((iso) => offsetAt("America/New_York", unixTime(iso)) / HOUR)).toEqual([-5, -4, -4, -5]);
  });

  test("has the offset that the law sets at any instant from 2007 to 2037", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: unixTime("2007-01-01T00:00:00Z"), max: unixTime("2037-12-31T23:59:59Z") }),
        (time) => {
          expect(offsetAt("America/New_York", time)).toBe(newYorkOffset(time));
        },
      ),
      { numRuns: 500 },
    );
  });

  test("reads an hour that is skipped or repeated with the offset in force before", () => {
    const instant = (date: string, clock: string) =>
      instantOf("America/New_York", unixTime(`${date}T00:00:00Z`), unixTime(`1970-01-01T${clock}:00Z`));
    expect(instant("2026-03-08", "01:59")).toBe(unixTime("2026-03-08T06:59:00Z"));
    expect(instant("2026-03-08", "02:30")).toBe(unixTime("2026-03-08T07:30:00Z"));
    expect(instant("2026-03-08", "03:00")).toBe(unixTime("2026-03-08T07:00:00Z"));
    expect(instant("2026-11-01", "01:30")).toBe(unixTime("2026-11-01T05:30:00Z"));
    expect(instant("2026-11-01", "02:00")).toBe(unixTime("2026-11-01T07:00:00Z"));
  });
});

test("Johannesburg is two hours ahead all year, in any year", () => {
  for (const iso of ["1990-07-01T00:00:00Z", "2025-01-01T00:00:00Z", "2026-06-30T12:00:00Z", "2090-12-31T00:00:00Z"]) {
    expect(offsetAt("Africa/Johannesburg", unixTime(iso))).toBe(2 * HOUR);
  }
});

test("no zone is ever more than a day from UTC, however far the past or the future", () => {
  fc.assert(
    fc.property(fc.integer({ min: -8_600_000_000_000, max: 8_600_000_000_000 }), (time) => {
      expect(Math.abs(offsetAt("America/New_York", time))).toBeLessThan(24 * HOUR);
    }),
    {
      numRuns: 100,
      examples: [
        [unixTime("0000-06-01T00:00:00Z")],
        [unixTime("0050-06-01T00:00:00Z")],
        [unixTime("0099-12-31T23:59:59Z")],
      ],
    },
  );
});
