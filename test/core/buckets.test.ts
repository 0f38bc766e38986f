import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Bucket,
  bucketAt,
  bucketStamped,
  bucketsBefore,
  bucketsBetween,
  countBuckets,
  lastPossibleStamp,
} from "../../core/buckets.ts";
import { INTERVALS, INTRADAY_SECONDS, type Interval } from "../../core/interval.ts";
import { MARKETS, type Market } from "../../core/market-calendar/markets.ts";
import { isOpen } from "../../core/market-calendar/sessions.ts";
import { newYork, unixTime } from "./clock.ts";

const { JSE, US, FOREX, CRYPTO } = MARKETS;
const DAY = 86_400;
const ALL = Number.POSITIVE_INFINITY;

const iso = (time: number): string => new Date(time * 1000).toISOString().replace(":00.000Z", "");
const day = (date: string): number => unixTime(`${date}T00:00:00Z`);

/** The buckets stamped on a UTC day. */
const on = (market: Market, interval: Interval, date: string): Bucket[] =>
  bucketsBetween(market, interval, day(date), day(date) + DAY, ALL);

describe("intraday buckets", () => {
  test("of US hours count from the opening at 09:30, and the seventh is cut at the close", () => {
    const buckets = on(US, "1h", "2026-07-15");
    const openings = ["09:30", "10:30", "11:30", "12:30", "13:30", "14:30", "15:30"];
    expect(buckets.map(({ time }) => time)).toEqual(openings.map((clock) => newYork("2026-07-15", clock)));
    expect(buckets.at(-1)?.closes).toBe(newYork("2026-07-15", "16:00"));
    expect(buckets.every(({ time, anchor, opens }) => time === opens && anchor === opens)).toBe(true);
  });

  test("of four US hours are 09:30 to 13:30 and 13:30 to 16:00", () => {
    const spans = on(US, "4h", "2026-01-14").map(({ opens, closes }) => [iso(opens), iso(closes)]);
    expect(spans).toEqual([
      ["2026-01-14T14:30", "2026-01-14T18:30"],
      ["2026-01-14T18:30", "2026-01-14T21:00"],
    ]);
  });

  test("end at 13:00 New York on an early close", () => {
    const hours = on(US, "1h", "2026-11-27").map(({ opens, closes }) => [iso(opens), iso(closes)]);
    expect(hours).toEqual([
      ["2026-11-27T14:30", "2026-11-27T15:30"],
      ["2026-11-27T15:30", "2026-11-27T16:30"],
      ["2026-11-27T16:30", "2026-11-27T17:30"],
      ["2026-11-27T17:30", "2026-11-27T18:00"],
    ]);
    expect(on(US, "4h", "2026-11-27")).toHaveLength(1);
    expect(on(US, "1m", "2026-11-27")).toHaveLength(210);
  });

  test("end at 12:00 Johannesburg on a half day of the JSE", () => {
    for (const date of ["2026-12-24", "2026-12-31"]) {
      const hours = on(JSE, "1h", date).map(({ opens, closes }) => [iso(opens).slice(11), iso(closes).slice(11)]);
      expect(hours).toEqual([
        ["07:00", "08:00"],
        ["08:00", "09:00"],
        ["09:00", "10:00"],
      ]);
      expect(on(JSE, "4h", date).map(({ closes }) => iso(closes).slice(11))).toEqual(["10:00"]);
      expect(on(JSE, "1d", date).map(({ closes }) => iso(closes).slice(11))).toEqual(["10:00"]);
      expect(on(JSE, "1m", date)).toHaveLength(180);
    }
  });

  test("of JSE hours are eight from 09:00 Johannesburg, of four hours two", () => {
    expect(on(JSE, "1h", "2026-06-17").map(({ time }) => iso(time).slice(11))).toEqual([
      "07:00",
      "08:00",
      "09:00",
      "10:00",
      "11:00",
      "12:00",
      "13:00",
      "14:00",
    ]);
    expect(on(JSE, "4h", "2026-06-17").map(({ time }) => iso(time).slice(11))).toEqual(["07:00", "11:00"]);
  });

  test("of crypto count from 00:00 UTC", () => {
    expect(on(CRYPTO, "4h", "2026-07-11").map(({ time }) => iso(time).slice(11))).toEqual([
      "00:00",
      "04:00",
      "08:00",
      "12:00",
      "16:00",
      "20:00",
    ]);
  });

  test("of four forex hours count from 17:00 New York, in UTC an hour earlier in summer", () => {
    expect(on(FOREX, "4h", "2026-01-14").map(({ time }) => iso(time).slice(11))).toEqual([
      "02:00",
      "06:00",
      "10:00",
      "14:00",
      "18:00",
      "22:00",
    ]);
    expect(on(FOREX, "4h", "2026-07-15").map(({ time }) => iso(time).slice(11))).toEqual([
      "01:00",
      "05:00",
      "09:00",
      "13:00",
      "17:00",
      "21:00",
    ]);
  });

  test("keep their stamps on a late opening: the first forex hour after Christmas is stamped 17:00 and opens at 17:05", () => {
    const [first, second] = bucketsBetween(FOREX, "1h", newYork("2025-12-25", "00:00"), ALL_OF_2025, 2);
    expect(first).toEqual({
      time: newYork("2025-12-25", "17:00"),
      anchor: newYork("2025-12-25", "17:00"),
      opens: newYork("2025-12-25", "17:05"),
      closes: newYork("2025-12-25", "18:00"),
    });
    expect(second.time).toBe(newYork("2025-12-25", "18:00"));
    expect(bucketsBetween(FOREX, "1m", newYork("2025-12-25", "00:00"), ALL_OF_2025, 1)[0].time).toBe(
      newYork("2025-12-25", "17:05"),
    );
  });
});

