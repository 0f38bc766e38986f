// `npm run soak`: live mode while its upstreams fail at random, streams that are cut at random and resume, and memory that must not grow.
import { parseArgs } from "node:util";
import { MAX_GROWTH_MB, soakMemory } from "./soak/memory.ts";
import { soakResumes } from "./soak/resumes.ts";
import { soakStorm } from "./soak/storm.ts";

const VIOLATIONS_SHOWN = 20;
const USUAL = { seconds: 120, resumes: 10_000 };
const USUAL_MEMORY = { requests: 100_000, sockets: 5_000, imports: 200 };
/** Parts of the memory soak that are listed: those that grew most. */
const PARTS_SHOWN = 12;

const { values } = parseArgs({
  options: {
    seconds: { type: "string" },
    resumes: { type: "string" },
    seed: { type: "string" },
    memory: { type: "boolean" },
    requests: { type: "string" },
    sockets: { type: "string" },
    imports: { type: "string" },
    json: { type: "boolean" },
    help: { type: "boolean" },
  },
});

if (values.help) {
  console.log(`npm run soak [-- --seconds 120] [--resumes 10000] [--seed 1]
npm run soak -- --memory [--requests 100000] [--sockets 5000] [--imports 200] [--json]

Two parts, and memory apart; naming one of them leaves the others out. Exit code 1 where something does not hold.

--seconds: asks everything of a platform in live mode while its upstreams fail at random. It must not answer with an error that
is not documented, nor with a wrong price; no upstream's budget may be exceeded; and within 60 seconds after the faults stop every
symbol must be fresh again.

--resumes: cuts streaming clients so many times at random moments, while the runtime is started anew now and then. Each goes on
from where it stood and must get every event once, in order.

--memory: asks every documented route of the built bundle in turns, opens and closes sockets and event streams, and imports candles.
After a warm-up of a tenth the runtime must not grow by more than ${MAX_GROWTH_MB} MB; what grew is listed by route. Linux only.`);
  process.exit(0);
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

function wholeNumber(name: string, text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (!Number.isInteger(value) || value < 1) fail(`--${name} must be a whole number above 0.`);
  return value;
}

/** How much of a part is done: nothing of one that is not named where the other is. */
const amountOf = (name: "seconds" | "resumes", other: "seconds" | "resumes"): number =>
  values[name] === undefined && values[other] !== undefined ? 0 : wholeNumber(name, values[name], USUAL[name]);

/** Shows how far it is, on one line of a terminal. */
function progress(text: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${text}`);
}

if (values.memory) {
  const report = await soakMemory(
    {
      requests: wholeNumber("requests", values.requests, USUAL_MEMORY.requests),
      sockets: wholeNumber("sockets", values.sockets, USUAL_MEMORY.sockets),
      imports: wholeNumber("imports", values.imports, USUAL_MEMORY.imports),
    },
    progress,
  );
  const { parts, failures, ...totals } = report;
  if (values.json) console.log(JSON.stringify(report, null, 2));
  else {
    console.table([totals]);
    console.table(parts.slice(0, PARTS_SHOWN));
  }
  for (const failure of failures.slice(0, VIOLATIONS_SHOWN)) console.error(failure);
  const grew = totals.growth_mb > MAX_GROWTH_MB;
  if (grew) console.error(`The runtime grew by ${totals.growth_mb} MB; at most ${MAX_GROWTH_MB} MB are right.`);
  process.exit(grew || failures.length > 0 ? 1 : 0);
}

const seconds = amountOf("seconds", "resumes");
const resumes = amountOf("resumes", "seconds");
const seed = wholeNumber("seed", values.seed, 1 + Math.floor(Math.random() * 1e6));

const violations: string[] = [];
if (seconds > 0) {
  console.log(`Soaking for ${seconds} s with seed ${seed}.`);
  violations.push(...(await soakStorm({ seconds, seed, progress })));
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
