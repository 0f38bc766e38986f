import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { consensusOf, type SourcePrint } from "../../core/quotes/consensus.ts";

const print = (provider: string, price: number, more: Partial<SourcePrint> = {}): SourcePrint => ({
  provider,
  price,
  freshness: "live",
  anomaly: null,
  isTooOld: false,
  ...more,
});

const included = (prints: SourcePrint[], isOpen = true) => {
  const { chosen, agreement, prints: checked } = consensusOf(prints, "stock", isOpen);
  return { chosen, agreement, reasons: checked.map(({ included, reason }) => (included ? "in" : reason)) };
};

describe("a consensus", () => {
  test("of three is the one in the middle, and leaves out what is further than the tolerance", () => {
    expect(included([print("a", 100), print("b", 101), print("c", 110)])).toEqual({
      chosen: "b",
      agreement: false,
      reasons: ["in", "in", "outlier"],
    });
  });

  test("of four is the middle price whose source stands first", () => {
    expect(included([print("a", 103), print("b", 100), print("c", 101), print("d", 102)]).chosen).toBe("c");
    expect(included([print("a", 103), print("b", 100), print("c", 102), print("d", 101)]).chosen).toBe("c");
  });

  test("of two is the first source's, and says whether the other agrees", () => {
    expect(included([print("a", 100), print("b", 100.5)])).toEqual({
      chosen: "a",
      agreement: true,
      reasons: ["in", "in"],
    });
    expect(included([print("a", 736.5), print("b", 245.5)])).toEqual({
      chosen: "a",
      agreement: false,
      reasons: ["in", "in"],
    });
  });

  test("of one agrees with none", () => {
    expect(included([print("a", 100)])).toEqual({ chosen: "a", agreement: null, reasons: ["in"] });
  });

  test("counts neither doubted nor stale nor historical prints", () => {
    const prints = [
      print("a", 1, { anomaly: "unit" }),
      print("b", 2, { freshness: "stale" }),
      print("c", 3, { freshness: "historical" }),
      print("d", 100, { freshness: "delayed" }),
    ];
    expect(included(prints)).toEqual({
      chosen: "d",
      agreement: null,
      reasons: ["doubted", "stale", "historical", "in"],
    });
    expect(included(prints.slice(0, 3))).toEqual({
      chosen: null,
      agreement: null,
      reasons: ["doubted", "stale", "historical"],
    });
  });

  test("counts the closing price while the market is closed alone", () => {
    const prints = [print("a", 100, { freshness: "closed" }), print("b", 100.1)];
    expect(included(prints, false).reasons).toEqual(["in", "in"]);
    expect(included(prints, true)).toEqual({ chosen: "b", agreement: null, reasons: ["closed", "in"] });
  });

  test("counts none that is older than the caller accepts", () => {
    const prints = [print("a", 100, { freshness: "delayed", isTooOld: true }), print("b", 101)];
    expect(included(prints)).toEqual({ chosen: "b", agreement: null, reasons: ["too_old", "in"] });
  });

  const prints = fc.uniqueArray(
    fc.record({
      provider: fc.constantFrom("a", "b", "c", "d", "e"),
      price: fc.double({ min: 0.01, max: 1e6, noNaN: true }),
    }),
    { minLength: 1, maxLength: 5, selector: ({ provider }) => provider },
  );

  test("is always a price that a source gave, and what does not count changes nothing", () => {
    fc.assert(
      fc.property(prints, fc.double({ min: 0.01, max: 1e6, noNaN: true }), (all, odd) => {
        const full = all.map(({ provider, price }) => print(provider, price));
        const { chosen, agreement } = consensusOf(full, "crypto", true);
        expect(all.map(({ provider }) => provider)).toContain(chosen);
        const more = [...full, print("x", odd, { anomaly: "spike" }), print("y", odd, { freshness: "historical" })];
        expect(consensusOf(more, "crypto", true)).toMatchObject({ chosen, agreement });
        const prices = all.map(({ price }) => price).sort((a, b) => a - b);
        const price = all.find(({ provider }) => provider === chosen)?.price ?? 0;
        if (all.length > 2) {
          expect(price).toBeGreaterThanOrEqual(prices[(prices.length - 1) >> 1]);
          expect(price).toBeLessThanOrEqual(prices[prices.length >> 1]);
        }
      }),
    );
  });
});
