import { posix } from "node:path";
import { describe, expect, test } from "vitest";
import { cyclesOf, fileGraph, folderGraph } from "./graph.ts";
import { codeFiles, type Source } from "./sources.ts";

/** Folders whose parts stand on floors, the lowest first; parts of one floor do not import each other. */
const FLOORS_WITHIN: ReadonlyMap<string, readonly (readonly string[])[]> = new Map([
  [
    "durable-objects/streaming",
    [
      ["connections", "protocol"],
      ["subscriptions"],
      ["delivery"],
      ["commands"],
      ["session-hub.ts"],
      ["streaming-object.ts"],
    ],
  ],
  ["durable-objects/symbol-room", [["sources", "candles"], ["quotes"], ["publishing"], ["symbol-room.ts"]]],
]);

const MAX_FILES_PER_FOLDER = 14;
const CROWDED = /^(?:durable-objects|workers)\//;
const USUAL_LINES = 200;
/** The part of all files that may be longer than usual. */
const MAX_LONG_PART = 0.06;

/** The imports within a folder that point to a higher floor, as `file imports file`. */
function upwardImports(files: ReturnType<typeof fileGraph>, folder: string, floors: readonly (readonly string[])[]) {
  const floorOf = (path: string): number =>
    path.startsWith(`${folder}/`)
      ? floors.findIndex((parts) => parts.includes(path.slice(folder.length + 1).split("/")[0]))
      : -1;
  return [...files].flatMap(([path, targets]) => {
    const own = floorOf(path);
    if (own < 0) return [];
    return [...targets].filter((target) => floorOf(target) > own).map((target) => `${path} imports ${target}`);
  });
}

const crowdedFolders = (sources: readonly Source[]): string[] =>
  [...Map.groupBy(sources, ({ path }) => posix.dirname(path))].flatMap(([folder, files]) =>
    CROWDED.test(`${folder}/`) && files.length > MAX_FILES_PER_FOLDER ? [`${folder}: ${files.length} files`] : [],
  );

describe("imports", () => {
  const sources = codeFiles();
  const files = fileGraph(sources);

  test("are all followed", () => {
    expect(files.size).toBeGreaterThan(300);
    expect([...files.values()].reduce((sum, targets) => sum + targets.size, 0)).toBeGreaterThan(1_000);
  });

  test("of files make no cycle", () => {
    expect(cyclesOf(files)).toEqual([]);
  });

  test("of folders make no cycle", () => {
    expect(cyclesOf(folderGraph(files))).toEqual([]);
  });

  test.each([...FLOORS_WITHIN])("within %s point to the same floor or down", (folder, floors) => {
    const parts = new Set(
      sources.flatMap(({ path }) =>
        path.startsWith(`${folder}/`) ? [path.slice(folder.length + 1).split("/")[0]] : [],
      ),
    );
    for (const part of floors.flat()) expect(parts, `${folder}/${part}`).toContain(part);
    expect(upwardImports(files, folder, floors)).toEqual([]);
  });

  test("of scripts and tools never reach tests", () => {
    const usesTests = [...files].filter(([, targets]) => [...targets].some((target) => target.startsWith("test/")));
    expect(usesTests.map(([path]) => path)).toEqual([]);
  });
});

describe("files", () => {
  const sources = codeFiles();

  test(`of a folder are at most ${MAX_FILES_PER_FOLDER}`, () => {
    expect(crowdedFolders(sources)).toEqual([]);
  });

  test(`have at most ${USUAL_LINES} lines as a rule`, () => {
    const long = sources.filter(({ text }) => text.trimEnd().split("\n").length > USUAL_LINES);
    expect(long.length, long.map(({ path }) => path).join("\n")).toBeLessThan(sources.length * MAX_LONG_PART);
  });

  test("of workers/ are in its rooms, index.ts aside", () => {
    const loose = sources.filter(({ path }) => posix.dirname(path) === "workers").map(({ path }) => path);
    expect(loose).toEqual(["workers/index.ts"]);
  });
});

describe("the rules find", () => {
  const source = (path: string, ...imports: string[]): Source => ({
    path,
    text: imports.map((specifier) => `import { x } from "${specifier}";\n`).join(""),
  });

  test("a cycle of files, types included", () => {
    const files = fileGraph([
      source("core/a.ts", "./b.ts"),
      source("core/b.ts", "./c.ts"),
      { path: "core/c.ts", text: 'import type { X } from "./a.ts";' },
      source("core/d.ts", "./a.ts"),
    ]);
    expect(cyclesOf(files)).toEqual([["core/a.ts", "core/b.ts", "core/c.ts"]]);
  });

  test("a cycle of folders whose files make none", () => {
    const files = fileGraph([
      source("workers/x/a.ts", "../y/a.ts"),
      source("workers/x/b.ts"),
      source("workers/y/a.ts"),
      source("workers/y/b.ts", "../x/b.ts"),
    ]);
    expect(cyclesOf(files)).toEqual([]);
    expect(cyclesOf(folderGraph(files))).toEqual([["workers/x", "workers/y"]]);
  });

  test("nothing wrong with a parent and its child that import each other", () => {
    const files = fileGraph([
      source("workers/x/a.ts", "./y/a.ts"),
      source("workers/x/y/b.ts", "../b.ts"),
      source("workers/x/b.ts"),
      source("workers/x/y/a.ts"),
    ]);
    expect(cyclesOf(folderGraph(files))).toEqual([]);
  });

  test("an import of a higher floor", () => {
    const files = fileGraph([
      source("a/low/x.ts", "../high/x.ts"),
      source("a/high/x.ts"),
      source("a/high/y.ts", "../low/x.ts"),
    ]);
    expect(upwardImports(files, "a", [["low"], ["high"]])).toEqual(["a/low/x.ts imports a/high/x.ts"]);
  });

  test("a crowded folder", () => {
    const files = Array.from({ length: 15 }, (_, i) => source(`workers/x/${i}.ts`));
    expect(crowdedFolders(files)).toEqual(["workers/x: 15 files"]);
    expect(crowdedFolders(files.slice(1))).toEqual([]);
  });
});
