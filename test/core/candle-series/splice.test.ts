import { describe, expect, test } from "vitest";
import {
  type Adjustment,
  agreeInCommon,
  besideHigher,
  correctsInCommon,
  followsPlausibly,
  type SeriesPart,
} from "../../../core/candle-series/splice.ts";

const DAY = 86_400;
const pairs = (...closes: [number, number][]) => closes.map(([one, other]) => ({ one, other }));

describe("closes of buckets that two sources have", () => {
  test.each([
    ["within half a percent", "JSE", pairs([100, 100.5], [100, 99.5], [100, 100]), true],
    ["one beyond it", "JSE", pairs([100, 100], [100, 100.6], [100, 100]), false],
    ["within two percent of a crypto pair", "CRYPTO", pairs([100, 102]), true],
    ["beyond two percent", "CRYPTO", pairs([100, 102.1]), false],
    ["rand and cents", "JSE", pairs([150, 15_000], [151, 15_100], [152, 15_200]), false],
    ["an older one apart, the last three not", "US", pairs([50, 100], [100, 100], [100, 100], [100, 100]), true],
    ["a negative price", "US", pairs([-37.63, -37.63]), true],
  ] as const)("%s", (_, market, common, agree) => {
    expect(agreeInCommon(market, common)).toBe(agree);
  });

  test("that are none decide nothing", () => {
    expect(agreeInCommon("US", [])).toBeNull();
    expect(correctsInCommon("US", [])).toBeNull();
  });

  test.each([
    ["one of three corrected", pairs([10, 10], [11, 11], [13, 14]), true],
    ["two of three corrected", pairs([10, 10], [11, 12], [13, 14]), false],
    ["one row alone, corrected by a plausible step", pairs([13, 14]), true],
    ["one row alone, in other units", pairs([13, 1300]), false],
    ["all three in other units", pairs([13, 1300], [14, 1400], [15, 1500]), false],
  ])("of two imports: %s", (_, common, fits) => {
    expect(correctsInCommon("JSE", common)).toBe(fits);
  });
});

describe("without a bucket that both have", () => {
  const close = (days: number, price: number) => ({ time: days * DAY, close: price });

  test("a first close follows a last one within the step that a price can make, times the root of the days", () => {
    expect(followsPlausibly("US", close(0, 100), close(1, 110))).toBe(true);
    expect(followsPlausibly("US", close(0, 100), close(1, 200))).toBe(false);
    expect(followsPlausibly("US", close(0, 100), close(100, 200))).toBe(true);
  });

  test("rand after cents does not follow within a month", () => {
    expect(followsPlausibly("JSE", close(0, 15_000), close(30, 150))).toBe(false);
  });
});

describe("a part beside a higher one", () => {
  const part = (adjustment: Adjustment, change: Partial<SeriesPart> = {}): SeriesPart => ({
    ...{ adjustment, adjustedAsOf: adjustment === "raw" ? null : 21 * DAY, isImport: false },
    ...{ first: 10 * DAY, last: 20 * DAY, ...change },
  });
  const higher = { raw: part("raw"), split: part("split"), unknown: part("unknown") };
  const HIDDEN = { before: false, within: false, after: null };

  test("is left out where prices differ, whatever the adjustments", () => {
    expect(besideHigher(higher.raw, part("raw"), false)).toEqual(HIDDEN);
    expect(besideHigher(higher.split, part("split", { isImport: true }), false)).toEqual(HIDDEN);
  });

  test("raw beside raw is shown before, within and after", () => {
    expect(besideHigher(higher.raw, part("raw"), true)).toEqual({ before: true, within: true, after: 20 * DAY });
  });

  test.each([higher.split, higher.unknown])("raw follows $adjustment from the day of its adjustment on", (adjusted) => {
    expect(besideHigher(adjusted, part("raw"), true)).toEqual({ before: false, within: false, after: 21 * DAY });
    const later = { ...adjusted, adjustedAsOf: 25 * DAY };
    expect(besideHigher(later, part("raw"), true).after).toBe(25 * DAY);
    const never = { ...adjusted, adjustedAsOf: null };
    expect(besideHigher(never, part("raw"), true).after).toBeNull();
  });

  test("adjusted stands before raw where it was adjusted before that begins", () => {
    const older = part("split", { first: 0, last: 9 * DAY, adjustedAsOf: 10 * DAY });
    expect(besideHigher(higher.raw, older, true)).toEqual({ before: true, within: false, after: null });
    expect(besideHigher(higher.raw, { ...older, adjustedAsOf: 12 * DAY }, true)).toEqual(HIDDEN);
  });

  test("otherwise adjusted never stands beside adjusted, imports of one adjustment do", () => {
    expect(besideHigher(higher.split, part("split_dividend"), true)).toEqual(HIDDEN);
    expect(besideHigher(higher.split, part("split"), true)).toEqual(HIDDEN);
    const [one, other] = [part("split", { isImport: true }), part("split", { isImport: true })];
    expect(besideHigher(one, other, true)).toEqual({ before: true, within: true, after: 20 * DAY });
  });
});