const ALL_OF_2025 = day("2026-01-01");

describe("daily, weekly and monthly buckets", () => {
  test("of forex run from 17:00 to 17:00 New York and are dated by their end", () => {
    const bucket = bucketStamped(FOREX, "1d", day("2026-07-15"));
    expect(bucket).toEqual({
      time: day("2026-07-15"),
      anchor: newYork("2026-07-14", "17:00"),
      opens: newYork("2026-07-14", "17:00"),
      closes: newYork("2026-07-15", "17:00"),
    });
    expect(bucketAt(FOREX, "1d", newYork("2026-07-14", "17:00"))?.time).toBe(day("2026-07-15"));
    expect(bucketAt(FOREX, "1d", newYork("2026-07-14", "17:00") - 1)?.time).toBe(day("2026-07-14"));
    // There is no Sunday candle: Sunday evening is Monday's.
    expect(bucketAt(FOREX, "1d", newYork("2026-07-12", "18:00"))?.time).toBe(day("2026-07-13"));
  });

  test("of shares are stamped with the trading date and span its session", () => {
    expect(bucketStamped(US, "1d", day("2026-07-15"))).toMatchObject({
      opens: newYork("2026-07-15", "09:30"),
      closes: newYork("2026-07-15", "16:00"),
    });
  });

  test("of weeks are stamped Monday, though Monday be a holiday", () => {
    // Family Day, 2026-04-06.
    expect(bucketStamped(JSE, "1w", day("2026-04-06"))).toEqual({
      time: day("2026-04-06"),
      anchor: unixTime("2026-04-07T07:00:00Z"),
      opens: unixTime("2026-04-07T07:00:00Z"),
      closes: unixTime("2026-04-10T15:00:00Z"),
    });
    expect(bucketAt(JSE, "1w", unixTime("2026-04-09T12:00:00Z"))?.time).toBe(day("2026-04-06"));
  });

  test("of months are stamped the 1st, though the 1st be a Sunday or a holiday", () => {
    expect(bucketAt(US, "1M", newYork("2026-11-20", "12:00"))).toEqual({
      time: day("2026-11-01"),
      anchor: newYork("2026-11-02", "09:30"),
      opens: newYork("2026-11-02", "09:30"),
      closes: newYork("2026-11-30", "16:00"),
    });
    expect(bucketAt(JSE, "1M", unixTime("2026-01-05T12:00:00Z"))?.opens).toBe(unixTime("2026-01-02T07:00:00Z"));
  });

  test("of a forex month begin with the evening before its first trading date", () => {
    expect(bucketAt(FOREX, "1M", newYork("2026-06-30", "17:00"))?.time).toBe(day("2026-07-01"));
  });

  test("leave out closed days but no week and no month", () => {
    expect(bucketsBetween(JSE, "1d", day("2026-04-01"), day("2026-04-11"), ALL).map(({ time }) => iso(time))).toEqual(
      ["2026-04-01", "2026-04-02", "2026-04-07", "2026-04-08", "2026-04-09", "2026-04-10"].map((d) => iso(day(d))),
    );
    expect(countBuckets(JSE, "1M", day("2025-01-01"), day("2028-01-01"))).toBe(36);
    expect(countBuckets(JSE, "1w", day("2025-01-06"), day("2026-01-05"))).toBe(52);
  });
});

