import { describe, expect, test } from "vitest";
import { filesBelow, readText, testFiles } from "./sources.ts";

const ORIGINS = readText("test/fixtures/data/ORIGINS.md");

/** Suites that need a program which the next machine may lack, each with its reason. */
const CONDITIONAL: ReadonlyMap<string, string> = new Map([
  ["test/e2e/operations.test.ts", "promtool and prometheus, which .ci/run installs"],
]);

describe("parts of real data", () => {
  const patterns = [...ORIGINS.matchAll(/^\| (`[^|]*) \|/gm)].flatMap(([, cell]) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(
      ([, glob]) => new RegExp(`^${glob.replaceAll(".", "\\.").replaceAll("*", "[^/]*")}$`),
    ),
  );
  const data = filesBelow("test/fixtures/data", /\.(?:csv|json)$/).map(({ path }) =>
    path.slice("test/fixtures/data/".length),
  );

  test("have each an origin and a licence", () => {
    expect(data.length).toBeGreaterThan(20);
    expect(data.filter((name) => !patterns.some((pattern) => pattern.test(name)))).toEqual([]);
    expect(patterns.filter((pattern) => !data.some((name) => pattern.test(name)))).toEqual([]);
    const licences = [...ORIGINS.matchAll(/^\| `[^|]*\|[^|]*\| ([^|]*) \|/gm)].map(([, licence]) => licence);
    expect(new Set(licences)).toEqual(new Set(["MIT", "Apache-2.0", "facts"]));
  });
});

test("a clean clone skips no suite for want of data", () => {
  const skipping = testFiles()
    .filter(({ text }) => /\bdescribe\.(?:skip|skipIf|runIf|todo)\b/.test(text))
    .map(({ path }) => path)
    .filter((path) => path !== "test/house/fixtures.test.ts");
  expect(skipping).toEqual([...CONDITIONAL.keys()]);
});
