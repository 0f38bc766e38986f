import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";

const ARCHITECTURE = readFileSync("docs/architecture.md", "utf8");
const GLOSSARY = readFileSync("docs/glossary.md", "utf8");

/** Files of durable-objects/ that one way may pass. */
const MAX_OBJECT_FILES = 8;

/** The cells of a table's rows, without its head. */
const rowsOf = (text: string): string[][] =>
  text
    .split("\n")
    .filter((line) => line.startsWith("| ") && !line.startsWith("| what |") && !line.startsWith("| term |"))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

/** The ways that the page describes: title and text. */
const ways = (): [string, string][] => {
  const section = ARCHITECTURE.split("## The way of a request")[1].split("\n## ")[0];
  return [...section.matchAll(/^\*\*([^*]+)\*\*([\s\S]*?)(?=^\*\*|(?![\s\S]))/gm)].map(([, title, text]) => [
    title,
    text,
  ]);
};

/** The paths that a text names, whole: one without a folder is in the folder of the one before it. */
function filesNamed(text: string): string[] {
  let folder = "";
  return [...text.matchAll(/`([\w/.-]+\.ts)`/g)].map(([, name]) => {
    const candidates = [name, join("durable-objects", name), join(folder, name)];
    const file = candidates.find((path) => existsSync(path)) ?? name;
    folder = dirname(file);
    return file;
  });
}

describe("docs/architecture.md", () => {
  test.each(rowsOf(ARCHITECTURE))("says of %s where it is", (_, path) => {
    const file = /^`([\w/.-]+)`$/.exec(path)?.[1];
    expect(file, "one file in code quotes").toBeDefined();
    expect(existsSync(file ?? ""), `${file} exists`).toBe(true);
  });

  test("has one row for each capability", () => {
    const names = rowsOf(ARCHITECTURE).map(([name]) => name);
    expect(names.length).toBeGreaterThan(40);
    expect(new Set(names).size).toBe(names.length);
  });

  test("describes the four ways", () => {
    expect(ways().map(([title]) => title)).toEqual([
      "A quote.",
      "A polled quote, from the gate to a socket.",
      "Candles.",
      "A calculation.",
    ]);
  });

  test.each(ways())("%s names files that exist, and few of durable-objects/", (_, text) => {
    const files = filesNamed(text);
    expect(files.filter((file) => !existsSync(file))).toEqual([]);
    const objects = new Set(files.filter((file) => file.startsWith("durable-objects/")));
    expect(objects.size).toBeGreaterThan(0);
    expect(objects.size).toBeLessThanOrEqual(MAX_OBJECT_FILES);
  });
});

describe("docs/glossary.md", () => {
  const terms = rowsOf(GLOSSARY).flatMap(([names]) => names.split(", "));

  test("has each term once, with its meaning", () => {
    expect(terms.length).toBeGreaterThan(40);
    expect(terms.filter((term, i) => terms.indexOf(term) !== i)).toEqual([]);
    expect(rowsOf(GLOSSARY).filter(([, meaning]) => !meaning)).toEqual([]);
  });
});
