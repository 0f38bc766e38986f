import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bucketAt, bucketStamped, bucketsBefore, bucketsBetween, countBuckets } from "../../../core/buckets.ts";
import { INTERVALS } from "../../../core/interval.ts";
import { MARKETS } from "../../../core/market-calendar/markets.ts";
import {
  holidaysKnown,
  isOpen,
  marketStatus,
  nextClose,
  nextOpen,
  nextSession,
  openSecondsBetween,
  previousSession,
  sessionOf,
  sessionOn,
} from "../../../core/market-calendar/sessions.ts";
import { newYork, unixTime } from "../clock.ts";

const { JSE, US, FOREX, CRYPTO } = MARKETS;
const ALL = Object.values(MARKETS);
const HOUR = 3600;
const DAY = 86_400;

/** Instants of the years whose calendars are known. */
const instant = fc.integer({ min: unixTime("2025-01-01T00:00:00Z"), max: unixTime("2027-12-20T00:00:00Z") });

describe("a session", () => {
  test("holds its first second and not the second at its close", () => {
    const open = unixTime("2026-06-17T07:00:00Z");
    const close = unixTime("2026-06-17T15:00:00Z");
    expect([open - 1, open - 0.001, open, close - 1, close - 0.001, close].map((time) => isOpen(JSE, time))).toEqual([
      false,
      false,
      true,
      true,
      true,
      false,
    ]);
  });

  test("is found by any of its instants, and a forex one by the evening before its date", () => {
    expect(sessionOf(FOREX, unixTime("2026-07-14T22:00:00Z"))?.date).toBe(unixTime("2026-07-15T00:00:00Z"));
    expect(sessionOf(FOREX, unixTime("2026-07-15T20:59:59Z"))?.date).toBe(unixTime("2026-07-15T00:00:00Z"));
    expect(sessionOf(FOREX, unixTime("2026-07-15T21:00:00Z"))?.date).toBe(unixTime("2026-07-16T00:00:00Z"));
    expect(sessionOf(US, unixTime("2026-07-15T13:29:59Z"))).toBeNull();
  });

  test("has a neighbour on either side that is not a closed day", () => {
    const friday = unixTime("2026-04-02T00:00:00Z");
    // Good Friday, the weekend and Family Day stand between.
    expect(nextSession(JSE, friday)?.date).toBe(unixTime("2026-04-07T00:00:00Z"));
    expect(previousSession(JSE, unixTime("2026-04-07T00:00:00Z"))?.date).toBe(friday);
  });

  test("follows the one before it without overlap, and next and previous undo each other", () => {
    fc.assert(
      fc.property(fc.constantFrom(...ALL), instant, (market, time) => {
        const session = nextSession(market, time);
        if (!session) throw new Error("a market always trades again");
        const following = nextSession(market, session.date);
        if (!following) throw new Error("a market always trades again");
        expect(previousSession(market, following.date)).toEqual(session);
        expect(session.anchor).toBeLessThanOrEqual(session.open);
        expect(session.open).toBeLessThan(session.close);
        expect(session.close).toBeLessThanOrEqual(following.open);
      }),
    );
  });
});

