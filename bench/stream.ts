// `npm run bench:stream`: how fast the platform fans events out to thousands of sockets, beside a bare loop in a Durable Object and
// a plain server on Node, in one run.
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "../scripts/arguments.ts";
import { mostOpenFiles } from "../tools/runtime-usage.ts";
import { type Contender, startBare, startPlain, startPlatform } from "./stream/contenders.ts";
import { type LoadGenerator, startGenerator } from "./stream/generator.ts";
import { memoryGrowth, unacknowledgedBytes } from "./stream/memory.ts";
import { type Row, runStage, type Stage, summaryOf } from "./stream/stages.ts";

const DEFAULT_STAGES: readonly Stage[] = [
  { sockets: 1_000, events: 10 },
  { sockets: 5_000, events: 3 },
];
/** Sockets are held to three servers at once; the generator needs some files more. */
const SERVERS = 3;
const OTHER_FILES = 200;

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "5" },
    rounds: { type: "string", default: "2" },
    minutes: { type: "string", default: "1" },
    help: { type: "boolean" },
  },
});

if (values.help) {
  console.log(`npm run bench:stream [-- --seconds 5] [--rounds 2] [--minutes 1]

Opens 1,000 and then 5,000 sockets from a process of its own to three servers: the built platform on the runtime's own port, a
Durable Object that does nothing but send to its sockets in a loop, and a broadcast server on Node. Each makes the same number of
events of the same size at every whole second: the platform's are the ticks of simulated symbols, on their whole way from room to
hub to socket. They take turns, in that many rounds of that many seconds. Each is measured once its events reach every socket, and
until all that were due have come.

Latency counts from the second at which an event was due until the client has its frame, by the clock that both share. Frames a
second are counted while frames that are due have not all come: how fast a server is while it has work. What is lost is what some
sockets got and others did not. Latency and frames a second suffer where others use the machine; a server's own use of a processor
for each frame hardly does.

--minutes: after that, how the runtime's memory grows over the last three fifths of that many minutes, with all clients reading and
with a tenth of them never reading. 5 is the long form; 0 leaves it out.

Writes bench/results/stream.json.`);
  process.exit(0);
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

function numberOf(name: "seconds" | "rounds" | "minutes", min: number): number {
  const value = Number(values[name]);
  if (!(value >= min) || (name !== "minutes" && !Number.isInteger(value))) {
    fail(`--${name} must be a ${name === "minutes" ? "" : "whole "}number, ${min} or more.`);
  }
  return value;
}

/** Shows how far it is, on one line of a terminal. */
function progress(text: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${text}`);
}

/** The stages that this machine lets us have open sockets for. */
function stages(): Stage[] {
  const files = mostOpenFiles();
  if (files === null) return [...DEFAULT_STAGES];
  const max = Math.floor((files - OTHER_FILES) / SERVERS);
  const possible = DEFAULT_STAGES.map((stage) => ({ ...stage, sockets: Math.min(stage.sockets, max) }));
  if (DEFAULT_STAGES.some(({ sockets }) => sockets > max)) {
    console.log(
      `A process may open ${files} files here, so the ramp ends at ${max} sockets: raise ulimit -n for more.`,
    );
  }
  return possible;
}

const seconds = numberOf("seconds", 1);
const rounds = numberOf("rounds", 1);
const minutes = numberOf("minutes", 0);

const rowOf = ({ server, sockets, events, measured, cpu_us_per_frame, rss_mb }: Row) => ({
  server,
  sockets,
  "events/s": events,
  "frames/s": measured.busy_frames_per_s,
  p50: measured.p50_ms,
  p95: measured.p95_ms,
  p99: measured.p99_ms,
  lost: measured.lost,
  "CPU µs/frame": cpu_us_per_frame,
  "RSS MB": rss_mb,
});

async function ramp(generator: LoadGenerator, contenders: readonly Contender[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const stage of stages()) {
    rows.push(...(await runStage(generator, contenders, stage, { seconds, rounds }, progress)));
  }
  progress("");
  return rows;
}

async function memory(generator: LoadGenerator) {
  if (minutes === 0) return [];
  progress(`memory, twice ${minutes} minutes`);
  const platform = await startPlatform(generator, { UNACKNOWLEDGED_BYTES: String(unacknowledgedBytes(minutes)) });
  try {
    return await memoryGrowth(generator, platform, minutes);
  } finally {
    await platform.close();
    progress("");
  }
}

const generator = startGenerator();
const open: Contender[] = [];
try {
  progress("starting");
  open.push(await startPlatform(generator, {}), await startBare(), await startPlain());
  const rows = await ramp(generator, open);
  for (const { name } of open) await generator.send({ order: "close", crowd: name });
  await Promise.all(open.splice(0).map((contender) => contender.close()));
  const growth = await memory(generator);
  const summary = summaryOf(rows);
  console.table(rows.map(rowOf));
  if (growth.length > 0) console.table(growth);
  console.table(summary);
  const machine = { node: process.version, cores: availableParallelism() };
  const record = { summary, rows, memory: growth, machine, at: new Date().toISOString() };
  const results = join(import.meta.dirname, "results");
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, "stream.json"), `${JSON.stringify(record, null, 2)}\n`);
} finally {
  generator.stop();
  await Promise.all(open.map((contender) => contender.close()));
}
