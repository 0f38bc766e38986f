import { describe, expect, test } from "vitest";
import { z } from "zod";
import { calendarDay } from "../../../core/market-calendar/calendar-days.ts";
import { MARKETS, type Market } from "../../../core/market-calendar/markets.ts";
import jseHolidays from "../../fixtures/data/calendars/jse-holidays.json";
import nyseEarlyCloses from "../../fixtures/data/calendars/nyse-early-closes.json";
import nyseHolidays from "../../fixtures/data/calendars/nyse-holidays.json";
import { datesOf, unixTime } from "../clock.ts";

const { JSE, US } = MARKETS;
const FIRST = 2000;
const LAST = 2027;

const Dates = z.record(z.string(), z.array(z.string()));

/** The dates of a list by year. */
const datesIn = (list: unknown): string[] =>
  Object.entries(Dates.parse(list)).flatMap(([year, days]) => days.map((day) => `${year}-${day}`));

const dayOf = (market: Market, date: string) => calendarDay(market, unixTime(`${date}T00:00:00Z`));

const datesWith = (market: Market, status: string, last = LAST): string[] =>
  datesOf(FIRST, last).filter((date) => dayOf(market, date).status === status);

/** A difference between our calendar and a published one, with its reason. */
type Differences = Readonly<Record<string, string>>;

/** Asserts that ours has what is published and the differences named, and nothing else. */
function expectEqualBut(
  ours: readonly string[],
  published: readonly string[],
  only: { ours: Differences; theirs: Differences },
) {
  const known = new Set(ours);
  const listed = new Set(published);
  expect(published.filter((date) => !known.has(date))).toEqual(Object.keys(only.theirs));
  expect(ours.filter((date) => !listed.has(date))).toEqual(Object.keys(only.ours));
}

const CARTER = { "2025-01-09": "day of mourning for President Carter, after the version was made" };

/** Closures that no rule yields: a calendar of rules alone has none of them. */
const NYSE_SPECIAL: Differences = {
  "2001-09-11": "attacks of September 11",
  "2001-09-12": "attacks of September 11",
  "2001-09-13": "attacks of September 11",
  "2001-09-14": "attacks of September 11",
  "2004-06-11": "day of mourning for President Reagan",
  "2007-01-02": "day of mourning for President Ford",
  "2012-10-29": "Hurricane Sandy",
  "2012-10-30": "Hurricane Sandy",
  "2018-12-05": "day of mourning for President Bush",
  "2025-01-09": "day of mourning for President Carter",
};

describe("NYSE's closures from 2000 to 2027 are those", () => {
  test("of QuantLib 1.29, and one that was proclaimed since", () => {
    expectEqualBut(datesWith(US, "holiday"), datesIn(nyseHolidays.quantlib), { ours: CARTER, theirs: {} });
  });

  test("of nyse-holidays 1.2.0, which has rules alone, and the special ones", () => {
    const published = datesIn(nyseHolidays.nyse_holidays);
    expectEqualBut(datesWith(US, "holiday"), published, { ours: NYSE_SPECIAL, theirs: {} });
  });

  test.each(["2012-10-29", "2012-10-30", "2018-12-05", "2025-01-09"])("%s among them", (date) => {
    expect(dayOf(US, date)).toMatchObject({ status: "holiday", session: null });
    expect(dayOf(US, date).name).not.toBeNull();
  });

  test("and a New Year's Day on a Saturday closes no Friday", () => {
    for (const date of ["2004-12-31", "2010-12-31", "2021-12-31"]) {
      expect(dayOf(US, date), date).toMatchObject({ status: "open", name: null });
    }
  });
});

describe("NYSE's half days are those", () => {
  const LATE_OPEN = { "2002-09-11": "opened at noon, and closed at 16:00" };

  test("of its own list of closings, to 2020", () => {
    expectEqualBut(datesWith(US, "half_day", 2020), datesIn(nyseEarlyCloses.nyse_closings), {
      ours: {
        ...LATE_OPEN,
        "2008-07-03": "quoted as Thursday, July 4, 2008: Thursday was the 3rd",
        "2012-07-03": "quoted as Tuesday, July 4, 2012: Tuesday was the 3rd",
      },
      theirs: {
        "2005-06-01": "trading broke off at 15:56: no planned half day",
        "2008-07-04": "as above",
        "2012-07-04": "as above",
      },
    });
  });

  test("of the rules of exchange_calendars, to 2027", () => {
    expectEqualBut(datesWith(US, "half_day"), datesIn(nyseEarlyCloses.exchange_calendars), {
      ours: { ...LATE_OPEN, "2003-12-26": "for one time: in NYSE's list, and no rule" },
      theirs: {},
    });
  });
});

