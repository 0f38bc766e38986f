// `npm run bench:import`: how fast the command brings a million minutes in, beside a bare Durable Object that inserts the same rows, and what
// it leaves of the platform for quotes meanwhile. `-- --rows N` takes fewer.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { type BundledWorker, startBundledWorker, WITH_TOKEN } from "../tools/bundled-worker.ts";
import { findRuntimes, measureUsage } from "../tools/runtime-usage.ts";
import { madeMinutes, writeMinutes } from "./import/minutes.ts";

const ROOT = join(import.meta.dirname, "..");
const COMMAND = [join(ROOT, "cli", "wizdata.ts"), "import"];
const TARGETS = { seconds: 120, quotes_p99_ms: 100, memory_growth_mb: 200 };
const ROWS = 1_000_000;
const BARE_ROWS = 100_000;
const BARE_CHUNK = 1_000;
const QUOTE_EVERY_MS = 50;
const ALONE_SECONDS = 10;
/** Memory is compared between a part of the file, when all is warm, and the end. */
const WARM_SHARE = 0.3;
const SAMPLE_MS = 1_000;

const { values } = parseArgs({ options: { rows: { type: "string", default: String(ROWS) } } });
const rows = Number(values.rows);
if (!Number.isInteger(rows) || rows < 10_000) {
  console.error(`--rows is "${values.rows}"; it must be a number from 10000 on.`);
  process.exit(2);
}

const round = (value: number, digits = 0): number => Number(value.toFixed(digits));
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function quantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
}

/** Asks for quotes at a steady rate until it is ended; one that takes long holds up none of the others. */
function askForQuotes(url: string): () => Promise<{ asked: number; failed: number; p50_ms: number; p99_ms: number }> {
  const times: number[] = [];
  let failed = 0;
  const pending = new Set<Promise<void>>();
  const ask = async (): Promise<void> => {
    const begun = performance.now();
    const answer = await fetch(`${url}/quotes/AAPL`, { headers: WITH_TOKEN });
    await answer.arrayBuffer();
    if (answer.status !== 200) failed++;
    times.push(performance.now() - begun);
  };
  const timer = setInterval(() => {
    const work: Promise<void> = ask().finally(() => pending.delete(work));
    pending.add(work);
  }, QUOTE_EVERY_MS);
  return async () => {
    clearInterval(timer);
    await Promise.all(pending);
    return {
      ...{ asked: times.length, failed },
      ...{ p50_ms: round(quantile(times, 0.5), 1), p99_ms: round(quantile(times, 0.99), 1) },
    };
  };
}

/** Memory of processes while something runs, megabytes. */
async function sampleMemory(pids: () => (number | null)[], until: Promise<unknown>): Promise<number[][]> {
  const samples: number[][] = [];
  let isDone = false;
  until.finally(() => {
    isDone = true;
  });
  while (!isDone) {
    samples.push(pids().map((pid) => (pid === null ? 0 : (measureUsage(pid)?.rss_mb ?? 0))));
    await pause(SAMPLE_MS);
  }
  return samples;
}

/** Runs the command on a file to its end; the seconds that it took, and its memory and the platform's by second. */
async function runImport(worker: BundledWorker, runtime: number | null, file: string, symbol: string) {
  const token = WITH_TOKEN.Authorization.replace("Bearer ", "");
  const args = [...COMMAND, "--url", worker.url, "--symbol", symbol, "--interval", "1m", "--file", file];
  const begun = performance.now();
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ADMIN_TOKEN: token },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  child.stdout.on("data", (part) => {
    printed += part;
  });
  child.stderr.on("data", (part) => process.stderr.write(part));
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const samples = await sampleMemory(() => [runtime, child.pid ?? null], ended);
  const code = await ended;
  if (code !== 0 || !printed.includes(`stored      ${String(rows).padStart(9)}`)) {
    throw new Error(`The import ended with ${code}:\n${printed}`);
  }
  const seconds = (performance.now() - begun) / 1000;
  const warm = samples[Math.floor(samples.length * WARM_SHARE)] ?? [0, 0];
  const last = samples.slice(-3).reduce((most, each) => most.map((mb, i) => Math.max(mb, each[i])), [0, 0]);
  return { seconds, platform: [warm[0], last[0]], importer: [warm[1], last[1]] };
}

