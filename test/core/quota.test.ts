import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  consume,
  EMPTY_USAGE,
  grantFor,
  leftOf,
  refund,
  resetsOf,
  rollWindow,
  type Usage,
} from "../../core/scheduling/quota.ts";

const QUOTA = { minute: 600, day: 50_000 };
const START = Date.UTC(2026, 10, 20, 23, 58, 0) / 1000;

describe("usage", () => {
  test("begins again with the minute and with the day, on the clock", () => {
    const used = consume(rollWindow(EMPTY_USAGE, START + 59), 10);
    expect(leftOf(used, QUOTA)).toEqual({ minute: 590, day: 49_990 });
    expect(leftOf(rollWindow(used, START + 60), QUOTA)).toEqual({ minute: 600, day: 49_990 });
    expect(leftOf(rollWindow(used, START + 120), QUOTA)).toEqual(QUOTA);
    expect(resetsOf(used)).toEqual({ minute: START + 60, day: START + 120 });
  });

  test("does not turn back with a clock", () => {
    const used = consume(rollWindow(EMPTY_USAGE, START + 60), 10);
    expect(rollWindow(used, START)).toEqual(used);
  });

  test("of a quota that was lowered leaves nothing, not less", () => {
    expect(leftOf(consume(rollWindow(EMPTY_USAGE, START), 700), QUOTA)).toEqual({ minute: 0, day: 49_300 });
  });

  test("of windows that lie further ahead counts as used in the present ones, and ends with them", () => {
    const used = consume(rollWindow(EMPTY_USAGE, START + 3 * 86_400), 10);
    const now = rollWindow(used, START);
    expect(leftOf(now, QUOTA)).toEqual({ minute: 590, day: 49_990 });
    expect(resetsOf(now)).toEqual({ minute: START + 60, day: START + 120 });
    expect(leftOf(rollWindow(now, START + 120), QUOTA)).toEqual(QUOTA);
  });

  test("never goes below nothing, whatever comes back", () => {
    const back = refund(rollWindow(EMPTY_USAGE, START), { minute: START / 60, tokens: 5 });
    expect(leftOf(back, QUOTA)).toEqual(QUOTA);
  });
});

describe("a block", () => {
  test("is nothing for a newcomer, and for one that was away", () => {
    expect(grantFor(null, START, QUOTA, QUOTA, 1)).toBe(0);
    expect(grantFor({ at: START - 11, grant: 100 }, START, QUOTA, QUOTA, 1)).toBe(0);
  });

  test("doubles for one that comes back within a second, and begins small again after a pause", () => {
    expect(grantFor({ at: START - 1, grant: 12 }, START, QUOTA, QUOTA, 1)).toBe(24);
    expect(grantFor({ at: START - 2, grant: 12 }, START, QUOTA, QUOTA, 1)).toBe(3);
  });

  test("of all holders together is never more than half of what is left, and of one alone a quarter", () => {
    const left = fc.record({ minute: fc.nat(30_000), day: fc.nat(1_000_000) });
    fc.assert(
      fc.property(left, fc.integer({ min: 1, max: 100 }), fc.nat(100_000), (rest, holders, grant) => {
        const given = grantFor({ at: START, grant }, START, rest, QUOTA, holders);
        expect(given * holders).toBeLessThanOrEqual(Math.min(rest.minute, rest.day) / 2);
        expect(given).toBeLessThanOrEqual(Math.min(rest.minute, rest.day) / 4);
        expect(Number.isInteger(given)).toBe(true);
      }),
    );
  });

  test("and what comes back leave the sum of what is used and what is left as the quota", () => {
    const steps = fc.array(fc.record({ take: fc.nat(50), back: fc.nat(50), wait: fc.nat(90) }), { maxLength: 50 });
    fc.assert(
      fc.property(steps, (all) => {
        let now = START;
        let usage: Usage = rollWindow(EMPTY_USAGE, now);
        for (const { take, back, wait } of all) {
          usage = consume(usage, Math.min(take, leftOf(usage, QUOTA).minute));
          usage = refund(usage, { minute: usage.minute, tokens: Math.min(back, usage.usedInMinute) });
          expect(leftOf(usage, QUOTA).minute + usage.usedInMinute).toBe(QUOTA.minute);
          expect(usage.usedInMinute).toBeLessThanOrEqual(usage.usedInDay);
          now += wait;
          usage = rollWindow(usage, now);
        }
      }),
    );
  });
});
