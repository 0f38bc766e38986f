import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { calendarDay, calendarDays, knownHolidays } from "../../../core/market-calendar/calendar-days.ts";
import { MARKETS, type Market } from "../../../core/market-calendar/markets.ts";
import { holidaysKnown, marketStatus, nextOpen, sessionOn } from "../../../core/market-calendar/sessions.ts";
import { DAY } from "../../../core/time.ts";
import { datesOf, newYork, unixTime } from "../clock.ts";

const { US, JSE, FOREX, CRYPTO } = MARKETS;
const ALL: readonly Market[] = Object.values(MARKETS);
const HOUR = 3600;

const dayOf = (market: Market, date: string) => calendarDay(market, unixTime(`${date}T00:00:00Z`));

describe("a date of a calendar", () => {
  test("agrees with the session and with the status of the market at noon, in any year from 1990 to 2040", () => {
    const date = fc.integer({
      min: unixTime("1990-01-01T00:00:00Z") / DAY,
      max: unixTime("2040-12-31T00:00:00Z") / DAY,
    });
    fc.assert(
      fc.property(fc.constantFrom(...ALL), date, (market, day) => {
        const { status, session, name } = calendarDay(market, day * DAY);
        expect(session).toEqual(sessionOn(market, day * DAY));
        expect(session === null).toBe(status === "holiday" || status === "weekend");
        expect(name !== null).toBe(status === "holiday" || status === "half_day");
        if (status === "half_day" && session)
          expect(market.close - market.open - (session.close - session.open)).toBeGreaterThanOrEqual(HOUR);
        const noon = market === JSE ? day * DAY + 9 * HOUR : day * DAY + 17 * HOUR;
        if (status === "holiday") expect(marketStatus(market, noon)).toBe("holiday");
        if (status === "weekend") expect(marketStatus(market, noon)).toBe("closed");
        if (session)
          expect(
            nextOpen(market, session.open - 1) === session.open || marketStatus(market, session.open - 1) === "open",
          ).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  test("has a name for every closed weekday since 2000, and no other day is a holiday", () => {
    for (const market of [US, JSE, FOREX]) {
      const holidays = datesOf(2000, 2027).filter((date) => dayOf(market, date).status === "holiday");
      expect(holidays).toEqual([...market.holidays.keys()]);
    }
  });

  test("of forex after Christmas opens five minutes late, and is no half day", () => {
    const day = dayOf(FOREX, "2014-12-26");
    expect(day).toMatchObject({ status: "open", name: null });
    expect(day.session?.open).toBe(newYork("2014-12-25", "17:05"));
  });

  test("that opens at noon is a half day", () => {
    expect(dayOf(US, "2002-09-11").session).toMatchObject({
      anchor: unixTime("2002-09-11T09:30:00-04:00"),
      open: unixTime("2002-09-11T12:00:00-04:00"),
      close: unixTime("2002-09-11T16:00:00-04:00"),
    });
  });
});

test("dates begin with the first UTC day that begins in a span, and end before its end", () => {
  const dates = calendarDays(US, unixTime("2026-11-25T00:00:01Z"), unixTime("2026-11-28T00:00:00Z")).map(
    (day) => day.date,
  );
  expect(dates).toEqual(["2026-11-26", "2026-11-27"].map((date) => unixTime(`${date}T00:00:00Z`)));
});

test("holidays are known within the span that is named, and not around it", () => {
  for (const market of [US, JSE, FOREX]) {
    const { from, to } = knownHolidays(market);
    expect([from - 1, from, to - 1, to].map((time) => holidaysKnown(market, time))).toEqual([false, true, true, false]);
  }
  expect(holidaysKnown(CRYPTO, knownHolidays(CRYPTO).from)).toBe(true);
});
