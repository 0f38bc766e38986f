import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
/** Code that runs in an isolate or in an object, which live for days. */
const ROOMS = ["core", "contracts", "observability", "providers", "storage", "durable-objects", "workers"];

/** Collections that nothing is ever taken out of, since what goes in is bounded by the code itself. */
const BOUNDED_BY_CODE: Readonly<Record<string, string>> = {
  "core/market-calendar/zone.ts formatters": "one for each time zone",
  "durable-objects/symbol-room/candles/candles.ts #native": "one for each upstream and asset class",
  "durable-objects/symbol-room/candles/filling/backfill-queue.ts #unsettled": "one for each source and interval",
  "durable-objects/symbol-room/publishing/source-polling.ts #polled": "made new with each watch",
  "workers/http/headers.ts programHeaders": "one for the configured origins",
  "workers/gateway/middleware/require-access.ts accessByRoute": "one for each route",
};

/** Of a module, of a class, or of what an `open…` function opens. A constant table is written in capitals and is none. */
const OPENED = /^(?:export )?function open\w*[\s\S]*?^\}/gm;
const OF_OPENED = /^ {2}(?:const|let) ([a-z]\w*)(?:: [^=\n]+)? = new (?:Map|Set)\b[^(]*\(\);/gm;
const COLLECTIONS = [
  /^(?:export )?(?:const|let) ([a-z]\w*)(?:: [^=\n]+)? = (?:new (?:Map|Set)\b|\[\];)/gm,
  /^ {2}(?:private |protected )?(?:readonly )?(#?[a-z]\w*)(?:: [^=\n]+)? = new (?:Map|Set)\b/gm,
];

/** Collections that live as long as a module or an object and that nothing is taken out of, in a source text. */
function unboundedIn(path: string, text: string): string[] {
  const opened = Array.from(text.matchAll(OPENED), ([body]) => body).join("\n");
  const names = [...COLLECTIONS.map((pattern) => text.matchAll(pattern)), opened.matchAll(OF_OPENED)].flatMap((found) =>
    Array.from(found, ([, name]) => name),
  );
  return names
    .filter((name) => !new RegExp(`(?:^|[^\\w#])${name}\\.(?:delete|clear)\\(`, "m").test(text))
    .map((name) => `${path} ${name}`);
}

const sources = ROOMS.flatMap((room) =>
  readdirSync(join(ROOT, room), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => `${room}/${file.replaceAll("\\", "/")}`),
);

describe("what outlives a request", () => {
  test("is a collection that something is taken out of, or that its code bounds", () => {
    const found = sources.flatMap((path) => unboundedIn(path, readFileSync(join(ROOT, path), "utf8")));
    expect(found.filter((each) => !Object.hasOwn(BOUNDED_BY_CODE, each))).toEqual([]);
    expect(Object.keys(BOUNDED_BY_CODE).filter((each) => !found.includes(each))).toEqual([]);
  });

  test("is noticed when nothing is taken out of it", () => {
    expect(unboundedIn("a.ts", "const seen = new Map<string, string>();\nseen.set(a, b);")).toEqual(["a.ts seen"]);
    expect(unboundedIn("a.ts", "  private readonly seen = new Set<string>();\n")).toEqual(["a.ts seen"]);
    expect(unboundedIn("a.ts", "const seen = new Map();\nif (full) seen.clear();")).toEqual([]);
  });

  test("is never reached through a closure in the asynchronous context", () => {
    const stores = sources.filter((path) => readFileSync(join(ROOT, path), "utf8").includes("new AsyncLocalStorage"));
    expect(stores).toEqual(["observability/span.ts"]);
    const span = readFileSync(join(ROOT, "observability/span.ts"), "utf8");
    const fields = Array.from(span.matchAll(/^ {2}(?:private )?(?:readonly )?\w+: ([^=;]+)/gm), ([, type]) => type);
    expect(fields.filter((type) => type.includes("=>"))).toEqual([]);
  });
});