const moduleOf = (path: string) => ({
  type: "ESModule" as const,
  path: path.replace(/\.ts$/, ".js"),
  contents: stripTypeScriptTypes(readFileSync(join(import.meta.dirname, path), "utf8")),
});

/** Rows a second that a bare object inserts. */
async function measureBare(): Promise<number> {
  const bare = new Miniflare(
    convertV4MiniflareOptions({
      modules: [moduleOf("import/bare.ts")],
      host: "127.0.0.1",
      port: 0,
      cf: false,
      compatibilityDate: "2026-10-20",
      durableObjects: { BARE: { className: "Bare", useSQLite: true } },
    }),
  );
  try {
    const { origin } = await bare.ready;
    const all = [...madeMinutes(BARE_ROWS)];
    const begun = performance.now();
    for (let i = 0; i < all.length; i += BARE_CHUNK) {
      const answer = await fetch(origin, { method: "POST", body: JSON.stringify(all.slice(i, i + BARE_CHUNK)) });
      await answer.text();
    }
    return (1000 * all.length) / (performance.now() - begun);
  } finally {
    await bare.dispose();
  }
}

const verdict = (value: number, target: number) => ({ value, target, met: value < target });

async function measure() {
  const bare = await measureBare();
  const folder = mkdtempSync(join(tmpdir(), "wizdata-bench-import-"));
  const before = findRuntimes();
  const worker = await startBundledWorker({ MARKET_MODE: "demo", LOG_LEVEL: "error" }, { storage: "memory" });
  try {
    const runtime = findRuntimes().find((pid) => !before.includes(pid)) ?? null;
    const file = join(folder, "minutes.csv");
    await writeMinutes(file, rows);
    console.log(`${rows} minutes, alone.`);
    const alone = await runImport(worker, runtime, file, "BTC/USD");
    const endQuotes = askForQuotes(worker.url);
    await pause(ALONE_SECONDS * 1000);
    const quotesAlone = await endQuotes();
    console.log(`${rows} minutes, while quotes are asked for.`);
    const endBeside = askForQuotes(worker.url);
    const beside = await runImport(worker, runtime, file, "ETH/USDT");
    const quotesBeside = await endBeside();
    return { bare, alone, beside, quotesAlone, quotesBeside };
  } finally {
    await worker.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

const { bare, alone, beside, quotesAlone, quotesBeside } = await measure();
const growth = ([warm, last]: number[]): number => round(last - warm);
const summary = {
  rows,
  rows_per_s: round(rows / alone.seconds),
  bare_rows_per_s: round(bare),
  vs_bare: round(rows / alone.seconds / bare, 3),
  seconds: verdict(round(alone.seconds, 1), (TARGETS.seconds * rows) / ROWS),
  quotes_p99_ms: verdict(quotesBeside.p99_ms, TARGETS.quotes_p99_ms),
  platform_growth_mb: verdict(growth(alone.platform), TARGETS.memory_growth_mb),
  importer_growth_mb: verdict(growth(alone.importer), TARGETS.memory_growth_mb),
};
const result = {
  summary,
  quotes: { alone: quotesAlone, beside_an_import: quotesBeside },
  import_beside_quotes: { seconds: round(beside.seconds, 1), rows_per_s: round(rows / beside.seconds) },
  memory_mb: { platform: alone.platform.map((mb) => round(mb)), importer: alone.importer.map((mb) => round(mb)) },
  machine: { node: process.version, cores: availableParallelism(), at: new Date().toISOString() },
};
const folder = join(import.meta.dirname, "results");
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, "import.json"), `${JSON.stringify(result, null, 2)}\n`);
console.log(JSON.stringify(result, null, 2));
