import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  budgetLeft,
  callsInLastMinute,
  type Limits,
  NO_SPEND,
  type Priority,
  type Spent,
  spend,
} from "../../core/scheduling/token-bucket.ts";

const DAY = 86_400;
const NOON = 1_795_348_800; // 2026-11-22T12:00:00Z
const NO_LIMITS: Limits = { perSecond: null, perMinute: null, perDay: null };

/** Makes as many calls as it can at one instant. */
function drain(spent: Spent, limits: Limits, priority: Priority, now: number): { spent: Spent; calls: number } {
  let state = spent;
  for (let calls = 0; ; calls++) {
    const purchase = spend(state, limits, priority, now);
    if (purchase.kind === "refused") return { spent: state, calls };
    state = purchase.spent;
  }
}

/** The most calls within any span of `seconds`, the way an upstream would count them. */
function mostWithin(times: readonly number[], seconds: number): number {
  let most = 0;
  let first = 0;
  times.forEach((time, last) => {
    while (times[first] <= time - seconds) first++;
    most = Math.max(most, last - first + 1);
  });
  return most;
}

describe("the token bucket", () => {
  it("returns the tokens a span after the clock was set back, and none before", () => {
    const limits = { perSecond: 2, perMinute: 5, perDay: 100 };
    for (const [span, left] of [
      ["second", 1.2],
      ["minute", 63],
    ] as const) {
      const only = { ...NO_LIMITS, [span === "second" ? "perSecond" : "perMinute"]: 5 };
      const { spent } = drain(NO_SPEND, only, "user", NOON);
      expect(drain(spent, only, "user", NOON - 3_600).calls).toBe(0);
      const refused = spend(spent, only, "user", NOON - 3_600);
      expect(refused).toMatchObject({ kind: "refused", span });
      if (refused.kind === "refused") expect(refused.retryAfter).toBeLessThanOrEqual(left);
    }
    const { spent } = drain(NO_SPEND, { ...limits, perSecond: null, perMinute: null }, "user", NOON + DAY);
    expect(budgetLeft(spent, limits, NOON).find(({ span }) => span === "day")).toMatchObject({ left: 0 });
    expect(budgetLeft(spent, limits, NOON + DAY / 2).find(({ span }) => span === "day")).toMatchObject({ left: 0 });
  });

  it("lets through the whole budget at once, and then says when the next token comes back", () => {
    const limits = { ...NO_LIMITS, perMinute: 5 };
    const { spent, calls } = drain(NO_SPEND, limits, "user", NOON);
    expect(calls).toBe(5);
    const refused = spend(spent, limits, "user", NOON + 20);
    expect(refused).toMatchObject({ kind: "refused", span: "minute" });
    const retryAfter = refused.kind === "refused" ? refused.retryAfter : Number.NaN;
    expect(retryAfter).toBeGreaterThan(40);
    expect(retryAfter).toBeLessThanOrEqual(42);
    expect(spend(spent, limits, "user", NOON + 20 + retryAfter).kind).toBe("spent");
  });

  it("keeps a quarter of every budget for users", () => {
    const limits = { ...NO_LIMITS, perMinute: 20 };
    const background = drain(NO_SPEND, limits, "background", NOON);
    expect(background.calls).toBe(15);
    expect(drain(background.spent, limits, "user", NOON).calls).toBe(5);
  });

  it("lets background work have the only token of a small budget, since it comes back soon", () => {
    expect(drain(NO_SPEND, { ...NO_LIMITS, perSecond: 1 }, "background", NOON).calls).toBe(1);
  });

  it("starts the day's budget again at 00:00 UTC", () => {
    const limits = { ...NO_LIMITS, perDay: 25 };
    const midnight = NOON + DAY / 2;
    const { spent, calls } = drain(NO_SPEND, limits, "user", NOON);
    expect(calls).toBe(25);
    expect(spend(spent, limits, "user", NOON)).toEqual({ kind: "refused", span: "day", retryAfter: DAY / 2 });
    expect(drain(spent, limits, "user", midnight).calls).toBe(25);
  });

  it("takes no token from any bucket where one of them refuses", () => {
    const limits = { perSecond: 2, perMinute: 3, perDay: 100 };
    const { spent } = drain(NO_SPEND, limits, "user", NOON);
    const later = drain(spent, limits, "user", NOON + 2);
    expect(later.calls).toBe(1);
    expect(budgetLeft(later.spent, limits, NOON + 2).find(({ span }) => span === "day")?.left).toBe(97);
  });

  it("never lets a call through on a budget of nothing", () => {
    expect(spend(NO_SPEND, { ...NO_LIMITS, perDay: 0 }, "user", NOON).kind).toBe("refused");
  });

  it("says what is left, and counts the calls of the last minute even without a limit", () => {
    const limits = { ...NO_LIMITS, perMinute: 20 };
    const { spent } = drain(NO_SPEND, limits, "background", NOON);
    expect(budgetLeft(spent, limits, NOON)).toEqual([{ span: "minute", limit: 20, left: 5, leftForBackground: 0 }]);
    expect(callsInLastMinute(spent, NOON + 30)).toBe(15);
    expect(callsInLastMinute(spent, NOON + 61)).toBe(0);
  });

  it("never exceeds a budget in any span, as an upstream counts it, however calls come", () => {
    const limit = fc.option(fc.integer({ min: 1, max: 30 }));
    const step = fc.record({
      wait: fc.double({ min: 0, max: 20, noNaN: true }),
      burst: fc.integer({ min: 1, max: 8 }),
    });
    fc.assert(
      fc.property(limit, limit, limit, fc.array(step, { maxLength: 120 }), fc.boolean(), (s, m, d, steps, user) => {
        const limits = { perSecond: s, perMinute: m, perDay: d };
        const priority = user ? "user" : "background";
        let spent = NO_SPEND;
        let now = NOON + DAY / 2 - 300;
        const made: number[] = [];
        for (const { wait, burst } of steps) {
          now += wait;
          for (let i = 0; i < burst; i++) {
            const purchase = spend(spent, limits, priority, now);
            if (purchase.kind === "refused") {
              expect(purchase.retryAfter).toBeGreaterThan(0);
              continue;
            }
            spent = purchase.spent;
            made.push(now);
          }
        }
        expect(mostWithin(made, 1.05)).toBeLessThanOrEqual(s ?? Number.POSITIVE_INFINITY);
        expect(mostWithin(made, 61)).toBeLessThanOrEqual(m ?? Number.POSITIVE_INFINITY);
        for (const calls of Map.groupBy(made, (time) => Math.floor(time / DAY)).values()) {
          expect(calls.length).toBeLessThanOrEqual(d ?? Number.POSITIVE_INFINITY);
        }
      }),
    );
  });

  it("keeps its promise of when to come back", () => {
    const limit = fc.option(fc.integer({ min: 1, max: 10 }));
    fc.assert(
      fc.property(limit, limit, fc.double({ min: 0, max: 90, noNaN: true }), (perSecond, perMinute, wait) => {
        const limits = { perSecond, perMinute, perDay: 50 };
        const { spent } = drain(NO_SPEND, limits, "user", NOON);
        const purchase = spend(spent, limits, "user", NOON + wait);
        if (purchase.kind === "refused") {
          const back = NOON + wait + purchase.retryAfter;
          expect(spend(spent, limits, "user", back + 1e-6).kind).toBe("spent");
          expect(spend(spent, limits, "user", back - 0.01).kind).toBe("refused");
        }
      }),
    );
  });
});
