/** Questions in a row, each about something else, whose answers are bad before that counts as the upstream's trouble. */
const BAD_ANSWERS_TO_OPEN = 5;

/** What the bad answers since the last proper one were about, as far as they count; at most four. */
export type BadAnswers = readonly string[];

/** No bad answer since the last proper one. */
export const NO_BAD_ANSWERS: BadAnswers = [];

/**
 * Records a bad answer, to distinguish an upstream whose answers are all bad, as where it sends a page of HTML to every call,
 * from one that has no proper answer about some symbol. A bad answer counts for one symbol that it is about, once, until a
 * proper answer comes. So a caller that asks for one symbol over and over opens no breaker, however often, and those that
 * ask for others are answered.
 * @param subjects what the question was about: symbols, or the words of a search
 * @returns `isOutage` with the last of a row that opens the breaker, after which a new row begins
 */
export function afterBadAnswer(
  counted: BadAnswers,
  subjects: readonly string[],
): { counted: BadAnswers; isOutage: boolean } {
  const subject = subjects.find((each) => !counted.includes(each));
  if (subject === undefined) return { counted, isOutage: false };
  if (counted.length + 1 < BAD_ANSWERS_TO_OPEN) return { counted: [...counted, subject], isOutage: false };
  return { counted: NO_BAD_ANSWERS, isOutage: true };
}
