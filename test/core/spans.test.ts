import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addSpan, covers, gapsIn, type Span } from "../../core/spans.ts";

const span = fc
  .tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 20 }))
  .map(([from, length]): Span => ({ from, to: from + length }));
const spans = fc.array(span, { maxLength: 12 });

const joined = (list: readonly Span[]): Span[] => list.reduce<Span[]>((all, next) => addSpan(all, next), []);
/** The whole numbers that spans hold, which is another way to say what they are. */
const numbers = (list: readonly Span[]): number[] => {
  const held = new Set<number>();
  for (const { from, to } of list) for (let i = from; i < to; i++) held.add(i);
  return [...held].sort((a, b) => a - b);
};

describe("spans", () => {
  test("that touch or overlap are one, those apart stay apart and in order", () => {
    expect(addSpan([{ from: 0, to: 5 }], { from: 5, to: 7 })).toEqual([{ from: 0, to: 7 }]);
    expect(addSpan([{ from: 6, to: 9 }], { from: 0, to: 5 })).toEqual([
      { from: 0, to: 5 },
      { from: 6, to: 9 },
    ]);
    expect(addSpan([{ from: 0, to: 2 }], { from: 3, to: 3 })).toEqual([{ from: 0, to: 2 }]);
  });

  test("hold after any additions all that was added and nothing else, disjoint and ascending", () => {
    fc.assert(
      fc.property(spans, (added) => {
        const all = joined(added);
        expect(numbers(all)).toEqual(numbers(added));
        for (const [i, { from, to }] of all.entries()) {
          expect(from).toBeLessThan(to);
          if (i > 0) expect(all[i - 1].to).toBeLessThan(from);
        }
      }),
    );
  });

  test("and the gaps between them make up what is wanted, each number once", () => {
    fc.assert(
      fc.property(spans, span, (added, wanted) => {
        const all = joined(added);
        const gaps = gapsIn(all, wanted);
        const held = new Set(numbers(all));
        expect(numbers(gaps)).toEqual(numbers([wanted]).filter((number) => !held.has(number)));
      }),
    );
  });

  test("cover the numbers that they hold", () => {
    fc.assert(
      fc.property(spans, fc.integer({ min: 0, max: 90 }), (added, number) => {
        expect(covers(added, number)).toBe(numbers(added).includes(number));
      }),
    );
  });
});
