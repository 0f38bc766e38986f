// `npm run soak`: live mode while its upstreams fail at random, streams that are cut at random and resume, what stays in memory, and
// what a polite client notices of an attack.
import { parseArgs } from "../scripts/arguments.ts";
import { runChaos } from "./soak/chaos-run.ts";
import { soakHostile } from "./soak/hostile.ts";
import { soakMemory } from "./soak/memory.ts";
import { soakResumes } from "./soak/resumes.ts";

const VIOLATIONS_SHOWN = 20;
const DEFAULTS = { seconds: 120, resumes: 10_000 };
const MEMORY_DEFAULTS = { requests: 100_000, sockets: 5_000, imports: 200 };
const HOSTILE_DEFAULTS = { seconds: 120, reconnects: 200, "silent-seconds": 0 };

const { values } = parseArgs({
  options: {
    seconds: { type: "string" },
    resumes: { type: "string" },
    memory: { type: "boolean" },
    requests: { type: "string" },
    sockets: { type: "string" },
    imports: { type: "string" },
    hostile: { type: "boolean" },
    reconnects: { type: "string" },
    "silent-seconds": { type: "string" },
    seed: { type: "string" },
    help: { type: "boolean" },
  },
});

if (values.help) {
  console.log(`npm run soak [-- --seconds 120] [--resumes 10000] [--seed 1]
npm run soak -- --memory [--requests 100000] [--sockets 5000] [--imports 200] [--seed 1]
npm run soak -- --hostile [--seconds 120] [--reconnects 200] [--silent-seconds 0] [--seed 1]

Two parts; naming one of them leaves the other out. Exit code 1 where something does not hold.

--seconds: asks everything of a platform in live mode while its upstreams fail at random. It must not answer with an error that
is not documented, nor with a wrong price; no upstream's budget may be exceeded; and within 60 seconds after the faults stop every
symbol must be fresh again.

--resumes: cuts streaming clients that many times at random moments, while the runtime is started again now and then. Each goes on
from where it stood and must get every event once, in order.

--memory, a part by itself: asks all routes of the OpenAPI document in turns, opens and closes sockets and event streams, and imports
chunks of candles, as many as the options say. After a tenth of it all, the process may grow by 100 MB at most, and no object may hold a closed
stream. Prints a report as JSON, which says what each route has left in memory.

--hostile, a part by itself: for that many seconds callers without a key, all of one address, ask for as much as they are let to: sockets
that read nothing and ask for history, expensive indicators, subscriptions that come and go, pings, sockets of many rooms, event
streams that are not read, large calculations. A polite client with a key asks one quote every 50 ms meanwhile, each of which must be
answered with 200; the 99th percentile of its waiting may be four times what it is without the attack, or 250 ms (checked from 30
seconds on). The process may grow by 300 MB, of which 100 MB may be left when the runtime has let idle objects go, within two and a half minutes after the attack. Who asks too much must be
refused, each time with words. Afterwards a silent client with a key comes back --reconnects times, whereby the process may grow by less
than 100 MB; and a client that reads, and never acknowledges, listens for --silent-seconds (600 is long enough to send it more than may
be unacknowledged), must keep its one connection and get every event. Prints a report as JSON.`);
  process.exit(0);
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

function wholeNumber(name: string, text: string | undefined, fallback: number, min = 1): number {
  const value = text === undefined ? fallback : Number(text);
  if (!Number.isInteger(value) || value < min) fail(`--${name} must be a whole number of at least ${min}.`);
  return value;
}

/** How much of a part is done: nothing of one that is not named where the other is. */
const amountOf = (name: "seconds" | "resumes", other: "seconds" | "resumes"): number =>
  values[name] === undefined && values[other] !== undefined ? 0 : wholeNumber(name, values[name], DEFAULTS[name]);

/** Prints a report, and ends the process. */
function endWith(report: { violations: readonly string[] }): never {
  console.log(JSON.stringify(report, null, 2));
  for (const violation of report.violations) console.error(violation);
  process.exit(report.violations.length > 0 ? 1 : 0);
}

/** Soaks for memory alone, and ends the process. */
async function soakForMemory(): Promise<never> {
  const amount = (name: keyof typeof MEMORY_DEFAULTS): number =>
    wholeNumber(name, values[name], MEMORY_DEFAULTS[name], name === "requests" ? 1 : 0);
  const amounts = { requests: amount("requests"), sockets: amount("sockets"), imports: amount("imports") };
  endWith(await soakMemory({ ...amounts, seed, progress }));
}

/** Attacks alone, and ends the process. */
async function soakUnderAttack(): Promise<never> {
  const amount = (name: keyof typeof HOSTILE_DEFAULTS): number =>
    wholeNumber(name, values[name], HOSTILE_DEFAULTS[name], name === "seconds" ? 1 : 0);
  const amounts = {
    seconds: amount("seconds"),
    reconnects: amount("reconnects"),
    silentSeconds: amount("silent-seconds"),
  };
  endWith(await soakHostile({ ...amounts, seed, progress }));
}

const seconds = amountOf("seconds", "resumes");
const resumes = amountOf("resumes", "seconds");
const seed = wholeNumber("seed", values.seed, 1 + Math.floor(Math.random() * 1e6));

/** Shows how far it is, on one line of a terminal. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

if (values.memory) await soakForMemory();
if (values.hostile) await soakUnderAttack();

const violations: string[] = [];
if (seconds > 0) {
  console.log(`Soaking for ${seconds} s with seed ${seed}.`);
  violations.push(...(await runChaos({ seconds, seed, progress })));
}
if (resumes > 0) {
  console.log(`Cutting streams ${resumes} times with seed ${seed}.`);
  const { violations: found, ...facts } = await soakResumes(resumes, seed, progress);
  console.table(facts);
  if (found.length === 0) console.log(`Every event came once, in order, over ${facts.cuts} cuts.`);
  violations.push(...found);
}
for (const violation of violations.slice(0, VIOLATIONS_SHOWN)) console.error(violation);
if (violations.length > 0) console.error(`${violations.length} violations; --seed ${seed} draws the same again.`);
process.exitCode = violations.length > 0 ? 1 : 0;