describe("a stamp", () => {
  test("of a week must be a Monday, of a month a 1st, of a day midnight", () => {
    expect(bucketStamped(JSE, "1w", day("2026-04-07"))).toBeNull();
    expect(bucketStamped(JSE, "1M", day("2026-04-02"))).toBeNull();
    expect(bucketStamped(JSE, "1d", day("2026-04-07") + 3600)).toBeNull();
  });

  test("of a day on which the calendar is closed is accepted as the UTC day: data may know better", () => {
    const saturday = day("2026-07-11");
    expect(bucketStamped(JSE, "1d", saturday)).toEqual({
      time: saturday,
      anchor: saturday,
      opens: saturday,
      closes: saturday + DAY,
    });
  });

  test("outside regular sessions is accepted on the interval's own grid", () => {
    const early = newYork("2026-07-15", "08:00");
    expect(bucketStamped(US, "15m", early)).toEqual({ time: early, anchor: early, opens: early, closes: early + 900 });
    expect(bucketStamped(US, "15m", early + 60)).toBeNull();
  });
});

/** Days on which something is unusual: late openings, early closes, holidays, changes of clocks, ends of years. */
const UNUSUAL = [
  "2025-01-01",
  "2025-01-02",
  "2025-03-09",
  "2025-07-03",
  "2025-11-02",
  "2025-12-25",
  "2025-12-26",
  "2026-01-01",
  "2026-01-02",
  "2026-04-03",
  "2026-11-04",
  "2026-11-27",
  "2026-12-24",
  "2026-12-31",
  "2027-12-27",
].map(day);
const from = fc.oneof(
  fc.integer({ min: day("2024-12-20"), max: day("2028-01-10") }),
  fc.tuple(fc.constantFrom(...UNUSUAL), fc.integer({ min: -DAY, max: DAY })).map(([date, shift]) => date + shift),
  fc.double({ min: day("2025-01-01"), max: day("2027-12-01"), noNaN: true }),
);
const market = fc.constantFrom(...Object.values(MARKETS));
const interval = fc.constantFrom(...INTERVALS);
const SPAN: Record<Interval, number> = {
  "1m": DAY / 3,
  "5m": DAY,
  "15m": 2 * DAY,
  "30m": 4 * DAY,
  "1h": 8 * DAY,
  "4h": 14 * DAY,
  "1d": 60 * DAY,
  "1w": 200 * DAY,
  "1M": 700 * DAY,
};
const share = fc.double({ min: 0, max: 1, noNaN: true });

