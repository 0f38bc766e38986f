import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { roundTo, subtractDecimals } from "../../core/decimal.ts";
import { changeSince } from "../../core/quotes/change.ts";

describe("a difference of decimals", () => {
  test.each([
    [100.07, 100.06, 0.01],
    [1.20009, 1.2, 0.00009],
    [1e-7, 2e-8, 8e-8],
    [1e21, 1, 1e21],
    [0.3, 0.1, 0.2],
    [-1.1, 2.2, -3.3],
    [5, 5, 0],
    [1.5e300, 1e300, 5e299],
  ])("%d less %d is %d", (a, b, difference) => {
    expect(subtractDecimals(a, b)).toBe(difference);
  });

  test("is that of whole cents, for any prices in them", () => {
    const cents = fc.tuple(
      fc.integer({ min: -1e9, max: 1e9 }),
      fc.integer({ min: -1e9, max: 1e9 }),
      fc.nat({ max: 8 }),
    );
    fc.assert(
      fc.property(cents, ([a, b, decimals]) => {
        const written = (units: number): number => Number(`${units}e-${decimals}`);
        expect(subtractDecimals(written(a), written(b))).toBe(written(a - b));
      }),
    );
  });
});

describe("a change since the previous close", () => {
  test.each([
    [100.06, 100.07, 0.01],
    [0.0001, 0.00019, 0.00009],
    [104025.88, 104025.89, 0.01],
  ])("from %d to %d is %d", (before, price, change) => {
    expect(changeSince(before, price).change).toBe(change);
  });
});

describe("a rounded number", () => {
  test.each([
    [6.1620001792907715, 3, 6.162],
    [1.005, 2, 1.01],
    [-1.005, 2, -1.01],
    [1e-9, 3, 0],
    [123, 0, 123],
  ])("%d to %d decimals is %d", (value, decimals, rounded) => {
    expect(roundTo(value, decimals) + 0).toBe(rounded);
  });
});
