import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bucketsBetween, countBuckets } from "../../core/buckets.ts";
import { type CoverageQuery, coverageOf } from "../../core/coverage.ts";
import type { Missing } from "../../core/coverage-lists.ts";
import { INTERVALS, INTRADAY_SECONDS, type Interval } from "../../core/interval.ts";
import { MARKETS, type Market } from "../../core/market-calendar/markets.ts";
import { newYork, unixTime } from "./clock.ts";

const { JSE, US, FOREX, CRYPTO } = MARKETS;
const HOUR = 3600;
const DAY = 86_400;
const ALL = Number.POSITIVE_INFINITY;
const day = (date: string): number => unixTime(`${date}T00:00:00Z`);

const stampsOf = (market: Market, interval: Interval, from: number, to: number): number[] =>
  bucketsBetween(market, interval, from, to, ALL).map(({ time }) => time);

/** A page over a window that was all ingested. */
function page(market: Market, interval: Interval, from: number, to: number, times: number[]): CoverageQuery {
  return { market, interval, from, to, times, suspects: [], known: { from, to }, full: false };
}

/** Missing stretches as `from … to: reason` in UTC. */
const written = (missing: Missing[]): string[] =>
  missing.map(({ from, to, reason }) => {
    const iso = (time: number) => new Date(time * 1000).toISOString().slice(5, 16).replace("T", " ");
    return `${iso(from)} … ${iso(to)}: ${reason}`;
  });

