// `npm run bench:http`: what the gateway costs. A cached quote against an empty Hono route, in the same runtime, from the built
// bundle, in turns; then batch quotes, candles, indicators and symbols, cold and warm.
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type BundledWorker, startBundledWorker } from "../test/e2e/bundled-worker.ts";
import { CASES, EMPTY, type HttpCase, QUOTE } from "./http/cases.ts";
import { type Job, LoadResult } from "./http/load.ts";

const TARGET = 0.7;
const CONNECTIONS = 16;
/** Rounds of turns; ratios are medians over them, for the machine is never quiet. */
const ROUNDS = 5;
/** Of what is shown apart. */
const FEW_ROUNDS = 3;
const TURN_SECONDS = 1.5;
const SECONDS = 2;
const WARM_UP_SECONDS = 1;

const execute = promisify(execFile);

/** Puts load on the Worker from a process of its own. */
async function load(worker: BundledWorker, paths: readonly string[], seconds: number, connections = CONNECTIONS) {
  const job: Job = { url: worker.url, paths: [...paths], connections, seconds };
  const script = join(import.meta.dirname, "http", "load.ts");
  const { stdout } = await execute(process.execPath, [script, JSON.stringify(job)], { maxBuffer: 1 << 20 });
  const result = LoadResult.parse(JSON.parse(stdout));
  return { ...result, rps: result.requests / result.seconds };
}

type Loaded = Awaited<ReturnType<typeof load>>;

const round = (value: number, digits = 0): number => Number(value.toFixed(digits));

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

const figures = ({ rps, p50_ms, p99_ms, busy }: Loaded) => ({
  rps: round(rps),
  p50_ms: round(p50_ms, 2),
  p99_ms: round(p99_ms, 2),
  load_generator_busy: round(busy, 2),
});

/** An empty route and a cached quote in turns, so that what else the machine does hits both. */
async function inTurns(worker: BundledWorker, turns: number) {
  await load(worker, EMPTY.paths, WARM_UP_SECONDS);
  await load(worker, QUOTE.paths, WARM_UP_SECONDS);
  const rounds: { empty: Loaded; quote: Loaded }[] = [];
  for (let i = 0; i < turns; i++) {
    const empty = await load(worker, EMPTY.paths, TURN_SECONDS);
    rounds.push({ empty, quote: await load(worker, QUOTE.paths, TURN_SECONDS) });
  }
  const ratio = median(rounds.map(({ empty, quote }) => quote.rps / empty.rps));
  const middle = (name: "empty" | "quote") => {
    const rps = median(rounds.map((each) => each[name].rps));
    return rounds.map((each) => each[name]).find((each) => each.rps === rps) ?? rounds[0][name];
  };
  return { ratio, empty: middle("empty"), quote: middle("quote") };
}

async function coldAndWarm(worker: BundledWorker, { name, paths, cold }: HttpCase) {
  // Cold: each thing asked for the first time, one after the other.
  const first = await load(worker, cold, 0.5, 1);
  await load(worker, paths, WARM_UP_SECONDS);
  return { name, cold: figures(first), warm: figures(await load(worker, paths, SECONDS)) };
}

async function withWorker<T>(vars: Record<string, string>, work: (worker: BundledWorker) => Promise<T>): Promise<T> {
  const worker = await startBundledWorker({ MARKET_MODE: "demo", ...vars }, { entry: "bench/http/entry.ts" });
  try {
    return await work(worker);
  } finally {
    await worker.stop();
  }
}

const plain = await withWorker({ GUARDS: "open", LOG_LEVEL: "error" }, async (worker) => {
  const turns = await inTurns(worker, ROUNDS);
  const rest = [];
  for (const each of CASES) rest.push(await coldAndWarm(worker, each));
  return { turns, rest };
});
const fewTurns = (worker: BundledWorker) => inTurns(worker, FEW_ROUNDS);
const guarded = await withWorker({ GUARDS: "local", LOG_LEVEL: "error" }, fewTurns);
const logged = await withWorker({ GUARDS: "open", LOG_LEVEL: "info" }, fewTurns);

const { turns, rest } = plain;
const warm = (name: string): number => rest.find((each) => each.name === name)?.warm.rps ?? 0;
const summary = {
  empty_route_rps: round(turns.empty.rps),
  cached_quote_rps: round(turns.quote.rps),
  vs_empty_route: round(turns.ratio, 3),
  batch_quotes_rps: warm("batch quotes"),
  candles_rps: warm("candles"),
  indicators_rps: warm("indicators"),
  symbols_rps: warm("symbols"),
};
const shownApart = {
  with_simulated_rate_limits: round(guarded.ratio, 3),
  with_log_lines: round(logged.ratio, 3),
};
console.log(`${CONNECTIONS} connections; a cached quote against an empty route, medians of ${ROUNDS} turns each:`);
console.table({ "empty route": figures(turns.empty), "cached quote": figures(turns.quote) });
console.table(Object.fromEntries(rest.map((each) => [`${each.name}, warm`, each.warm])));
console.table(Object.fromEntries(rest.map((each) => [`${each.name}, cold`, each.cold])));
console.log(`A cached quote has ${summary.vs_empty_route} of an empty route's throughput; the target is ${TARGET}.`);
console.log(
  `With the local rate-limit binding: ${shownApart.with_simulated_rate_limits}; with log lines: ${shownApart.with_log_lines}.`,
);
const results = join(import.meta.dirname, "results");
mkdirSync(results, { recursive: true });
const machine = { node: process.version, cores: availableParallelism(), connections: CONNECTIONS };
const record = {
  summary: { ...summary, target: TARGET, met: summary.vs_empty_route >= TARGET },
  shown_apart: shownApart,
  empty_route: figures(turns.empty),
  cached_quote: figures(turns.quote),
  cases: rest,
  machine,
  at: new Date().toISOString(),
};
writeFileSync(join(results, "http.json"), `${JSON.stringify(record, null, 2)}\n`);
