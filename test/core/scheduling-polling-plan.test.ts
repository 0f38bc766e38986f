import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MARKETS } from "../../core/market-calendar/markets.ts";
import { DEMANDS, type Demand, fitToBudget, type PollIntervals } from "../../core/scheduling/pace.ts";
import { nextDueAt, type Pollable, type PollingRules, symbolsDue } from "../../core/scheduling/polling-plan.ts";
import { budgetLeft, NO_SPEND } from "../../core/scheduling/token-bucket.ts";

const PACE: PollIntervals = { watched: 10, asked: 300, idle: 3_600 };
const RULES = rules(100, 10);
/** Tuesday 2026-11-24: JSE trades 07:00 to 15:00 UTC, New York 14:30 to 21:00 UTC. */
const at = (clock: string): number => Date.parse(`2026-11-24T${clock}:00Z`) / 1000;

/** This many calls, a caller that they are for. */
function rules(calls: number, batchSize: number, delay = 0): PollingRules {
  return { intervals: PACE, calls: { watched: calls, asked: calls, idle: calls }, batchSize, delay };
}

const crypto = (symbol: string, demand: Demand, askedAt: number | null): Pollable => ({
  symbol,
  market: MARKETS.CRYPTO,
  demand,
  askedAt,
});

describe("what is due", () => {
  it("is what was not asked for within its pause", () => {
    const now = at("12:00");
    const items = [crypto("A", "watched", now - 10), crypto("B", "watched", now - 5), crypto("C", "asked", now - 299)];
    expect(symbolsDue(items, rules(1, 1), now)).toEqual(["A"]);
    expect(nextDueAt([items[1], items[2]], RULES, now)).toBe(now + 1);
    expect(nextDueAt(items, RULES, now)).toBe(now);
  });

  it("is what was never asked for, while its market is open", () => {
    expect(symbolsDue([crypto("A", "idle", null)], RULES, at("12:00"))).toEqual(["A"]);
    expect(nextDueAt([], RULES, at("12:00"))).toBeNull();
  });

  it("puts watched symbols first and then the latest, where calls are few", () => {
    const now = at("12:00");
    const items = [
      crypto("idle", "idle", null),
      crypto("asked", "asked", now - 900),
      crypto("late", "watched", now - 30),
      crypto("due", "watched", now - 11),
    ];
    expect(symbolsDue(items, rules(3, 1), now)).toEqual(["late", "due", "asked"]);
    expect(symbolsDue(items, rules(0, 1), now)).toEqual([]);
  });

  it("leaves to hotter symbols the calls that are kept for them", () => {
    const few = { ...rules(2, 1), calls: { watched: 2, asked: 1, idle: 0 } };
    const items = [crypto("A", "asked", null), crypto("B", "asked", null), crypto("I", "idle", null)];
    expect(symbolsDue(items, few, at("12:00"))).toEqual(["A"]);
    const watched = [crypto("W", "watched", null), crypto("X", "watched", null), crypto("Y", "watched", null)];
    expect(symbolsDue([...items, ...watched], few, at("12:00"))).toEqual(["W", "X"]);
  });

  it("fills the last call's seats with what is nearly due, and makes no call for those alone", () => {
    const now = at("12:00");
    const nearly = [crypto("N", "watched", now - 8), crypto("O", "watched", now - 7)];
    expect(symbolsDue([crypto("A", "watched", now - 10), ...nearly], RULES, now)).toEqual(["A", "N"]);
    expect(symbolsDue(nearly, RULES, now)).toEqual([]);
  });

  it("is nothing outside the session, but for the last print once", () => {
    const share = (askedAt: number | null): Pollable => ({
      symbol: "JSE:NPN",
      market: MARKETS.JSE,
      demand: "watched",
      askedAt,
    });
    const late = rules(100, 10, 900);
    expect(symbolsDue([share(at("06:00"))], late, at("06:59"))).toEqual([]);
    expect(nextDueAt([share(at("06:00"))], late, at("06:59"))).toBe(at("07:00"));
    expect(symbolsDue([share(at("06:00"))], late, at("07:00"))).toEqual(["JSE:NPN"]);
    // Prices that are a quarter of an hour late go on moving after the close at 15:00 UTC.
    expect(symbolsDue([share(at("15:13"))], late, at("15:14"))).toEqual(["JSE:NPN"]);
    expect(symbolsDue([share(at("15:14"))], late, at("15:20"))).toEqual(["JSE:NPN"]);
    expect(symbolsDue([share(at("15:15"))], late, at("15:20"))).toEqual([]);
    expect(symbolsDue([share(null)], late, at("20:00"))).toEqual([]);
    expect(nextDueAt([share(at("15:15"))], late, at("20:00"))).toBe(at("07:00") + 86_400);
  });

  it("is nothing on a holiday", () => {
    // Thanksgiving Day 2026.
    const noon = Date.parse("2026-11-26T17:00:00Z") / 1000;
    const share: Pollable = { symbol: "AAPL", market: MARKETS.US, demand: "watched", askedAt: noon - 7_200 };
    expect(symbolsDue([share], RULES, noon)).toEqual([]);
  });

  it("never holds more symbols than the calls carry, none twice, and leaves out nothing hotter than what it takes", () => {
    const now = at("12:00");
    const item = fc.record({ demand: fc.constantFrom(...DEMANDS), ago: fc.option(fc.integer({ min: 0, max: 5_000 })) });
    fc.assert(
      fc.property(fc.array(item), fc.nat(5), fc.integer({ min: 1, max: 10 }), (all, calls, batchSize) => {
        const items = all.map(({ demand, ago }, i) => crypto(`S${i}`, demand, ago === null ? null : now - ago));
        const due = symbolsDue(items, rules(calls, batchSize), now);
        expect(due.length).toBeLessThanOrEqual(calls * batchSize);
        expect(new Set(due).size).toBe(due.length);
        const overdue = items.filter(({ demand, askedAt }) => askedAt === null || askedAt + PACE[demand] <= now);
        const rank = ({ demand }: Pollable) => DEMANDS.indexOf(demand);
        const left = overdue.filter(({ symbol }) => !due.includes(symbol));
        const taken = overdue.filter(({ symbol }) => due.includes(symbol));
        expect(Math.min(...left.map(rank), 9)).toBeGreaterThanOrEqual(Math.max(...taken.map(rank), 0));
      }),
    );
  });
});