describe("the coverage of a page", () => {
  const from = day("2026-07-13");
  const to = day("2026-07-20");
  const hours = stampsOf(JSE, "1h", from, to);

  test("that has every candle of the calendar misses nothing", () => {
    expect(coverageOf(page(JSE, "1h", from, to, hours))).toEqual({
      expected: 40,
      returned: 40,
      missing: [],
      holidaysKnown: true,
    });
  });

  test("expects three hours of a half day of the JSE, and no more", () => {
    const eve = day("2026-12-24");
    const three = [7, 8, 9].map((utc) => eve + utc * HOUR);
    expect(coverageOf(page(JSE, "1h", eve, eve + DAY, three))).toMatchObject({ expected: 3, returned: 3, missing: [] });
    const { missing } = coverageOf(page(JSE, "1h", eve, eve + DAY, three.slice(0, 2)));
    expect(written(missing)).toEqual(["12-24 09:00 … 12-24 10:00: gap"]);
  });

  test("expects nothing before the listing, and says so", () => {
    const listedOn = day("2026-07-15");
    const since = hours.filter((time) => time >= listedOn);
    const asked = { ...page(JSE, "1h", from, to, since), listedOn };
    expect(coverageOf(asked)).toMatchObject({ expected: 24, returned: 24 });
    expect(written(coverageOf(asked).missing)).toEqual(["07-13 00:00 … 07-15 07:00: before_listing"]);
    expect(written(coverageOf({ ...asked, known: null }).missing)[0]).toMatch(/before_listing$/);
    const whole = { ...page(JSE, "1h", from, listedOn - DAY, []), listedOn };
    expect(coverageOf(whole)).toMatchObject({ expected: 0, returned: 0 });
    expect(written(coverageOf(whole).missing)).toEqual(["07-13 00:00 … 07-14 00:00: before_listing"]);
  });

  test("expects the week of the listing, and believes a candle more than a date", () => {
    const monday = day("2026-07-13");
    const weeks = { ...page(JSE, "1w", day("2026-07-06"), to, [monday]), listedOn: day("2026-07-15") };
    expect(coverageOf(weeks)).toMatchObject({ expected: 1, returned: 1 });
    expect(written(coverageOf(weeks).missing)).toEqual(["07-06 00:00 … 07-13 00:00: before_listing"]);
    const early = { ...page(JSE, "1h", from, to, hours), listedOn: day("2026-07-15") };
    expect(coverageOf(early)).toMatchObject({ expected: 40, returned: 40 });
    expect(coverageOf({ ...early, listedOn: day("2020-01-01") })).toEqual(coverageOf({ ...early, listedOn: null }));
  });

  test("names a gap by the buckets that are not there", () => {
    const times = hours.filter((time) => time < day("2026-07-14") + 9 * HOUR || time >= day("2026-07-14") + 11 * HOUR);
    const { expected, returned, missing } = coverageOf(page(JSE, "1h", from, to, times));
    expect([expected, returned]).toEqual([40, 38]);
    expect(written(missing)).toEqual(["07-14 09:00 … 07-14 11:00: gap"]);
  });

  test("ends a gap at the close where the last bucket is cut", () => {
    const last = newYork("2026-07-15", "15:30");
    const times = stampsOf(US, "1h", from, to).filter((time) => time !== last);
    expect(coverageOf(page(US, "1h", from, to, times)).missing).toEqual([
      { from: last, to: newYork("2026-07-15", "16:00"), reason: "gap" },
    ]);
  });

  test("joins a gap that goes on after a closure, over nights and weekends", () => {
    const times = hours.filter((time) => time < day("2026-07-15") + 13 * HOUR || time >= day("2026-07-17") + 8 * HOUR);
    expect(written(coverageOf(page(JSE, "1h", from, to, times)).missing)).toEqual(["07-15 13:00 … 07-17 08:00: gap"]);
  });

  test("keeps two gaps apart where a candle stands between", () => {
    const times = [hours[0], hours[20], hours[39]];
    expect(coverageOf(page(JSE, "1h", from, to, times)).missing.map(({ reason }) => reason)).toEqual(["gap", "gap"]);
  });

  test("says what was never ingested before and after what was", () => {
    const known = { from: day("2026-07-14"), to: day("2026-07-16") };
    const times = stampsOf(JSE, "1h", known.from, known.to);
    const coverage = coverageOf({ ...page(JSE, "1h", from, to, times), known });
    expect(coverage.expected).toBe(40);
    expect(written(coverage.missing)).toEqual([
      "07-13 00:00 … 07-14 00:00: not_ingested",
      "07-16 00:00 … 07-20 00:00: not_ingested",
    ]);
  });

  test("of a symbol of which nothing is known is not ingested from end to end", () => {
    const coverage = coverageOf({ ...page(JSE, "1h", from, to, []), known: null });
    expect(coverage).toMatchObject({ expected: 40, returned: 0, missing: [{ from, to, reason: "not_ingested" }] });
  });

  test("says nothing of a weekend that was not ingested", () => {
    const known = { from, to: day("2026-07-18") };
    expect(coverageOf({ ...page(JSE, "1h", from, to, hours), known }).missing).toEqual([]);
  });

  test("distinguishes candles that are held back from candles that are not there", () => {
    const suspect = hours[10];
    const times = hours.filter((time) => time !== suspect && time !== suspect + HOUR);
    const coverage = coverageOf({ ...page(JSE, "1h", from, to, times), suspects: [suspect] });
    expect(coverage.missing).toEqual([
      { from: suspect, to: suspect + HOUR, reason: "suspect" },
      { from: suspect + HOUR, to: suspect + 2 * HOUR, reason: "gap" },
    ]);
  });

  test("lists closures only when asked in full", () => {
    const saturday = { ...page(JSE, "1h", day("2026-07-17"), to, hours.slice(32)) };
    expect(coverageOf(saturday).missing).toEqual([]);
    expect(written(coverageOf({ ...saturday, full: true }).missing)).toEqual([
      "07-17 00:00 … 07-17 07:00: closed",
      "07-17 15:00 … 07-20 00:00: closed",
    ]);
  });

  test("lists the closures of a stretch of which nothing is known too", () => {
    const weekend = page(JSE, "1h", day("2026-07-18"), day("2026-07-20"), []);
    for (const known of [null, { from: day("2026-07-13"), to: day("2026-07-17") }]) {
      expect(written(coverageOf({ ...weekend, known, full: true }).missing)).toEqual([
        "07-18 00:00 … 07-20 00:00: closed",
      ]);
    }
  });

  test("of days in full lists weekends and holidays and none of the days traded", () => {
    const april = stampsOf(JSE, "1d", day("2026-04-01"), day("2026-04-11"));
    const query = page(JSE, "1d", day("2026-04-01"), day("2026-04-13"), april);
    expect(written(coverageOf({ ...query, full: true }).missing)).toEqual([
      "04-03 00:00 … 04-07 00:00: closed",
      "04-11 00:00 … 04-13 00:00: closed",
    ]);
    const midday = { ...query, from: day("2026-04-01") + DAY / 2, times: april.slice(1), full: true };
    expect(written(coverageOf(midday).missing)[0]).toBe("04-03 00:00 … 04-07 00:00: closed");
  });

  test("of weeks counts a missing one from its Monday to the next", () => {
    const weeks = stampsOf(JSE, "1w", day("2026-06-01"), day("2026-07-06"));
    const query = page(
      JSE,
      "1w",
      day("2026-06-01"),
      day("2026-07-06"),
      weeks.filter((_, i) => i !== 2),
    );
    expect(written(coverageOf(query).missing)).toEqual(["06-15 00:00 … 06-22 00:00: gap"]);
  });

  test("never speaks of a time outside its window", () => {
    const now = day("2026-07-15") + 10 * HOUR + 1234;
    expect(coverageOf(page(CRYPTO, "1d", from, now, [])).missing).toEqual([{ from, to: now, reason: "gap" }]);
  });

  test("does not expect minutes before a late opening", () => {
    // Forex after Christmas 2025: the day begins at 17:05, not at 17:00.
    const opening = newYork("2025-12-25", "17:05");
    const times = stampsOf(FOREX, "1m", opening - HOUR, opening + 300);
    expect(times).toHaveLength(5);
    const coverage = coverageOf(page(FOREX, "1m", opening - HOUR, opening + 300, times));
    expect(coverage).toMatchObject({ expected: 5, returned: 5, missing: [] });
  });

  test("says where holidays are unknown", () => {
    const known = (start: string, end: string, market = JSE) =>
      coverageOf(page(market, "1d", day(start), day(end), [])).holidaysKnown;
    expect(known("2000-01-01", "2028-01-01")).toBe(true);
    expect(known("1999-12-31", "2000-02-01")).toBe(false);
    expect(known("2027-12-01", "2028-01-02")).toBe(false);
    expect(known("1990-01-01", "1990-02-01", CRYPTO)).toBe(true);
  });

  test("ignores candles from outside regular sessions", () => {
    const early = newYork("2026-07-15", "08:30");
    const times = [...stampsOf(US, "30m", from, to), early].toSorted((a, b) => a - b);
    expect(coverageOf(page(US, "30m", from, to, times))).toMatchObject({ expected: 65, returned: 66, missing: [] });
  });
});

