import { describe, expect, test } from "vitest";
import { MARKETS, type Market, marketOf } from "../../../core/market-calendar/markets.ts";
import { sessionOn } from "../../../core/market-calendar/sessions.ts";
import { datesOf, newYork, unixTime, weekdayOf } from "../clock.ts";
import { sharedText } from "../shared-data.ts";

const { JSE, US, FOREX, CRYPTO } = MARKETS;
const YEARS = [2025, 2026, 2027];

/** The part of calendars.md under a heading. */
function section(text: string, heading: string): string {
  const found = text.split(/^## /m).find((part) => part.startsWith(heading));
  if (!found) throw new Error(`calendars.md has no section ${heading}`);
  return found;
}

/** `2025: 2025-01-01 Wed New Year's Day; …` as dates with names. */
function jseHolidays(text: string): Map<string, string> {
  const holidays = new Map<string, string>();
  for (const [, list] of section(text, "JSE").matchAll(/^\d{4}: (.*)$/gm)) {
    for (const entry of list.split("; ")) {
      const [, date, name] = /^(\d{4}-\d{2}-\d{2}) [A-Z][a-z]{2} ([^(]*)/.exec(entry) ?? [];
      holidays.set(date, name.trim());
    }
  }
  return holidays;
}

/** `- Closed 2025: 01-01, … . Early: 07-03, …` as two lists of dates. */
function usDates(text: string): { closed: string[]; early: string[] } {
  const closed: string[] = [];
  const early: string[] = [];
  const lines = section(text, "NYSE").matchAll(/^- Closed (\d{4}): (.*?)\. Early: (.*?)\.$/gm);
  for (const [, year, closedList, earlyList] of lines) {
    const read = (list: string) => [...list.replace(/\([^)]*\)/g, "").matchAll(/\d{2}-\d{2}/g)].map(([day]) => day);
    closed.push(...read(closedList).map((day) => `${year}-${day}`));
    early.push(...read(earlyList).map((day) => `${year}-${day}`));
  }
  return { closed, early };
}

/** The last weekdays before 25 December and 1 January, read off a calendar. */
const HALF_DAYS = [
  ...["2016-12-23", "2016-12-30", "2017-12-22", "2017-12-29", "2018-12-24", "2018-12-31", "2019-12-24", "2019-12-31"],
  ...["2020-12-24", "2020-12-31", "2021-12-24", "2021-12-31", "2022-12-23", "2022-12-30", "2023-12-22", "2023-12-29"],
  ...["2024-12-24", "2024-12-31", "2025-12-24", "2025-12-31", "2026-12-24", "2026-12-31", "2027-12-24", "2027-12-31"],
];

const sessionOf = (market: Market, date: string) => sessionOn(market, unixTime(`${date}T00:00:00Z`));

describe("the JSE calendar", () => {
  test("is closed on every holiday of the published list and on no other weekday, 2025 to 2027", ({ skip }) => {
    const holidays = jseHolidays(sharedText(skip, "calendars.md"));
    expect(holidays.size).toBe(11 + 11 + 10);
    const closed = datesOf(2025, 2027).filter((date) => weekdayOf(date) % 6 !== 0 && !sessionOf(JSE, date));
    expect(closed).toEqual([...holidays.keys()].toSorted());
    for (const [date, name] of holidays) expect(`${date} ${JSE.holidays.get(date)}`).toContain(`${date} ${name}`);
  });

  test("trades on the weekdays around holidays that fall on a Saturday", ({ skip }) => {
    const text = section(sharedText(skip, "calendars.md"), "JSE");
    const notObserved = [...text.matchAll(/\(not observed: (\d{4}-\d{2}-\d{2})/g)].map(([, date]) =>
      unixTime(`${date}Z`),
    );
    expect(notObserved.length).toBeGreaterThanOrEqual(3);
    for (const saturday of notObserved) {
      expect(sessionOn(JSE, saturday)).toBeNull();
      const monday = new Date((saturday + 2 * 86_400) * 1000).toISOString().slice(0, 10);
      if (!JSE.holidays.has(monday)) expect(sessionOf(JSE, monday)).not.toBeNull();
    }
  });

  test("trades from 07:00 to 15:00 UTC on every trading day but half days, summer and winter alike", () => {
    for (const date of datesOf(2025, 2027)) {
      const session = sessionOf(JSE, date);
      if (!session || HALF_DAYS.includes(date)) continue;
      const open = unixTime(`${date}T07:00:00Z`);
      expect(session).toEqual({
        date: unixTime(`${date}T00:00:00Z`),
        anchor: open,
        open,
        close: unixTime(`${date}T15:00:00Z`),
      });
    }
  });

  test("closes at 12:00 Johannesburg on the last trading day before Christmas and before New Year, from 2016 on", () => {
    const early = datesOf(2000, 2027).filter((date) => {
      const session = sessionOf(JSE, date);
      return session && session.close - session.anchor < 8 * 3600;
    });
    expect(early).toEqual(HALF_DAYS);
    for (const date of HALF_DAYS) {
      const open = unixTime(`${date}T09:00:00+02:00`);
      const close = unixTime(`${date}T12:00:00+02:00`);
      expect(sessionOf(JSE, date)).toEqual({ date: unixTime(`${date}T00:00:00Z`), anchor: open, open, close });
    }
  });

  test("says of a half day whether a source names it: not those of 31 December 2025 to 2027", ({ skip }) => {
    const text = section(sharedText(skip, "calendars.md"), "Added: JSE half days");
    const confirmed = [...JSE.earlyCloses].filter(([, early]) => early.confirmed).map(([date]) => date);
    expect(confirmed).toEqual(["2016-12-30", "2017-12-29", "2023-12-29", "2024-12-24", "2025-12-24"]);
    for (const date of ["2025-12-24", "2017-12-29"]) expect(text).toContain(date);
    for (const year of YEARS) expect(JSE.earlyCloses.get(`${year}-12-31`)?.confirmed).toBe(false);
  });

  test("is closed on every Saturday and Sunday", () => {
    for (const date of datesOf(2025, 2027)) if (weekdayOf(date) % 6 === 0) expect(sessionOf(JSE, date)).toBeNull();
  });
});

describe("the US calendar", () => {
  test("is closed on every holiday of the published list and on no other weekday, 2025 to 2027", ({ skip }) => {
    const { closed } = usDates(sharedText(skip, "calendars.md"));
    expect(closed).toHaveLength(11 + 10 + 10);
    expect(datesOf(2025, 2027).filter((date) => weekdayOf(date) % 6 !== 0 && !sessionOf(US, date))).toEqual(closed);
  });

  test("closes at 13:00 New York on every early close of the published list, at 16:00 on all other days", ({
    skip,
  }) => {
    const early = new Set(usDates(sharedText(skip, "calendars.md")).early);
    expect(early.size).toBe(3 + 2 + 1);
    for (const date of datesOf(2025, 2027)) {
      const session = sessionOf(US, date);
      if (!session) continue;
      const open = newYork(date, "09:30");
      const close = newYork(date, early.has(date) ? "13:00" : "16:00");
      expect(session).toEqual({ date: unixTime(`${date}T00:00:00Z`), anchor: open, open, close });
    }
  });

  test("trades from 14:30 to 21:00 UTC in winter and from 13:30 to 20:00 UTC in summer", () => {
    for (const year of YEARS) {
      const winter = sessionOf(US, `${year}-02-03`);
      expect([winter?.open, winter?.close]).toEqual([
        unixTime(`${year}-02-03T14:30:00Z`),
        unixTime(`${year}-02-03T21:00:00Z`),
      ]);
      const summer = sessionOf(US, `${year}-07-15`);
      expect([summer?.open, summer?.close]).toEqual([
        unixTime(`${year}-07-15T13:30:00Z`),
        unixTime(`${year}-07-15T20:00:00Z`),
      ]);
    }
  });

  test("moves its UTC hours on the published Sundays of 2025, 2026 and 2027", ({ skip }) => {
    const text = section(sharedText(skip, "calendars.md"), "NYSE");
    const changes = [...text.matchAll(/(\d{4})-(\d{2}-\d{2})\.\.(\d{2}-\d{2})/g)];
    expect(changes.map(([, year]) => Number(year))).toEqual(YEARS);
    const openingAround = (sunday: string) =>
      [-2, 1].map((days) => {
        const date = unixTime(`${sunday}T00:00:00Z`) + days * 86_400;
        return ((sessionOn(US, date)?.open ?? Number.NaN) - date) / 3600;
      });
    for (const [, year, spring, autumn] of changes) {
      expect(openingAround(`${year}-${spring}`)).toEqual([14.5, 13.5]);
      expect(openingAround(`${year}-${autumn}`)).toEqual([13.5, 14.5]);
    }
  });
});

describe("the forex calendar", () => {
  test("the week opens on Sunday at 17:00 New York and closes on Friday at 17:00, in summer and in winter time", () => {
    for (const [sunday, monday, friday, utc] of [
      ["2026-01-11", "2026-01-12", "2026-01-16", "22:00"],
      ["2026-07-12", "2026-07-13", "2026-07-17", "21:00"],
    ]) {
      expect(sessionOf(FOREX, monday)?.open).toBe(unixTime(`${sunday}T${utc}:00Z`));
      expect(sessionOf(FOREX, friday)?.close).toBe(unixTime(`${friday}T${utc}:00Z`));
      expect(sessionOf(FOREX, sunday)).toBeNull();
    }
  });

  test("the weeks in which clocks change open at one UTC hour and close at another", () => {
    // The clock changes on Sunday at 02:00, so the Sunday's opening already has the new offset and the Friday before the old.
    for (const [friday, monday, before, after] of [
      ["2025-03-07", "2025-03-10", "22:00", "21:00"],
      ["2025-10-31", "2025-11-03", "21:00", "22:00"],
      ["2026-03-06", "2026-03-09", "22:00", "21:00"],
      ["2026-10-30", "2026-11-02", "21:00", "22:00"],
      ["2027-03-12", "2027-03-15", "22:00", "21:00"],
      ["2027-11-05", "2027-11-08", "21:00", "22:00"],
    ]) {
      expect(sessionOf(FOREX, friday)?.close).toBe(unixTime(`${friday}T${before}:00Z`));
      const sunday = new Date((unixTime(`${monday}T00:00:00Z`) - 86_400) * 1000).toISOString().slice(0, 10);
      expect(sessionOf(FOREX, monday)?.open).toBe(unixTime(`${sunday}T${after}:00Z`));
    }
  });

  test("every day runs from 17:00 New York the evening before to 17:00, but for Christmas and New Year", () => {
    for (const date of datesOf(2025, 2027)) {
      const session = sessionOf(FOREX, date);
      const closed = weekdayOf(date) % 6 === 0 || date.endsWith("-12-25") || date.endsWith("-01-01");
      expect(session === null, date).toBe(closed);
      if (!session) continue;
      const evening = new Date((unixTime(`${date}T00:00:00Z`) - 86_400) * 1000).toISOString().slice(0, 10);
      // 25 December and 1 January: the market is back at 17:05, where that evening is not before a weekend.
      const late = evening.endsWith("-12-25") || evening.endsWith("-01-01");
      expect(session.anchor, date).toBe(newYork(evening, "17:00"));
      expect(session.open, date).toBe(newYork(evening, late ? "17:05" : "17:00"));
      expect(session.close, date).toBe(newYork(date, "17:00"));
    }
  });
});

describe("the crypto calendar", () => {
  test("every day is a session from 00:00 UTC to 00:00 UTC, weekends and holidays too, in any year", () => {
    for (const date of [...datesOf(2025, 2027), "1970-01-01", "2012-02-29", "2100-12-25"]) {
      const day = unixTime(`${date}T00:00:00Z`);
      expect(sessionOf(CRYPTO, date)).toEqual({ date: day, anchor: day, open: day, close: day + 86_400 });
    }
  });
});

test("exchanges share calendars", () => {
  expect(marketOf("NASDAQ")).toBe(marketOf("NYSE"));
  expect(marketOf("BINANCE")).toBe(CRYPTO);
  expect(marketOf("JSE")).toBe(JSE);
});