describe("the status of a market", () => {
  test("of US shares is pre from 04:00, open from 09:30, post from 16:00 and closed from 20:00 New York", () => {
    const clock = ["03:59", "04:00", "09:29", "09:30", "15:59", "16:00", "19:59", "20:00", "23:59"];
    const expected = ["closed", "pre", "pre", "open", "open", "post", "post", "closed", "closed"];
    for (const date of ["2026-01-14", "2026-07-15", "2026-03-09", "2026-11-02"]) {
      expect(clock.map((time) => marketStatus(US, newYork(date, time)))).toEqual(expected);
    }
  });

  test("of US shares on an early close is post for four hours from 13:00", () => {
    const clock = ["12:59", "13:00", "16:59", "17:00"];
    expect(clock.map((time) => marketStatus(US, newYork("2026-11-27", time)))).toEqual([
      "open",
      "post",
      "post",
      "closed",
    ]);
  });

  test("of the JSE on a half day is closed from 12:00, when the session says that it closes", () => {
    for (const date of ["2026-12-24", "2026-12-31", "2016-12-23", "2019-12-31"]) {
      const noon = unixTime(`${date}T12:00:00+02:00`);
      expect([noon - 1, noon, noon + 3 * 3600].map((time) => marketStatus(JSE, time))).toEqual([
        ...["open", "closed", "closed"],
      ]);
      expect(nextClose(JSE, unixTime(`${date}T10:00:00+02:00`))).toBe(noon);
    }
    expect(nextOpen(JSE, unixTime("2026-12-24T12:00:00+02:00"))).toBe(unixTime("2026-12-28T09:00:00+02:00"));
    expect(openSecondsBetween(JSE, unixTime("2026-12-24T00:00:00Z"), unixTime("2026-12-25T00:00:00Z"))).toBe(3 * 3600);
  });

  test("of the JSE is pre in the opening auction from 08:30 and never post", () => {
    const utc = ["06:29", "06:30", "06:59", "07:00", "14:59", "15:00", "20:00"];
    expect(utc.map((time) => marketStatus(JSE, unixTime(`2026-06-17T${time}:00Z`)))).toEqual([
      "closed",
      "pre",
      "pre",
      "open",
      "open",
      "closed",
      "closed",
    ]);
  });

  test("is holiday through the whole local day of a holiday, closed at weekends", () => {
    expect(["00:00", "09:00", "12:00", "23:59"].map((time) => marketStatus(US, newYork("2026-11-26", time)))).toEqual(
      Array(4).fill("holiday"),
    );
    expect(marketStatus(US, newYork("2026-11-25", "23:59"))).toBe("closed");
    expect(marketStatus(US, newYork("2026-11-28", "12:00"))).toBe("closed");
    // 2026-11-04 began in Johannesburg at 22:00 UTC the evening before.
    expect(marketStatus(JSE, unixTime("2026-11-03T22:00:00Z"))).toBe("holiday");
    expect(marketStatus(JSE, unixTime("2026-11-03T21:59:59Z"))).toBe("closed");
    expect(marketStatus(FOREX, newYork("2026-12-25", "12:00"))).toBe("holiday");
    expect(marketStatus(FOREX, newYork("2026-07-11", "12:00"))).toBe("closed");
  });

  test("of crypto is always open", () => {
    for (const iso of ["2026-12-25T00:00:00Z", "2026-07-11T12:00:00Z", "2031-01-01T00:00:00Z"]) {
      expect(marketStatus(CRYPTO, unixTime(iso))).toBe("open");
    }
  });

  test("is open exactly where a session is on", () => {
    fc.assert(
      fc.property(fc.constantFrom(...ALL), instant, (market, time) => {
        const session = sessionOf(market, time);
        expect(isOpen(market, time)).toBe(session !== null);
        expect(marketStatus(market, time) === "open").toBe(session !== null);
        if (session) expect(session.open <= time && time < session.close).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe("the next opening and the next close", () => {
  test("skip weekends and holidays", () => {
    // Thursday's close before Good Friday 2026, the weekend and Family Day.
    const close = unixTime("2026-04-02T15:00:00Z");
    const reopening = unixTime("2026-04-07T07:00:00Z");
    expect(nextOpen(JSE, close)).toBe(reopening);
    expect(nextOpen(JSE, reopening - 1)).toBe(reopening);
    expect(nextClose(JSE, close - 1)).toBe(close);
    expect(nextClose(JSE, close)).toBe(unixTime("2026-04-07T15:00:00Z"));
  });

  test("are strictly after the instant they are asked for", () => {
    expect(nextOpen(US, newYork("2026-07-15", "09:30"))).toBe(newYork("2026-07-16", "09:30"));
    expect(nextClose(US, newYork("2026-07-15", "16:00"))).toBe(newYork("2026-07-16", "16:00"));
  });

  test("of forex are the week's, for a change of day is no closure", () => {
    const wednesday = newYork("2026-07-15", "12:00");
    expect(nextClose(FOREX, wednesday)).toBe(newYork("2026-07-17", "17:00"));
    expect(nextOpen(FOREX, wednesday)).toBe(newYork("2026-07-19", "17:00"));
  });

  test("of forex know Christmas: closed from 17:00 on the 24th to 17:05 on the 25th", () => {
    const christmasEve = newYork("2025-12-24", "12:00");
    expect(nextClose(FOREX, christmasEve)).toBe(newYork("2025-12-24", "17:00"));
    expect(nextOpen(FOREX, christmasEve)).toBe(newYork("2025-12-25", "17:05"));
    expect(isOpen(FOREX, newYork("2025-12-25", "17:04"))).toBe(false);
    expect(isOpen(FOREX, newYork("2025-12-25", "17:05"))).toBe(true);
  });

  test("of forex after New Year on a Friday is Sunday at 17:00", () => {
    expect(nextOpen(FOREX, newYork("2027-01-01", "12:00"))).toBe(newYork("2027-01-03", "17:00"));
  });

  test("of crypto do not exist", () => {
    expect(nextOpen(CRYPTO, unixTime("2026-07-15T12:00:00Z"))).toBeNull();
    expect(nextClose(CRYPTO, unixTime("2026-07-15T12:00:00Z"))).toBeNull();
  });

  test("are where the market turns from closed to open and from open to closed, with no turn before them", () => {
    fc.assert(
      fc.property(fc.constantFrom(JSE, US, FOREX), instant, (market, time) => {
        const open = nextOpen(market, time) ?? Number.NaN;
        const close = nextClose(market, time) ?? Number.NaN;
        expect([isOpen(market, open - 1), isOpen(market, open)]).toEqual([false, true]);
        expect([isOpen(market, close - 1), isOpen(market, close)]).toEqual([true, false]);
        const next = Math.min(open, close);
        expect(isOpen(market, next - 1)).toBe(isOpen(market, time));
        expect(openSecondsBetween(market, time, next)).toBe(isOpen(market, time) ? next - time : 0);
      }),
      { numRuns: 300 },
    );
  });
});

describe("seconds of open market", () => {
  test("do not pass while the market is closed: Friday's close is as young on Saturday and on Monday before the opening", () => {
    const close = newYork("2026-07-10", "16:00");
    expect(openSecondsBetween(US, close, newYork("2026-07-11", "12:00"))).toBe(0);
    expect(openSecondsBetween(US, close, newYork("2026-07-13", "09:30"))).toBe(0);
    expect(openSecondsBetween(US, close, newYork("2026-07-13", "09:31"))).toBe(60);
    expect(openSecondsBetween(US, close - 90, newYork("2026-07-13", "09:31"))).toBe(150);
  });

  test("of a whole week are 5 × 6.5 h for US shares, 5 × 8 h for the JSE, 120 h for forex and 168 h for crypto", () => {
    const from = unixTime("2026-07-12T00:00:00Z");
    const week = (market: typeof US) => openSecondsBetween(market, from, from + 7 * DAY) / HOUR;
    expect([US, JSE, FOREX, CRYPTO].map(week)).toEqual([32.5, 40, 120, 168]);
  });

  test("are none from a later instant to an earlier one", () => {
    expect(openSecondsBetween(US, newYork("2026-07-15", "12:00"), newYork("2026-07-15", "11:00"))).toBe(0);
  });

  test("are counted no further than one asks", () => {
    expect(openSecondsBetween(US, 0, newYork("2026-07-15", "12:00"), 61)).toBe(61);
    expect(openSecondsBetween(CRYPTO, 0, 1e9, 61)).toBe(61);
  });

  test("add up: a to b and b to c make a to c", () => {
    const span = fc.nat({ max: 20 * DAY });
    fc.assert(
      fc.property(fc.constantFrom(...ALL), instant, span, span, (market, a, first, second) => {
        const b = a + first;
        const c = b + second;
        const sum = openSecondsBetween(market, a, b) + openSecondsBetween(market, b, c);
        expect(openSecondsBetween(market, a, c)).toBe(sum);
      }),
    );
  });
});

describe("years whose holidays are unknown", () => {
  test("are said to be so, and only weekends count as closed", () => {
    for (const [date, open] of [
      ["1999-12-24", true],
      ["2028-12-25", true],
      ["1999-12-25", false],
      ["1987-10-19", true],
    ] as const) {
      for (const market of [JSE, US, FOREX]) {
        expect(holidaysKnown(market, unixTime(`${date}T12:00:00Z`))).toBe(false);
        expect(sessionOn(market, unixTime(`${date}T00:00:00Z`)) !== null).toBe(open);
      }
    }
  });

  test("begin before 2000 and after 2027; crypto has none", () => {
    for (const market of [JSE, US, FOREX]) {
      const seconds = ["1999-12-31T23:59:59Z", "2000-01-01T00:00:00Z", "2027-12-31T23:59:59Z", "2028-01-01T00:00:00Z"];
      expect(seconds.map((iso) => holidaysKnown(market, unixTime(iso)))).toEqual([false, true, true, false]);
    }
    expect(holidaysKnown(CRYPTO, unixTime("1990-01-01T00:00:00Z"))).toBe(true);
  });
});

describe("a number that is no time", () => {
  const noTime = fc.constantFrom(
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    1e20,
    -1e20,
    1e300,
    8.64e12,
  );

  test("belongs to no session, and the market is closed then", () => {
    fc.assert(
      fc.property(fc.constantFrom(...ALL), noTime, (market, time) => {
        expect(sessionOn(market, time)).toBeNull();
        expect(sessionOf(market, time)).toBeNull();
        expect(isOpen(market, time)).toBe(false);
        expect(marketStatus(market, time)).toBe("closed");
        expect(nextOpen(market, time)).toBeNull();
        expect(nextClose(market, time)).toBeNull();
        expect(nextSession(market, time)).toBeNull();
        expect(previousSession(market, time)).toBeNull();
        expect(openSecondsBetween(market, time, 0)).toBe(0);
        expect(openSecondsBetween(market, 0, time)).toBe(0);
        if (market !== CRYPTO) expect(holidaysKnown(market, time)).toBe(false);
        for (const interval of INTERVALS) {
          expect(bucketAt(market, interval, time)).toBeNull();
          expect(bucketStamped(market, interval, time)).toBeNull();
          expect(countBuckets(market, interval, time, 0)).toBe(0);
          expect(countBuckets(market, interval, 0, time)).toBe(0);
          expect(bucketsBetween(market, interval, time, 0, 5)).toEqual([]);
          expect(bucketsBefore(market, interval, time, 5, 0)).toEqual([]);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("or any other number never throws", () => {
    const anything = fc.oneof(
      fc.double(),
      fc.double({ min: -8.64e12, max: 8.64e12, noNaN: true }),
      fc.constantFrom(8.64e12, -8.64e12, 8.64e12 - 366 * DAY, 366 * DAY - 8.64e12, -62_167_219_200, -60_000_000_000.5),
    );
    fc.assert(
      fc.property(fc.constantFrom(...ALL.keys()), anything, (index, time) => {
        const market = ALL[index];
        const session = sessionOf(market, time);
        expect(isOpen(market, time)).toBe(session !== null);
        expect(["open", "closed", "pre", "post", "holiday"]).toContain(marketStatus(market, time));
        const open = nextOpen(market, time);
        if (open !== null) expect(open).toBeGreaterThan(time);
        const close = nextClose(market, time);
        if (close !== null) expect(close).toBeGreaterThan(time);
        holidaysKnown(market, time);
        for (const interval of INTERVALS) {
          const bucket = bucketAt(market, interval, time);
          // Nearer to 0 a number is lost in any sum.
          if (bucket && Math.abs(time) > 1e-9) expect(bucket.opens <= time && time < bucket.closes).toBe(true);
          bucketStamped(market, interval, time);
          for (const { time: stamp } of bucketsBetween(market, interval, time, time + 40 * DAY, 3)) {
            expect(stamp).toBeGreaterThanOrEqual(time);
          }
          for (const { time: stamp } of bucketsBefore(market, interval, time, 3, time - 400 * DAY)) {
            expect(stamp).toBeLessThan(time);
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});