describe("all markets and intervals", () => {
  const SPAN: Record<Interval, number> = {
    "1m": 4 * HOUR,
    "5m": DAY,
    "15m": 2 * DAY,
    "30m": 4 * DAY,
    "1h": 8 * DAY,
    "4h": 14 * DAY,
    "1d": 60 * DAY,
    "1w": 200 * DAY,
    "1M": 700 * DAY,
  };
  const start = fc.oneof(
    fc.integer({ min: day("2024-12-20"), max: day("2027-12-20") }),
    fc
      .tuple(
        fc.constantFrom("2025-12-25", "2025-01-01", "2026-01-01", "2026-11-27", "2026-03-08"),
        fc.nat({ max: DAY }),
      )
      .map(([date, shift]) => day(date) + shift),
  );
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  const scenario = fc
    .record({
      market: fc.constantFrom(...Object.values(MARKETS)),
      interval: fc.constantFrom(...INTERVALS),
      from: start,
      length: share,
      known: fc.option(fc.tuple(share, share)),
      fates: fc.infiniteStream(fc.constantFrom("here", "here", "here", "gone", "gone", "held")),
      full: fc.boolean(),
    })
    .map(({ market, interval, from, length, known, fates, full }) => {
      const to = Math.floor(from + length * SPAN[interval]);
      const [a, b] = (known ?? [0, 0]).map((part) => Math.floor(from + part * 1.2 * (to - from) - 0.1 * (to - from)));
      const range = known && { from: Math.min(a, b), to: Math.max(a, b) };
      const inside = (time: number) => range !== null && time >= range.from && time < range.to;
      const stamps = stampsOf(market, interval, from, to);
      const fate = new Map(stamps.map((time) => [time, fates.next().value]));
      const query: CoverageQuery = {
        market,
        interval,
        from,
        to,
        times: stamps.filter((time) => inside(time) && fate.get(time) === "here"),
        suspects: stamps.filter((time) => inside(time) && fate.get(time) === "held"),
        known: range,
        full,
      };
      return { query, stamps, inside, fate };
    });

  test("what is expected is what the calendar counts, what is missing ascends without overlap inside the window", () => {
    fc.assert(
      fc.property(scenario, ({ query }) => {
        const { expected, returned, missing } = coverageOf(query);
        expect(expected).toBe(countBuckets(query.market, query.interval, query.from, query.to));
        expect(returned).toBe(query.times.length);
        let end = query.from;
        for (const stretch of missing) {
          expect(stretch.from).toBeGreaterThanOrEqual(end);
          expect(stretch.to).toBeGreaterThan(stretch.from);
          end = stretch.to;
        }
        expect(end).toBeLessThanOrEqual(Math.max(query.to, query.from));
      }),
      { numRuns: 400 },
    );
  });

  test("a bucket that is not there lies in a stretch with its reason, one that is there in none", () => {
    fc.assert(
      fc.property(scenario, ({ query, stamps, inside, fate }) => {
        const { missing } = coverageOf(query);
        for (const time of stamps) {
          const reasons = missing.filter(({ from, to }) => from <= time && time < to).map(({ reason }) => reason);
          if (!inside(time)) expect(reasons).toEqual(["not_ingested"]);
          else if (fate.get(time) === "here") expect(reasons).toEqual([]);
          else expect(reasons).toEqual([fate.get(time) === "held" ? "suspect" : "gap"]);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("a sparse series over a decade", () => {
  /** Counts how often the list is read. */
  function counted(times: number[]): { times: ArrayLike<number>; reads: () => number } {
    let reads = 0;
    const proxy = new Proxy(times, {
      get: (target, key) => {
        reads++;
        return Reflect.get(target, key);
      },
    });
    return { times: proxy, reads: () => reads };
  }

  test.each([
    [CRYPTO, "1m", 3653],
    [US, "1m", 2610],
    [FOREX, "5m", 2610],
  ] as const)("costs one step per session and per candle, not one per bucket (%#)", (market, interval, sessions) => {
    const from = day("2018-01-01");
    const to = day("2028-01-01");
    const present = [2019, 2022, 2025].map((year) => newYork(`${year}-07-15`, "10:00"));
    const { times, reads } = counted(present);
    const coverage = coverageOf({ ...page(market, interval, from, to, []), times });
    expect(coverage.expected).toBe(countBuckets(market, interval, from, to));
    expect(coverage.expected).toBeGreaterThan(100 * sessions);
    expect(reads()).toBeLessThan(5 * sessions);
    const seconds = INTRADAY_SECONDS[interval] ?? Number.NaN;
    expect(coverage.missing).toHaveLength(4);
    coverage.missing.slice(0, 3).forEach((gap, i) => {
      expect(gap.to).toBe(present[i]);
      expect(coverage.missing[i + 1].from).toBe(present[i] + seconds);
    });
  });
});
