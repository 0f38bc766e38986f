// `npm run bench:search`: how long searches among 50,000 symbols take over HTTP. The bundle runs under Miniflare's own port:
// the proxy of `wrangler dev` would be measured with it.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import type { NewSymbol } from "../contracts/symbol.ts";
import { aliasesOf } from "../core/symbol.ts";
import { ROOT } from "../scripts/dev-vars.ts";
import { runWrangler } from "../scripts/wrangler.ts";
import { wranglerBindings } from "../scripts/wrangler-bindings.ts";
import { REFERENCE_SYMBOLS } from "../storage/registry/reference-data.ts";
import { COMMON_WORDS, pick, randomNumbers, syntheticSymbols } from "./synthetic-symbols.ts";

const SYMBOLS = 50_000;
const REQUESTS_PER_KIND = 60;
const WARM_UP = 60;
const TARGET_MS = 50;
const TOKEN = "token-of-the-benchmark";
const ROWS_PER_STATEMENT = 500;

type Database = Awaited<ReturnType<Miniflare["getD1Database"]>>;

/** Bundles the Worker as a deployment would. */
function bundle(folder: string): string {
  runWrangler(["deploy", "--dry-run", "--outdir", folder]);
  return readFileSync(join(folder, "index.js"), "utf8");
}

function startWorker(script: string): Miniflare {
  const { vars, durableObjects, ratelimits } = wranglerBindings();
  return new Miniflare(
    convertV4MiniflareOptions({
      modules: [{ type: "ESModule", path: "index.js", contents: script }],
      compatibilityDate: "2026-10-20",
      cf: false,
      bindings: { ...vars, ADMIN_TOKEN: TOKEN },
      d1Databases: { DB: "registry" },
      kvNamespaces: { CACHE: "cache" },
      durableObjects,
      queueProducers: { INGESTION: { queueName: "ingestion" } },
      ratelimits,
    }),
  );
}

async function migrate(database: Database): Promise<void> {
  const folder = join(ROOT, "migrations");
  const files = readdirSync(folder).filter((name) => name.endsWith(".sql"));
  const seed = join(ROOT, "storage", "registry", "reference", "seed.sql");
  for (const file of [...files.sort().map((name) => join(folder, name)), seed]) {
    const statements = readFileSync(file, "utf8").split("--> statement-breakpoint");
    await database.batch(statements.map((statement) => database.prepare(statement)));
  }
}

/** Puts symbols with their aliases into the registry, many to a statement. */
async function load(database: Database, symbols: readonly NewSymbol[]): Promise<void> {
  const insertSymbols = database.prepare(`
    insert into symbols (symbol, name, type, currency, country, primary_exchange, market_cap, streaming_available,
      data_sources, is_active, price_unit, price_decimals, last_updated)
    select value ->> 'symbol', value ->> 'name', value ->> 'type', value ->> 'currency', value ->> 'country',
      value ->> 'primary_exchange', value ->> 'market_cap', 1, '["alpha_vantage"]', 1, value ->> 'currency', 2,
      '2026-01-01T00:00:00.000Z'
    from json_each(?)`);
  const insertAliases = database.prepare(
    "insert or ignore into aliases (alias, symbol) select value ->> 0, value ->> 1 from json_each(?)",
  );
  for (let at = 0; at < symbols.length; at += ROWS_PER_STATEMENT) {
    const part = symbols.slice(at, at + ROWS_PER_STATEMENT);
    const aliases = part.flatMap(({ symbol, type, primary_exchange }) =>
      aliasesOf(symbol, type, primary_exchange).map((alias) => [alias, symbol]),
    );
    await database.batch([insertSymbols.bind(JSON.stringify(part)), insertAliases.bind(JSON.stringify(aliases))]);
  }
}

interface SearchRequest {
  kind: string;
  path: string;
  expected: number;
}

const search = (kind: string, text: string): SearchRequest => ({
  kind,
  path: `/symbols?search=${encodeURIComponent(text)}`,
  expected: 200,
});

/** A text with one of its letters replaced by a neighbour in the alphabet. */
function misspell(random: () => number, text: string): string {
  const at = 1 + Math.floor(random() * (text.length - 1));
  const letter = String.fromCharCode(65 + ((text.charCodeAt(at) - 65 + 1 + Math.floor(random() * 24)) % 26));
  return text.slice(0, at) + letter + text.slice(at + 1);
}

