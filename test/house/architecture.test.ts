import { posix } from "node:path";
import { describe, expect, test } from "vitest";
import { codeFiles, importsOf, type Source, testFiles, withoutComments } from "./sources.ts";

/** Rooms by floor, as docs and the folder names have them: code imports from its own floor and from lower ones. */
const FLOORS: ReadonlyMap<string, number> = new Map([
  ["core", 0],
  ["contracts", 1],
  ["observability", 1],
  ["providers", 2],
  ["storage", 2],
  ["durable-objects", 3],
  ["workers", 4],
  ["web", 5],
  ["client", 5],
  ["bench", 5],
]);

/** Folders of code that stand beside the house. */
const BESIDE = ["cli", "scripts", "tools", "test"];

/** Packages that a room may use; a room that is not named here may use any. */
const PACKAGES: ReadonlyMap<string, RegExp> = new Map([
  ["core", /^technicalindicators$/],
  ["contracts", /^(?:zod|@hono\/zod-openapi)$/],
  // The context that follows a request through its awaits.
  ["observability", /^node:async_hooks$/],
]);

/** Packages that belong to some rooms alone: the database to storage, the platform's objects to those who live in it. */
const OWNERS: readonly { name: RegExp; rooms: readonly string[] }[] = [
  { name: /^drizzle-orm(?:\/|$)/, rooms: ["storage"] },
  { name: /^cloudflare:/, rooms: ["durable-objects", "workers"] },
  { name: /^node:async_hooks$/, rooms: ["observability"] },
  { name: /^node:/, rooms: ["bench"] },
];

const MAX_LINES = 400;
const VAGUE = /(?:^|\/)(?:utils?|helpers?|common|misc|manager)(?:\.|\/|$)/;

const roomOf = (path: string): string => path.split("/")[0];

/** What is wrong with one import of a file, or null. */
function importFault(path: string, specifier: string): string | null {
  const room = roomOf(path);
  const floor = FLOORS.get(room);
  if (specifier.startsWith(".")) {
    const target = roomOf(posix.normalize(posix.join(posix.dirname(path), specifier)));
    if (target === room || room === "test") return null;
    if (target === "workers" && room !== "bench") return "no one but tests and benchmarks imports from workers";
    if (floor === undefined) return null;
    const below = FLOORS.get(target);
    if (BESIDE.includes(target) && room !== "bench") return `code of the house does not import from ${target}`;
    if (below !== undefined && below > floor) return `${room} stands below ${target}`;
    return null;
  }
  if (floor === undefined) return null;
  const allowed = PACKAGES.get(room);
  if (allowed && !allowed.test(specifier)) return `${room} does without this package`;
  const owner = OWNERS.find(({ name }) => name.test(specifier));
  return owner && !owner.rooms.includes(room) ? `this package belongs to ${owner.rooms.join(" and ")}` : null;
}

/** Everything in a file that breaks a rule of the house, as `path: rule`. */
function faultsOf({ path, text }: Source): string[] {
  const faults = importsOf(text).flatMap((specifier) => {
    const fault = importFault(path, specifier);
    return fault === null ? [] : [`${path}: imports ${specifier}, but ${fault}`];
  });
  const code = withoutComments(text);
  if (/(?::|\bas|<|\||&|,|=)\s*any\b\s*(?:[;,)>\]|&={[]|$)/m.test(code)) faults.push(`${path}: says any`);
  if (/\b(?:TODO|FIXME|XXX|HACK)\b/.test(text) && path !== SELF) faults.push(`${path}: leaves something to do`);
  if (VAGUE.test(path)) faults.push(`${path}: is called after nothing in particular`);
  const lines = text.trimEnd().split("\n").length;
  if (roomOf(path) !== "test" && lines > MAX_LINES) faults.push(`${path}: has ${lines} lines, over ${MAX_LINES}`);
  return faults;
}

const SELF = "test/house/architecture.test.ts";

