import fc from "fast-check";
import { expect, test } from "vitest";
import { isinCheckDigit } from "../../core/isin.ts";

/** ISO 6166, written from its other end: the digits, the check digit included, have a Luhn sum that ends in 0. */
function luhnHolds(isin: string): boolean {
  const digits = [...isin].map((character) => Number.parseInt(character, 36)).join("");
  const sum = [...digits].reverse().reduce((total, character, offset) => {
    const value = Number(character) * (offset % 2 === 1 ? 2 : 1);
    return total + Math.floor(value / 10) + (value % 10);
  }, 0);
  return sum % 10 === 0;
}

// Apple, Treasury Corporation of Victoria, BAE Systems, as the article "International Securities Identification Number" in
// Wikipedia has them.
test.each(["US0378331005", "AU0000XVGZA3", "GB0002634946"])("%s has its own check digit", (isin) => {
  expect(isinCheckDigit(isin)).toBe(isin.at(-1));
  expect(luhnHolds(isin)).toBe(true);
});

test("the check digit makes a Luhn sum that ends in 0, and no other digit does", () => {
  const letters = fc.stringMatching(/^[A-Z]{2}[A-Z0-9]{9}$/);
  fc.assert(
    fc.property(letters, (start) => {
      const fitting = [..."0123456789"].filter((digit) => luhnHolds(start + digit));
      expect(fitting).toEqual([isinCheckDigit(start)]);
    }),
  );
});

test("a wrong digit and two digits that were swapped are found", () => {
  for (const wrong of ["US0378331006", "US0378330105", "ZAE000351949"]) {
    expect(isinCheckDigit(wrong)).not.toBe(wrong.at(-1));
  }
});
