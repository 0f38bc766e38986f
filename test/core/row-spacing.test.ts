import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bucketsBetween } from "../../core/buckets.ts";
import { INTERVALS, type Interval } from "../../core/interval.ts";
import { MARKETS, type Market } from "../../core/market-calendar/markets.ts";
import { coarserSpacing } from "../../core/row-spacing.ts";
import { newYork, unixTime } from "./clock.ts";

const { JSE, US, FOREX, CRYPTO } = MARKETS;
const FROM = unixTime("2026-03-02T00:00:00Z");
const ALL = Number.POSITIVE_INFINITY;

const stampsOf = (market: Market, interval: Interval, days: number): number[] =>
  bucketsBetween(market, interval, FROM, FROM + days * 86_400, ALL).map(({ time }) => time);

describe("rows of an interval", () => {
  test.each(
    Object.values(MARKETS).flatMap((market) => INTERVALS.map((interval) => [market.id, interval, market] as const)),
  )("of %s in %s fit it over nights, weekends, holidays and half days", (_, interval, market) => {
    // Over Easter, and over the change of clocks in New York.
    expect(coarserSpacing(market, interval, stampsOf(market, interval, 400).slice(0, 500))).toBeNull();
  });

  test.each<[string, Market, Interval, Interval]>([
    ["days of the JSE", JSE, "1d", "1h"],
    ["days of New York", US, "1d", "1h"],
    ["days of forex, over the change of clocks", FOREX, "1d", "1h"],
    ["days of crypto", CRYPTO, "1d", "1h"],
    ["days as minutes", JSE, "1d", "1m"],
    ["hours of crypto as minutes", CRYPTO, "1h", "1m"],
    ["hours of the JSE as quarters", JSE, "1h", "15m"],
    ["hours of New York, whose last is cut, as half hours", US, "1h", "30m"],
    ["quarters as five minutes", US, "15m", "5m"],
    ["weeks as days", JSE, "1w", "1d"],
    ["weeks of crypto as hours", CRYPTO, "1w", "1h"],
    ["months as days", US, "1M", "1d"],
  ])("%s say so where they are imported as another", (_, market, interval, said) => {
    const days = interval === "1M" || interval === "1w" ? 600 : 60;
    expect(coarserSpacing(market, said, stampsOf(market, interval, days))).toBe(interval);
  });

  test("that are stamped with the opening of each session, as hours, are days", () => {
    const opens = ["2026-03-05", "2026-03-06", "2026-03-09", "2026-03-10"].map((date) => newYork(date, "09:30"));
    expect(coarserSpacing(US, "1h", opens)).toBe("1d");
  });

  test("fewer than three say nothing", () => {
    expect(coarserSpacing(JSE, "1h", stampsOf(JSE, "1d", 60).slice(0, 2))).toBeNull();
    expect(coarserSpacing(JSE, "1h", stampsOf(JSE, "1d", 60).slice(0, 3))).toBe("1d");
  });

  test("with a few missing are still of their interval, and still found out as another", () => {
    const hours = stampsOf(CRYPTO, "1h", 10).filter((_, i) => i % 7 !== 3);
    expect(coarserSpacing(CRYPTO, "1h", hours)).toBeNull();
    expect(coarserSpacing(CRYPTO, "1m", hours)).toBe("1h");
  });

  test("of a share that hardly trades are taken as they are", () => {
    const minutes = stampsOf(JSE, "1m", 30);
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(minutes.length - 1), { minLength: 40, maxLength: 60 }), (picked) => {
        const times = picked.toSorted((a, b) => a - b).map((i) => minutes[i]);
        expect(coarserSpacing(JSE, "1m", times)).toBeNull();
      }),
    );
  });
});
