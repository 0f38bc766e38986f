import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const HOUSE = new URL("../../", import.meta.url);
const text = (path: string): string => readFileSync(new URL(path, HOUSE), "utf8");

/** The rows of the table of threats, by their number: what protects, and what proves it. */
function threats(): Map<string, { protection: string; proof: string }> {
  const rows = text("docs/security.md").matchAll(/^\| (API\d+):2023 [^|]+\|([^|]+)\|([^|]+)\|$/gm);
  return new Map(Array.from(rows, ([, number, protection, proof]) => [number, { protection, proof }]));
}

const ROOMS = ["core", "contracts", "observability", "providers", "storage", "durable-objects", "workers"];

test("one file alone reads what requests say of where they come from", () => {
  const says = /connecting-ip|forwarded|real-ip|client-ip|\.cf\b|\bcf[?.:]/i;
  const files = ROOMS.flatMap((room) =>
    readdirSync(new URL(room, HOUSE), { recursive: true, encoding: "utf8" }).map((name) => `${room}/${name}`),
  ).filter((path) => path.endsWith(".ts"));
  const code = (path: string): string =>
    text(path)
      .replace(/\/\*[\s\S]*?\*\//g, "")
      .replace(/(^|\s)\/\/.*$/gm, "$1");
  expect(files.filter((path) => says.test(code(path)))).toEqual(["workers/auth/caller-address.ts"]);
});

describe("docs/security.md", () => {
  test("has a row for each item of the OWASP API Security Top 10 of 2023", () => {
    expect([...threats().keys()]).toEqual(Array.from({ length: 10 }, (_, i) => `API${i + 1}`));
  });

  test("names for each item a test that exists, and what protects", () => {
    for (const [number, { protection, proof }] of threats()) {
      expect(protection.trim().length, number).toBeGreaterThan(40);
      const files = [...proof.matchAll(/`(test\/[\w./-]+\.test\.ts)`/g)].map((match) => match[1]);
      expect(files.length, number).toBeGreaterThan(0);
      for (const file of files) expect(existsSync(new URL(file, HOUSE)), file).toBe(true);
    }
  });

  test("names no file that is not there", () => {
    const named = [...text("docs/security.md").matchAll(/`((?:\w[\w-]*\/)+[\w.-]+\.(?:ts|md|toml|json))`/g)];
    expect(named.length).toBeGreaterThan(10);
    for (const [, path] of named) expect(existsSync(new URL(path, HOUSE)), path).toBe(true);
  });
});