describe("all markets and intervals", () => {
  test("buckets enumerated forward, backward and counted are the same ones", () => {
    fc.assert(
      fc.property(market, interval, from, share, (m, i, start, part) => {
        const end = start + part * SPAN[i];
        const forward = bucketsBetween(m, i, start, end, ALL);
        expect(bucketsBefore(m, i, end, ALL, start)).toEqual(forward);
        expect(countBuckets(m, i, start, end)).toBe(forward.length);
        const half = Math.ceil(forward.length / 2);
        expect(bucketsBetween(m, i, start, end, half)).toEqual(forward.slice(0, half));
        expect(bucketsBefore(m, i, end, half, start)).toEqual(forward.slice(forward.length - half));
      }),
      { numRuns: 400 },
    );
  });

  test("they are counted over decades of unknown holidays as they are enumerated, half days included", () => {
    const start = fc.integer({ min: day("2010-01-01"), max: day("2040-01-01") });
    fc.assert(
      fc.property(market, fc.constantFrom("1h", "4h", "1d", "1w"), start, share, (m, i, from, part) => {
        const end = from + part * 600 * DAY;
        expect(countBuckets(m, i, from, end)).toBe(bucketsBetween(m, i, from, end, ALL).length);
      }),
      { numRuns: 60 },
    );
  });

  test("buckets ascend without overlap, and each is found by its stamp, its first and its last second", () => {
    fc.assert(
      fc.property(market, interval, from, share, (m, i, start, part) => {
        const end = start + part * SPAN[i];
        let before = Number.NEGATIVE_INFINITY;
        for (const bucket of bucketsBetween(m, i, start, end, 300)) {
          expect(bucket.time).toBeGreaterThanOrEqual(start);
          expect(bucket.time).toBeLessThan(end);
          expect(bucket.opens).toBeGreaterThanOrEqual(before);
          expect(bucket.closes).toBeGreaterThan(bucket.opens);
          const seconds = INTRADAY_SECONDS[i];
          if (seconds !== null) {
            expect(bucket.closes - bucket.opens).toBeLessThanOrEqual(seconds);
            expect(bucket.time).toBeLessThanOrEqual(bucket.opens);
          }
          expect(bucketAt(m, i, bucket.opens)).toEqual(bucket);
          expect(bucketAt(m, i, bucket.closes - 1)).toEqual(bucket);
          expect(bucketStamped(m, i, bucket.time)).toEqual(bucket);
          expect(bucketAt(m, "4h", bucket.opens)?.time ?? Number.NaN).toBeLessThanOrEqual(bucket.anchor);
          before = bucket.closes;
        }
      }),
      { numRuns: 150 },
    );
  });

  test("an instant has a bucket exactly while the market is open, and lies inside it", () => {
    fc.assert(
      fc.property(market, interval, from, (m, i, time) => {
        const bucket = bucketAt(m, i, time);
        expect(bucket !== null).toBe(isOpen(m, time));
        if (!bucket) return;
        expect(bucket.opens <= time && time < bucket.closes).toBe(true);
        if (INTRADAY_SECONDS[i] !== null) expect(bucket.time).toBeLessThanOrEqual(time);
      }),
      { numRuns: 500 },
    );
  });

  test("a coarse bucket's anchor is the stamp of the first finer candle inside", () => {
    fc.assert(
      fc.property(
        market,
        fc.constantFrom("1d", "1w", "1M"),
        fc.constantFrom("30m", "1h", "4h"),
        from,
        (m, i, fine, t) => {
          const bucket = bucketAt(m, i, t);
          if (bucket) expect(bucketAt(m, fine, bucket.opens)?.time).toBe(bucket.anchor);
        },
      ),
      { numRuns: 200 },
    );
  });

  test("crypto has no gap between two buckets", () => {
    fc.assert(
      fc.property(interval, from, share, (i, start, part) => {
        const buckets = bucketsBetween(CRYPTO, i, start, start + part * SPAN[i], ALL);
        buckets.slice(1).forEach((bucket, n) => {
          expect(bucket.opens).toBe(buckets[n].closes);
          expect(bucket.time).toBe(bucket.opens);
        });
      }),
      { numRuns: 100 },
    );
  });

  test("forex has none within a week", () => {
    const week = bucketsBetween(FOREX, "15m", newYork("2026-07-12", "17:00"), newYork("2026-07-18", "00:00"), ALL);
    expect(week).toHaveLength(5 * 24 * 4);
    week.slice(1).forEach((bucket, n) => {
      expect(bucket.opens).toBe(week[n].closes);
    });
  });

  test("long ago they go on to be found, however odd the year", () => {
    for (const m of Object.values(MARKETS)) {
      for (const year of ["0001", "0070", "0100", "0101", "1700", "1900"]) {
        const end = unixTime(`${year}-06-15T00:00:00Z`);
        const months = bucketsBefore(m, "1M", end, 8, Number.NEGATIVE_INFINITY);
        expect(months).toHaveLength(8);
        expect(months.at(-1)?.time).toBe(unixTime(`${year}-06-01T00:00:00Z`));
        expect(bucketsBetween(m, "1M", months[0].time, end, ALL)).toEqual(months);
      }
    }
  });
});

describe("the end of the stamps that can have a candle", () => {
  test("is the second itself in the first second of a bucket, and just after its stamp from then on", () => {
    const opening = Date.UTC(2026, 10, 20, 12) / 1000;
    expect(lastPossibleStamp(CRYPTO, "1h", opening)).toBe(opening);
    expect(lastPossibleStamp(CRYPTO, "1h", opening + 1)).toBe(opening + 1);
  });

  test("includes the forex day that forms, which is stamped hours ahead", () => {
    const thursdayEvening = Date.UTC(2026, 10, 19, 22, 30) / 1000;
    const friday = Date.UTC(2026, 10, 20) / 1000;
    expect(lastPossibleStamp(FOREX, "1d", thursdayEvening)).toBe(friday + 1);
  });
});