describe("the house", () => {
  const all = [...codeFiles(), ...testFiles()];

  test("is all looked at", () => {
    expect(all.length).toBeGreaterThan(80);
    for (const room of ["core", "contracts", "observability", "providers", "storage", "durable-objects", "workers"]) {
      expect(all.some(({ path }) => roomOf(path) === room)).toBe(true);
    }
    expect(all.flatMap(({ text }) => importsOf(text)).length).toBeGreaterThan(300);
  });

  test("keeps its rules", () => {
    expect(all.filter(({ path }) => path !== SELF).flatMap(faultsOf)).toEqual([]);
  });

  test("has no room that is on no floor", () => {
    const entry = all.find(({ path }) => path === "workers/index.ts");
    expect(entry).toBeDefined();
    const exported = (entry?.text ?? "").match(/^export (?!default \{|\{)/gm);
    expect(exported).toBeNull();
  });
});

describe("the rules find", () => {
  test.each<[string, Source, RegExp]>([
    [
      "a low room that looks up",
      { path: "core/a.ts", text: 'import { x } from "../storage/x.ts";' },
      /core stands below storage/,
    ],
    [
      "contracts that know storage",
      { path: "contracts/a.ts", text: 'import type { X } from "../storage/x.ts";' },
      /below/,
    ],
    [
      "storage that knows objects",
      { path: "storage/r/a.ts", text: 'export * from "../../durable-objects/x.ts";' },
      /below/,
    ],
    ["an object that knows routes", { path: "durable-objects/a.ts", text: 'import "../workers/x.ts";' }, /workers/],
    [
      "a client that knows routes",
      { path: "client/a.ts", text: 'const x = await import("../workers/x.ts");' },
      /workers/,
    ],
    ["a tool that knows routes", { path: "tools/a.ts", text: 'import { x } from "../workers/x.ts";' }, /workers/],
    ["a script that knows routes", { path: "scripts/a.ts", text: 'import { x } from "../workers/x.ts";' }, /workers/],
    ["code that knows its tests", { path: "workers/a.ts", text: 'import { x } from "../test/x.ts";' }, /test/],
    [
      "an import over several lines",
      { path: "core/a.ts", text: 'import {\n  a,\n  b,\n} from "../contracts/x.ts";' },
      /below/,
    ],
    ["a package in core", { path: "core/a.ts", text: 'import { z } from "zod";' }, /without/],
    ["the platform in core", { path: "core/a.ts", text: 'import { env } from "cloudflare:workers";' }, /without/],
    ["drizzle outside storage", { path: "workers/a.ts", text: 'import { eq } from "drizzle-orm";' }, /storage/],
    ["Node in the Worker", { path: "workers/a.ts", text: 'import { readFileSync } from "node:fs";' }, /bench/],
    [
      "a context beside the one of observability",
      { path: "workers/a.ts", text: 'import { AsyncLocalStorage } from "node:async_hooks";' },
      /belongs to observability/,
    ],
    ["files in observability", { path: "observability/a.ts", text: 'import "node:fs";' }, /without/],
    ["any", { path: "workers/a.ts", text: "const x: any = 1;" }, /says any/],
    ["a cast to any", { path: "workers/a.ts", text: "f(x as any);" }, /says any/],
    ["a list of any", { path: "workers/a.ts", text: "const x: Array<any> = [];" }, /says any/],
    ["a map of any", { path: "workers/a.ts", text: "const x: Record<string, any> = {};" }, /says any/],
    ["a note to self", { path: "core/a.ts", text: `// ${"TO"}DO later` }, /leaves/],
    ["a long file", { path: "core/a.ts", text: "x();\n".repeat(401) }, /401 lines/],
    ["a vague name", { path: "workers/utils.ts", text: "" }, /called/],
  ])("%s", (_, source, fault) => {
    expect(faultsOf(source).join("\n")).toMatch(fault);
  });

  test.each<[string, Source]>([
    ["a high room that looks down", { path: "workers/q/a.ts", text: 'import { x } from "../../core/x.ts";' }],
    ["neighbours on one floor", { path: "storage/a.ts", text: 'import { x } from "../providers/x.ts";' }],
    ["the package of core", { path: "core/patterns.ts", text: 'import { doji } from "technicalindicators";' }],
    ["a test that looks anywhere", { path: "test/a.test.ts", text: 'import { app } from "../workers/x.ts";' }],
    ["a comment that names what is not imported", { path: "core/a.ts", text: '// from "../workers/x.ts", any: any' }],
    [
      "Promise.any, and any as a word",
      { path: "core/a.ts", text: 'Promise.any(list); say("any, or none", "import", ",");' },
    ],
    ["a benchmark that starts a server", { path: "bench/a.ts", text: 'import { run } from "../scripts/x.ts";' }],
    ["a long test", { path: "test/a.test.ts", text: "x();\n".repeat(900) }],
    ["a file of 400 lines", { path: "core/a.ts", text: "x();\n".repeat(400) }],
  ])("nothing wrong with %s", (_, source) => {
    expect(faultsOf(source)).toEqual([]);
  });
});