const BY_DECREE = "proclaimed for this one time";
const AFTER_ITS_VERSION = "proclaimed for this one time, after the version was made";

describe("the JSE's closures from 2000 to 2027 are those", () => {
  test("of QuantLib 1.29, which has few of the proclaimed ones", () => {
    expectEqualBut(datesWith(JSE, "holiday"), datesIn(jseHolidays.quantlib), {
      ours: {
        "2000-01-03": BY_DECREE,
        "2006-03-01": BY_DECREE,
        "2008-05-02": BY_DECREE,
        "2011-05-18": BY_DECREE,
        "2011-12-27": BY_DECREE,
        "2014-05-07": BY_DECREE,
        "2016-12-27": BY_DECREE,
        "2019-05-08": BY_DECREE,
        "2021-11-01": BY_DECREE,
        "2023-12-15": AFTER_ITS_VERSION,
        "2024-05-29": AFTER_ITS_VERSION,
        "2026-11-04": AFTER_ITS_VERSION,
      },
      theirs: {},
    });
  });

  test("of date-holidays 3.37.0, which has two of the proclaimed ones", () => {
    expectEqualBut(datesWith(JSE, "holiday"), datesIn(jseHolidays.date_holidays), {
      ours: {
        "2000-01-03": BY_DECREE,
        "2004-04-14": BY_DECREE,
        "2006-03-01": BY_DECREE,
        "2008-05-02": BY_DECREE,
        "2009-04-22": BY_DECREE,
        "2011-05-18": BY_DECREE,
        "2011-12-27": BY_DECREE,
        "2014-05-07": BY_DECREE,
        "2016-08-03": BY_DECREE,
        "2016-12-27": BY_DECREE,
        "2019-05-08": BY_DECREE,
        "2021-11-01": BY_DECREE,
        "2022-12-27": BY_DECREE,
        "2026-11-04": BY_DECREE,
      },
      theirs: {},
    });
  });

  test("of python-holidays 0.10.1, which has the proclaimed ones to 2019 but for one", () => {
    expectEqualBut(datesWith(JSE, "holiday"), datesIn(jseHolidays.python_holidays), {
      ours: {
        "2016-12-27": BY_DECREE,
        "2021-11-01": AFTER_ITS_VERSION,
        "2022-12-27": AFTER_ITS_VERSION,
        "2023-12-15": AFTER_ITS_VERSION,
        "2024-05-29": AFTER_ITS_VERSION,
        "2026-11-04": AFTER_ITS_VERSION,
      },
      theirs: {},
    });
  });

  test("a holiday on a Saturday closes neither the Friday nor the Monday", () => {
    // Freedom Day 2002, Human Rights Day 2009, Heritage Day 2011, Youth Day 2018, Christmas Day 2021 (whose Monday follows a Sunday's holiday).
    for (const date of [
      "2002-04-26",
      "2002-04-29",
      "2009-03-20",
      "2009-03-23",
      "2011-09-23",
      "2011-09-26",
      "2018-06-15",
      "2018-06-18",
      "2021-12-24",
    ]) {
      expect(dayOf(JSE, date).session, date).not.toBeNull();
    }
  });

  test("two holidays on one day have one line", () => {
    expect(dayOf(JSE, "2008-03-21").name).toBe("Human Rights Day and Good Friday");
  });
});

test("an older day says why it is closed or short", () => {
  expect(dayOf(US, "2004-06-11").name).toBe("National Day of Mourning");
  expect(dayOf(US, "2002-09-11")).toMatchObject({ status: "half_day", name: "Commemoration of September 11" });
  expect(dayOf(US, "2002-07-05")).toMatchObject({ status: "half_day", name: "Day after Independence Day" });
  expect(dayOf(JSE, "2016-12-30")).toMatchObject({
    status: "half_day",
    name: "Last trading day before New Year's Day",
  });
  expect(dayOf(JSE, "2015-12-24")).toMatchObject({ status: "open", name: null });
});
