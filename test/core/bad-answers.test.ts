import { expect, test } from "vitest";
import { afterBadAnswer, NO_BAD_ANSWERS } from "../../core/scheduling/bad-answers.ts";

/** Which of the bad answers, each about some subjects, opens the breaker. */
function outagesOf(...answers: string[][]): boolean[] {
  let counted = NO_BAD_ANSWERS;
  return answers.map((subjects) => {
    const after = afterBadAnswer(counted, subjects);
    counted = after.counted;
    return after.isOutage;
  });
}

test("bad answers about a few subjects, however many, are no outage", () => {
  expect(outagesOf(...Array.from({ length: 200 }, () => ["A"]))).not.toContain(true);
  expect(outagesOf(...Array.from({ length: 200 }, (_, i) => ["ABCD"[i % 4]]))).not.toContain(true);
});

test("the fifth about another one is, and a new row begins", () => {
  const row = [["A"], ["A"], ["B"], ["C"], ["B"], ["D"], ["E"]];
  expect(outagesOf(...row, ...row)).toEqual([...row, ...row].map((_, i) => i % 7 === 6));
});

test("an answer about many counts once", () => {
  const batch = ["A", "B", "C", "D", "E", "F"];
  expect(outagesOf(batch, batch, batch, batch, batch)).toEqual([false, false, false, false, true]);
});

test("an answer about nothing does not count", () => {
  expect(outagesOf([], [], [], [], [], [])).not.toContain(true);
});
