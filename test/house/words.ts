import type { Source } from "./sources.ts";

/** Words that stand nowhere: not in names, comments, texts or documents. Each with what the field says instead. */
const BANNED_WORDS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    anew: "again",
    "anybody|somebody|someone|nobody|whoever|whomever": "client, caller, subscriber, none",
    "attendees?|attendances?|attending": "hub, lease",
    "audiences?": "sessions, subscribers, streaming",
    "bur(?:y|ies|ied)": "dead letter",
    dice: "seeded random",
    "doubts?": "anomaly, quality decision",
    "errands?": "call",
    "farewells?": "release of a lease",
    "gives?": "returns",
    "hears?|heard": "receives",
    "holes?": "gap",
    judged: "checked",
    "knocks?": "open",
    laden: "pending",
    "rosters?": "registry",
    "storms?": "chaos run",
    "tells?|told|untold|telling": "emits, sends, reports, returns",
    unproven: "unconfirmed bytes",
    unread: "unacknowledged bytes",
    weather: "fault schedule",
  }),
);

/** Words that are no part of a name, though a sentence may need them. */
const BANNED_NAMES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    "desks?": "quota, access",
    "hops?": "span",
    "keepers?": "holder",
    "places?": "position, offset",
    "seats?": "pending symbol",
    standing: "quota state, verdict",
    tally: "metrics, counts",
    "topics?": "channel",
  }),
);

const BANNED_PHRASES: ReadonlyMap<RegExp, string> = new Map([
  [/\bso many\b/i, "that many, N"],
  [/\bpay desk\b/i, "rate-limit queue"],
  [/\bsees? to it\b/i, "ensures"],
  [/\bbelongs? into\b/i, "runs inside"],
  [/\bhas not the right form\b/i, "has an invalid format"],
  [/\b(?:its|their|a|last|own) places?\b(?! of)/i, "position"],
  [/\b(?:MOST|LONGEST|LEAST)_[A-Z]/, "MAX_, MIN_"],
]);

/** Names that stay: tables and columns of databases that exist, and values on the wire. */
const KEPT =
  /\battendees\b(?= \(|\s+(?:set|where|")|")|\baudience_(?:sockets|symbols|beat)\b|'audience'|\btold\b(?= text not null|\) values| as state| = \?)|\buntold_bars\b|"doubted"|`doubted`/g;

const wordPattern = (words: ReadonlyMap<string, string>): RegExp => new RegExp(`^(?:${[...words.keys()].join("|")})$`);

const WORD = wordPattern(BANNED_WORDS);
const NAME = wordPattern(BANNED_NAMES);

const insteadOf = (words: ReadonlyMap<string, string>, found: string): string => {
  for (const [pattern, better] of words) if (new RegExp(`^(?:${pattern})$`).test(found)) return better;
  return "";
};

/** The words of a line; identifiers come apart where their case changes. */
const wordsOf = (line: string): string[] =>
  line
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z]+/);

/** Where a text uses words that only this project would understand, as `path:line: word`. */
export function wordFaults({ path, text }: Source): string[] {
  const code = /\.(?:[cm]?[jt]s|tsx)$/.test(path);
  const faults: string[] = [];
  const check = (lines: readonly string[], pattern: RegExp, words: ReadonlyMap<string, string>) => {
    for (const [i, line] of lines.entries()) {
      for (const word of wordsOf(line)) {
        if (pattern.test(word)) faults.push(`${path}:${i + 1}: "${word}" (${insteadOf(words, word)})`);
      }
    }
  };
  const lines = text.replace(KEPT, "").split("\n");
  check(lines, WORD, BANNED_WORDS);
  for (const [i, line] of lines.entries()) {
    for (const [phrase, better] of BANNED_PHRASES) {
      const found = phrase.exec(line);
      if (found) faults.push(`${path}:${i + 1}: "${found[0]}" (${better})`);
    }
  }
  // Strings are sentences, too: only what stands outside of them is a name.
  if (code) {
    const strings = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g;
    const blank = (found: string): string => found.replace(/[^\n]/g, " ");
    const names = text
      .replace(/\/\*[\s\S]*?\*\//g, blank)
      .replace(/(?<=^|\s)\/\/.*$/gm, blank)
      .replace(strings, blank);
    check(names.split("\n"), NAME, BANNED_NAMES);
  }
  check([path], WORD, BANNED_WORDS);
  return faults;
}
