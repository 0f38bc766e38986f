import { describe, expect, test } from "vitest";
import { CODE_FOLDERS, filesBelow, readText, type Source } from "./sources.ts";
import { wordFaults } from "./words.ts";

const TEXT = /\.(?:[cm]?[jt]s|tsx|md|toml|yml|yaml|html|css|sh)$/;
const ROOT_FILES = ["README.md", "CHANGELOG.md", "wrangler.toml", "vitest.config.ts", "drizzle.config.ts", ".ci/run"];
/** The list itself, and the page that names what a term replaces. */
const LISTS = /^(?:test\/house\/words(?:\.test)?\.ts|docs\/glossary\.md|docs\/adr\/.*)$/;

/** Every text of the project. What was decided is kept as it was written, and old states are data. */
function texts(): Source[] {
  const below = [...CODE_FOLDERS, "docs", "test"].flatMap((folder) => filesBelow(folder, TEXT));
  const atRoot = ROOT_FILES.map((path) => ({ path, text: readText(path) }));
  return [...below, ...atRoot].filter(({ path }) => !LISTS.test(path) && !path.startsWith("test/fixtures/"));
}

describe("the words of the project", () => {
  const all = texts();

  test("are all looked at", () => {
    expect(all.length).toBeGreaterThan(500);
  });

  test("are the field's", () => {
    expect(all.flatMap(wordFaults)).toEqual([]);
  });
});

describe("the rules find", () => {
  const faults = (text: string, path = "core/a.ts") => wordFaults({ path, text }).join("\n");

  test.each([
    ["a word in a name", "const quoteTold = 1;", /"told" \(emits/],
    ["a word in a comment", "/** Whoever asks. */", /"whoever" \(client/],
    ["a word in a text", 'say("nobody listens");', /"nobody"/],
    ["a limit that is no MAX_", "const MOST_EVENTS = 5;", /"MOST_E" \(MAX_/],
    ["a phrase", "// for so many seconds", /"so many"/],
    ["a position that is called a place", "const place = { epoch, seq };", /"place" \(position/],
    ["a place in a sentence", "// A client with its place.", /"its place"/],
  ])("%s", (_, text, fault) => {
    expect(faults(text)).toMatch(fault);
  });

  test("a word in a file's name", () => {
    expect(faults("", "core/roster.ts")).toMatch(/"roster"/);
  });

  test.each([
    ["a kept table", 'sql.exec("delete from untold_bars where number <= ?", order);'],
    ["a value on the wire", 'reason: z.enum(["doubted", "stale"])'],
    ["a word that contains one", "const replaced = text.replaceAll(a, b); // storing tellurium"],
  ])("nothing wrong with %s", (_, text) => {
    expect(faults(text)).toBe("");
  });
});
