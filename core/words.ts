/** A word with the article that it takes in English: an index, a stock, an hour, a unit. */
export function withArticle(word: string): string {
  const isVowelSound = /^(?:[aeio]|hour|honest|u(?!n[iu]|s[aeiu]|t[aeiu]))/i.test(word);
  return `${isVowelSound ? "an" : "a"} ${word}`;
}

const MAX_SHOWN_CHARACTERS = 60;

/** A caller's own text as a message may repeat it: without control characters, and not longer than it need be to be recognised. */
export function shownText(text: string, most: number = MAX_SHOWN_CHARACTERS): string {
  const plain = text.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, "\uFFFD");
  return plain.length > most ? `${plain.slice(0, most)}…` : plain;
}
