/** A word with the article that it takes in English: an index, a stock, an hour, a unit. */
export function withArticle(word: string): string {
  const isVowelSound = /^(?:[aeio]|hour|honest|u(?!n[iu]|s[aeiu]|t[aeiu]))/i.test(word);
  return `${isVowelSound ? "an" : "a"} ${word}`;
}

const MAX_SHOWN_CHARACTERS = 60;

/** A caller's own text as a message may repeat it: without control characters, and not longer than it need be to be recognised. */
export function shownText(text: string, maxCharacters: number = MAX_SHOWN_CHARACTERS): string {
  const plain = text.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, "\uFFFD");
  return plain.length > maxCharacters ? `${plain.slice(0, maxCharacters)}…` : plain;
}

/** How many letters must be changed, added or dropped to make one word of the other (Levenshtein, 1965). */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const above = row;
    row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = above[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, above[j] + 1, row[j - 1] + 1));
    }
  }
  return row[b.length];
}

const MAX_GUESSED_CHARACTERS = 40;

/** The choice that a text probably means: the same in another case or number, or but a slip away; null if there is none. */
export function likelyChoice(text: unknown, choices: readonly string[]): string | null {
  if (typeof text !== "string" || text.length > MAX_GUESSED_CHARACTERS) return null;
  const typed = text.trim().toLowerCase();
  const singular = typed.replace(/(?<=[a-z]{2})s$/, "");
  const same = choices.find((choice) => [typed, singular].includes(choice.toLowerCase()));
  if (same !== undefined) return same;
  const near = choices
    .map((choice) => ({ choice, slips: slipsBetween(typed, choice.toLowerCase()) }))
    .filter(({ choice, slips }) => slips <= (choice.length > 4 ? 2 : choice.length > 2 ? 1 : 0))
    .sort((a, b) => a.slips - b.slips);
  return near[0]?.choice ?? null;
}

/** The edit distance, in which two neighbours that have changed places count as one slip. */
function slipsBetween(a: string, b: string): number {
  const distance = editDistance(a, b);
  const isSwap = distance === 2 && a.length === b.length && [...a].sort().join("") === [...b].sort().join("");
  return isSwap ? 1 : distance;
}

/** What an error adds about the choice that a text probably means: `; did you mean 1h?`, or nothing. */
export function choiceHint(text: unknown, choices: readonly string[]): string {
  const meant = likelyChoice(text, choices);
  return meant === null ? "" : `; did you mean ${meant}?`;
}
