import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FairShare, type ShareOwner } from "../../core/concurrency/fair-share.ts";

const LIMITS = { total: 100, perCaller: 40, reservedForKeys: 20 };
const address = (name: string): ShareOwner => ({ name, hasKey: false });
const key = (name: string): ShareOwner => ({ name, hasKey: true });

describe("a fair share", () => {
  test("of one caller ends before the whole does", () => {
    const share = new FairShare(LIMITS);
    share.take(key("a"), 40);
    expect(share.refusal(key("a"), 1)).toBe("caller");
    expect(share.refusal(key("b"), 40)).toBeNull();
    expect(share.refusal(address("a"), 40)).toBeNull();
  });

  test("keeps a part for callers with keys", () => {
    const share = new FairShare(LIMITS);
    share.take(address("a"), 40);
    share.take(address("b"), 40);
    expect(share.refusal(address("c"), 1)).toBe("full");
    expect(share.refusal(key("c"), 20)).toBeNull();
    expect(share.refusal(key("c"), 21)).toBe("full");
  });

  test("never exceeds its limits, and returns to nothing, whatever is taken and released in between", () => {
    const step = fc.record({ name: fc.constantFrom("a", "b", "c", "d"), hasKey: fc.boolean(), amount: fc.nat(50) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const share = new FairShare(LIMITS);
        const taken: { owner: ShareOwner; amount: number }[] = [];
        for (const { name, hasKey, amount } of steps) {
          const owner = { name, hasKey };
          if (share.refusal(owner, amount) === null) {
            share.take(owner, amount);
            taken.push({ owner, amount });
          } else {
            const back = taken.shift();
            if (back) share.release(back.owner, back.amount);
          }
          expect(share.total).toBeLessThanOrEqual(LIMITS.total);
          expect(share.takenBy(owner)).toBeLessThanOrEqual(LIMITS.perCaller);
        }
        for (const { owner, amount } of taken) share.release(owner, amount);
        expect(share.total).toBe(0);
        expect(share.refusal(address("z"), 40)).toBeNull();
      }),
    );
  });
});