describe("the pace", () => {
  const means = (watched: number, asked: number, perMinute: number | null, perDay: number | null) => ({
    symbols: { watched, asked, idle: 0 },
    batchSize: 10,
    budget: budgetLeft(NO_SPEND, { perSecond: null, perMinute, perDay }, at("12:00")),
    secondsLeftToday: 36_000,
  });

  it("is the wished one where the budget allows it", () => {
    expect(fitToBudget(PACE, means(10, 100, 60, null)).intervals).toEqual(PACE);
    expect(fitToBudget(PACE, means(10_000, 100_000, null, null)).intervals).toEqual(PACE);
  });

  it("spreads what is left of the day's budget over the hours in which markets are open", () => {
    // 75 of 100 calls are background work's, a tenth of those is headroom: one call in 36,000 / 67.5 seconds.
    expect(fitToBudget(PACE, means(10, 0, null, 100)).intervals.watched).toBeCloseTo(533.3, 1);
  });

  it("serves hot symbols first and stops the others where nothing is left for them", () => {
    const { watched, asked } = fitToBudget(PACE, means(1_000, 100, 60, null)).intervals;
    expect(watched).toBeGreaterThan(PACE.watched);
    expect(asked).toBe(Number.POSITIVE_INFINITY);
  });

  it("keeps the calls that hot symbols will need from the others", () => {
    // Ten watched symbols are one call each 10 s: 6 of a minute's 45 background calls, and a ninth of them as headroom.
    expect(fitToBudget(PACE, means(10, 100, 60, null)).calls).toEqual({ watched: 45, asked: 38, idle: 36 });
    expect(fitToBudget(PACE, means(10, 100, null, null)).calls.idle).toBe(Number.POSITIVE_INFINITY);
  });

  it("never asks for more calls than background work may make", () => {
    fc.assert(
      fc.property(fc.nat(2_000), fc.nat(2_000), fc.integer({ min: 1, max: 500 }), (watched, asked, perMinute) => {
        const { intervals } = fitToBudget(PACE, means(watched, asked, perMinute, null));
        const calls = (count: number, seconds: number) => (60 / seconds) * Math.ceil(count / 10);
        const perMinuteMade = calls(watched, intervals.watched) + calls(asked, intervals.asked);
        expect(perMinuteMade).toBeLessThanOrEqual((perMinute - Math.floor(perMinute / 4)) * 0.9 + 1e-6);
        expect(intervals.watched).toBeGreaterThanOrEqual(PACE.watched);
      }),
    );
  });
});
