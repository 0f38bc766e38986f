import { describe, expect, test } from "vitest";
import { codeFiles, type Source, withoutComments } from "./sources.ts";

/** Interfaces with methods under durable-objects/ that have one implementation there, each with its reason. */
const PORTS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    Backfill: "one run's state, with the checks that its queue makes",
    CallRuntime: "the network and the clock of a gate's calls; tests pass their own",
    CheckContext: "how one write of candles is checked",
    Clock: "the clock of the rate-limit queue; tests pass their own",
    ConnectionHooks: "what a connection asks of its object",
    FailoverRequest: "one request to a symbol's sources, with its clock",
    GateMemory: "a gate's memory; tests keep it without a database",
    HubLeaseEvents: "what the leases of a room ask of the publisher",
    MeteredContext: "the context of one call, beside what it has cost",
    PublisherHost: "what a publisher asks of its room",
    QueueRules: "the rules of one upstream's queue of quotes",
    RegistryEvents: "what the registry of subscriptions asks of its hub",
    RoomClient: "a room, by RPC from a hub or directly from its own sockets",
    BackfillHost: "what a backfill needs of its room",
    CandlesHost: "what a room's candles need of it",
    Series: "a room's series as one request sees it, with its functions",
    SessionHubHost: "what sessions ask of the object that holds them",
    Upstream: "a provider's gate, by RPC",
    UpstreamQuery: "one query of an upstream, as a function of its client",
  }),
);

/** Lists of words that are alike by chance, each with its reason: `word, word` in alphabetical order. */
const ALIKE: ReadonlyMap<string, string> = new Map([]);

const MIN_MEMBERS = 3;

/** The exported interfaces of a file that have methods, by name; those that stay in their file are records. */
function interfacesWithMethods({ text }: Source): string[] {
  const found = withoutComments(text).matchAll(/^export interface (\w+)[^{]*\{([\s\S]*?)^\}/gm);
  return [...found]
    .filter(([, , body]) => /^ {2}(?:readonly )?\w+\??(?:<[^>]*>)?(?:\(|: (?:<[^>]*>)?\([^)]*\) =>)/m.test(body))
    .map(([, name]) => name);
}

/** The lists of words that a file declares: enums of schemas, arrays of constants, unions of texts. */
function wordLists({ path, text }: Source): { list: string; at: string }[] {
  const code = withoutComments(text);
  const lists: { list: string; at: string }[] = [];
  const add = (body: string, index: number): void => {
    const words = Array.from(body.matchAll(/"([^"\n]*)"/g), ([, word]) => word);
    if (words.length < MIN_MEMBERS || new Set(words).size !== words.length) return;
    lists.push({ list: words.sort().join(", "), at: `${path}:${code.slice(0, index).split("\n").length}` });
  };
  for (const { 1: body, index } of code.matchAll(/z\s*\.enum\(\s*\[([^\]]*)\]/g)) add(body, index);
  for (const { 1: body, index } of code.matchAll(/=\s*\[((?:\s*"[^"\n]*",?)+\s*)\] as const/g)) add(body, index);
  for (const { 0: body, index } of code.matchAll(/"[^"\n]*"(?:\s*\|\s*"[^"\n]*")+/g)) add(body, index);
  return lists;
}

describe("under durable-objects/", () => {
  const sources = codeFiles().filter(({ path }) => path.startsWith("durable-objects/"));

  test("an interface with methods is a port, or has two implementations", () => {
    const found = sources.flatMap((source) => interfacesWithMethods(source));
    const implementations = (name: string): number =>
      sources.filter(({ text }) => new RegExp(`\\bclass \\w+ implements ${name}\\b`).test(text)).length;
    expect(found.filter((name) => !PORTS.has(name) && implementations(name) < 2)).toEqual([]);
    for (const port of PORTS.keys()) expect(found).toContain(port);
  });
});

describe("a list of words", () => {
  test("is declared once", () => {
    const lists = Map.groupBy(codeFiles().flatMap(wordLists), ({ list }) => list);
    const twice = [...lists].filter(([list, found]) => found.length > 1 && !ALIKE.has(list));
    expect(twice.map(([list, found]) => `${list}: ${found.map(({ at }) => at).join(" and ")}`)).toEqual([]);
  });
});

describe("the rules find", () => {
  const source = (text: string): Source => ({ path: "durable-objects/a.ts", text });

  test.each([
    ["a method", "export interface A {\n  run(): void;\n}\n"],
    ["a generic method", "export interface A {\n  run<T>(work: T): void;\n}\n"],
    ["a function in a field", "export interface A {\n  run: (at: number) => void;\n}\n"],
  ])("an interface with %s", (_, text) => {
    expect(interfacesWithMethods(source(text))).toEqual(["A"]);
  });

  test("no methods where there are fields alone", () => {
    expect(interfacesWithMethods(source("export interface A {\n  at: number;\n}\nfunction run(): void {}\n"))).toEqual(
      [],
    );
  });

  test.each([
    ['z.enum(["a", "b", "c"])', 'type X = "c" | "b" | "a";'],
    ['const X = ["a", "b", "c"] as const;', 'z\n  .enum([\n "b", "a", "c"])'],
  ])("a list that is declared twice", (one, other) => {
    expect(wordLists(source(one))[0].list).toBe(wordLists(source(other))[0].list);
  });
});
