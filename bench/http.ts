// `npm run bench:http`: what the gateway costs. A cached quote against an empty Hono route, in the same runtime, from the built
// bundle, in turns; then batch quotes, candles, indicators and symbols, cold and warm.
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type BundledWorker, startBundledWorker } from "../tools/bundled-worker.ts";
import { CASES, EMPTY, type HttpCase, QUOTE } from "./http/cases.ts";
import { type Job, type LoadResult, LoadResults, type Turn } from "./http/load.ts";

const TARGET = 0.7;
const CONNECTIONS = 16;
/** Pairs of turns; what counts is the median of the pairs' ratios, for the machine is never quiet. */
const PAIRS = 80;
/** Of what is shown apart. */
const FEW_PAIRS = 24;
/** So short that the two turns of a pair meet the same machine. */
const TURN_SECONDS = 0.25;
const SECONDS = 2;
const WARM_UP_SECONDS = 2;

const execute = promisify(execFile);

/** Puts load on the Worker from a process of its own, a turn after the other. */
async function load(worker: BundledWorker, turns: Turn[], connections = CONNECTIONS): Promise<LoadResult[]> {
  const job: Job = { url: worker.url, connections, turns };
  const script = join(import.meta.dirname, "http", "load.ts");
  const { stdout } = await execute(process.execPath, [script, JSON.stringify(job)], { maxBuffer: 1 << 20 });
  return LoadResults.parse(JSON.parse(stdout));
}

const round = (value: number, digits = 0): number => Number(value.toFixed(digits));

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1))];
}

const median = (values: readonly number[]): number => quantile(values, 0.5);

const rps = ({ requests, seconds }: LoadResult): number => requests / seconds;

/** The medians of some turns' figures. */
const figures = (turns: readonly LoadResult[]) => ({
  rps: round(median(turns.map(rps))),
  p50_ms: round(median(turns.map(({ p50_ms }) => p50_ms)), 2),
  p99_ms: round(median(turns.map(({ p99_ms }) => p99_ms)), 2),
  load_generator_busy: round(median(turns.map(({ busy }) => busy)), 2),
});

/** An empty route and a cached quote in turns, so that what else the machine does hits both; each goes first in every other pair. */
async function alternate(worker: BundledWorker, pairs: number) {
  const empty = { paths: EMPTY.paths, seconds: TURN_SECONDS };
  const quote = { paths: QUOTE.paths, seconds: TURN_SECONDS };
  const order = Array.from({ length: pairs }, (_, i) => (i % 2 === 0 ? [empty, quote] : [quote, empty])).flat();
  const warmUp = [empty, quote].map((turn) => ({ ...turn, seconds: WARM_UP_SECONDS }));
  const results = (await load(worker, [...warmUp, ...order])).slice(warmUp.length);
  const of = (kind: Turn): LoadResult[] => results.filter((_, i) => order[i] === kind);
  const emptyTurns = of(empty);
  const quoteTurns = of(quote);
  const ratios = quoteTurns.map((turn, i) => rps(turn) / rps(emptyTurns[i]));
  return { ratios, empty: figures(emptyTurns), quote: figures(quoteTurns) };
}

async function coldAndWarm(worker: BundledWorker, { name, paths, cold }: HttpCase) {
  // Cold: each thing asked for the first time, one after the other.
  const first = await load(worker, [{ paths: cold, seconds: 0.5 }], 1);
  const [, warm] = await load(worker, [
    { paths, seconds: WARM_UP_SECONDS },
    { paths, seconds: SECONDS },
  ]);
  return { name, cold: figures(first), warm: figures([warm]) };
}

/** It keeps its data in memory: on a disk each write of an object stops the whole local runtime, as it does not where it is deployed. */
async function withWorker<T>(vars: Record<string, string>, work: (worker: BundledWorker) => Promise<T>): Promise<T> {
  const worker = await startBundledWorker(
    { MARKET_MODE: "demo", ...vars },
    { entry: "bench/http/entry.ts", storage: "memory" },
  );
  try {
    return await work(worker);
  } finally {
    await worker.stop();
  }
}

const plain = await withWorker({ GUARDS: "open", LOG_LEVEL: "error" }, async (worker) => {
  const turns = await alternate(worker, PAIRS);
  const rest = [];
  for (const each of CASES) rest.push(await coldAndWarm(worker, each));
  return { turns, rest };
});
const fewTurns = (worker: BundledWorker) => alternate(worker, FEW_PAIRS);
const guarded = await withWorker({ GUARDS: "local", LOG_LEVEL: "error" }, fewTurns);
const logged = await withWorker({ GUARDS: "open", LOG_LEVEL: "info" }, fewTurns);

const { turns, rest } = plain;
const warm = (name: string): number => rest.find((each) => each.name === name)?.warm.rps ?? 0;
const summary = {
  empty_route_rps: turns.empty.rps,
  cached_quote_rps: turns.quote.rps,
  vs_empty_route: round(median(turns.ratios), 3),
  batch_quotes_rps: warm("batch quotes"),
  candles_rps: warm("candles"),
  indicators_rps: warm("indicators"),
  symbols_rps: warm("symbols"),
};
const shownApart = {
  with_simulated_rate_limits: round(median(guarded.ratios), 3),
  with_log_lines: round(median(logged.ratios), 3),
};
console.log(`${CONNECTIONS} connections; a cached quote against an empty route, medians of ${PAIRS} turns each:`);
console.table({ "empty route": turns.empty, "cached quote": turns.quote });
console.table(Object.fromEntries(rest.map((each) => [`${each.name}, warm`, each.warm])));
console.table(Object.fromEntries(rest.map((each) => [`${each.name}, cold`, each.cold])));
console.log(`A cached quote has ${summary.vs_empty_route} of an empty route's throughput; the target is ${TARGET}.`);
console.log(
  `With the local rate-limit binding: ${shownApart.with_simulated_rate_limits}; with log lines: ${shownApart.with_log_lines}.`,
);
const quartile = (share: number): number => round(quantile(turns.ratios, share), 3);
const results = join(import.meta.dirname, "results");
mkdirSync(results, { recursive: true });
const machine = { node: process.version, cores: availableParallelism(), connections: CONNECTIONS };
const record = {
  summary: { ...summary, target: TARGET, met: summary.vs_empty_route >= TARGET },
  shown_apart: shownApart,
  pairs: { turns: PAIRS, seconds: TURN_SECONDS, lower_quartile: quartile(0.25), upper_quartile: quartile(0.75) },
  empty_route: turns.empty,
  cached_quote: turns.quote,
  cases: rest,
  machine,
  at: new Date().toISOString(),
};
writeFileSync(join(results, "http.json"), `${JSON.stringify(record, null, 2)}\n`);