/** Questions of every kind, in an order that mixes them. */
function searchRequests(symbols: readonly NewSymbol[]): SearchRequest[] {
  const random = randomNumbers(7);
  const known = new Set([
    ...symbols.flatMap(({ symbol, type, primary_exchange }) => [symbol, ...aliasesOf(symbol, type, primary_exchange)]),
    ...REFERENCE_SYMBOLS.flatMap(({ symbol, aliases }) => [symbol, ...aliases]),
  ]);
  const any = () => pick(random, symbols);
  const share = (): NewSymbol => {
    const found = any();
    return /^[A-Z]{4,5}$/.test(found.symbol) ? found : share();
  };
  const unknown = (): string => {
    const text = misspell(random, share().symbol);
    return known.has(text) ? unknown() : text;
  };
  const word = (at: number): string => share().name.split(" ")[at];
  const asked = Array.from({ length: REQUESTS_PER_KIND }, () => [
    search("exact symbol", any().symbol),
    search("1 letter", share().symbol.slice(0, 1)),
    search("2 letters", share().symbol.slice(0, 2)),
    search("3 letters", share().symbol.slice(0, 3)),
    search("4 letters", share().symbol.slice(0, 4)),
    search("one word", word(0)),
    search("two words", share().name.split(" ").slice(0, 2).join(" ")),
    search("common word", pick(random, ["inc", "holdings", "energy", "group", "bull", "the", ...COMMON_WORDS], 2)),
    search("no match", `${misspell(random, word(0).toUpperCase())}qz`),
    { kind: "unknown symbol (404)", path: `/symbols/${unknown()}`, expected: 404 },
    {
      kind: "unknown name (404)",
      path: `/symbols/${encodeURIComponent(misspell(random, word(0).toUpperCase()))}`,
      expected: 404,
    },
  ]).flat();
  return asked
    .map((question) => ({ question, order: random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ question }) => question);
}

/** Asks a question. Returns the milliseconds until the whole answer was there. */
async function timeRequest(url: URL, { path, expected }: SearchRequest): Promise<number> {
  const begun = performance.now();
  const response = await fetch(new URL(path, url), { headers: { Authorization: `Bearer ${TOKEN}` } });
  const text = await response.text();
  const taken = performance.now() - begun;
  if (response.status !== expected) throw new Error(`${path} answered ${response.status}: ${text.slice(0, 200)}`);
  return taken;
}

interface Figures {
  requests: number;
  median_ms: number;
  p95_ms: number;
  slowest_ms: number;
}

function figuresOf(times: readonly number[]): Figures {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => Number(sorted[Math.ceil(share * sorted.length) - 1].toFixed(2));
  return { requests: sorted.length, median_ms: at(0.5), p95_ms: at(0.95), slowest_ms: at(1) };
}

async function firstFound(url: URL, text: string): Promise<string> {
  const address = new URL(`/symbols?search=${encodeURIComponent(text)}&limit=1`, url);
  const answer = await (await fetch(address)).json();
  if (typeof answer !== "object" || answer === null || !("data" in answer) || !Array.isArray(answer.data))
    return "none";
  return answer.data[0]?.symbol ?? "none";
}

async function measure(url: URL, symbols: readonly NewSymbol[]): Promise<Map<string, number[]>> {
  const asked = searchRequests(symbols);
  for (const question of asked.slice(0, WARM_UP)) await timeRequest(url, question);
  const times = new Map<string, number[]>();
  for (const question of asked) {
    const taken = await timeRequest(url, question);
    times.set(question.kind, [...(times.get(question.kind) ?? []), taken]);
  }
  return times;
}

const folder = mkdtempSync(join(tmpdir(), "wizdata-bench-"));
const worker = startWorker(bundle(folder));
try {
  const url = await worker.ready;
  const database = await worker.getD1Database("DB");
  await migrate(database);
  const reference = new Set(REFERENCE_SYMBOLS.map(({ symbol }) => symbol));
  const symbols = syntheticSymbols(SYMBOLS - reference.size, reference);
  await load(database, symbols);
  const { total } = (await database.prepare("select count(*) as total from symbols").first<{ total: number }>()) ?? {};
  if (total !== SYMBOLS) throw new Error(`The registry holds ${total} symbols.`);

  const times = await measure(url, symbols);
  const kinds = Object.fromEntries([...times].map(([kind, taken]) => [kind, figuresOf(taken)]));
  const { requests, median_ms, p95_ms } = figuresOf([...times.values()].flat());
  const first = { boeing: await firstFound(url, "boeing"), apple: await firstFound(url, "apple") };
  const summary = { symbols: SYMBOLS, requests, median_ms, p95_ms, target_ms: TARGET_MS, met: median_ms < TARGET_MS };

  console.log(`Searches among ${SYMBOLS.toLocaleString("en")} symbols, one after the other:`);
  console.table({ ...kinds, all: figuresOf([...times.values()].flat()) });
  console.log(`The median is ${median_ms} ms; the target is under ${TARGET_MS} ms: ${summary.met ? "met" : "missed"}.`);
  console.log(`The first that is found for "boeing" is ${first.boeing}, for "apple" ${first.apple}.`);
  const results = join(import.meta.dirname, "results");
  mkdirSync(results, { recursive: true });
  const machine = { node: process.version, cores: availableParallelism() };
  const record = { summary, kinds, first, machine, at: new Date().toISOString() };
  writeFileSync(join(results, "search.json"), `${JSON.stringify(record, null, 2)}\n`);
} finally {
  await worker.dispose();
  rmSync(folder, { recursive: true, force: true });
}
