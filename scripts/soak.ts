// `npm run soak`: mixed traffic on live mode while the stand-ins for all upstreams fail at random in every way they can.
import { parseArgs } from "node:util";
import { startBundledWorker, WITH_TOKEN } from "../test/e2e/bundled-worker.ts";
import { FAKES, type Fakes, startFakes } from "../test/fakes/start.ts";
import { budgetUse, overspent } from "./soak/budgets.ts";
import { diceFrom } from "./soak/dice.ts";
import { noFindings } from "./soak/findings.ts";
import { recover, warmUp } from "./soak/phases.ts";
import { askAnything, type Reader } from "./soak/traffic.ts";
import { weatherOf } from "./soak/weather.ts";

const READERS = 8;
const WEATHER_MS = 2_000;
/** Few, so that this budget is felt. */
const SHARES_CALLS_PER_MINUTE = 60;
const PROGRESS_MS = 1_000;
const VIOLATIONS_SHOWN = 20;

const { values } = parseArgs({
  options: { seconds: { type: "string" }, seed: { type: "string" }, help: { type: "boolean" } },
});

if (values.help) {
  console.log(`npm run soak [-- --seconds 120] [--seed 1]

Asks everything of a platform in live mode while its upstreams fail at random. It must not answer with an error that is not
documented, nor with a wrong price; no upstream's budget may be exceeded; and within 60 seconds after the faults stop
every symbol must be fresh again. Exit code 1 where one of these does not hold.`);
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

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const seconds = wholeNumber("seconds", values.seconds, 120);
const seed = wholeNumber("seed", values.seed, 1 + Math.floor(Math.random() * 1e6));
const findings = noFindings();

/** Shows how far it is, on one line of a terminal. */
function progress(text: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${text}`);
}

async function soak(reader: Reader, fakes: Fakes): Promise<void> {
  const begun = Date.now();
  const until = begun + seconds * 1000;
  const running = (): boolean => Date.now() < until;
  const readers = Array.from({ length: READERS }, async (_, i) => {
    const dice = diceFrom(seed + 1 + i);
    while (running()) {
      await askAnything(reader, dice);
      await pause(10 + dice.next() * 60);
    }
  });
  const weather = async (): Promise<void> => {
    const dice = diceFrom(seed);
    const upstreams = FAKES.map((name) => ({ name, next: weatherOf(name, dice) }));
    for (let turn = 0; running(); turn++) {
      for (const { name, next } of upstreams) await fakes.misbehave(name, next(), seed + turn);
      await pause(Math.min(WEATHER_MS, Math.max(0, until - Date.now())));
    }
  };
  const show = setInterval(() => {
    const done = Math.min(seconds, Math.round((Date.now() - begun) / 1000));
    progress(`${done} of ${seconds} s, ${findings.requests()} requests, ${findings.violations().length} violations`);
  }, PROGRESS_MS);
  try {
    await Promise.all([...readers, weather()]);
  } finally {
    clearInterval(show);
    for (const name of FAKES) await fakes.misbehave(name, []);
    progress("");
  }
}

console.log(`Soaking for ${seconds} s with seed ${seed}.`);
const fakes = await startFakes();
const variables = { ...fakes.variables, ALPHA_VANTAGE_CALLS_PER_MINUTE: String(SHARES_CALLS_PER_MINUTE) };
const worker = await startBundledWorker({ MARKET_MODE: "live", ...variables });
try {
  const reader: Reader = { url: worker.url, headers: WITH_TOKEN, findings };
  await warmUp(reader);
  await soak(reader, fakes);
  const recovery = await recover(reader);
  const uses = budgetUse(fakes, variables);
  const violations = [...findings.violations(), ...overspent(uses)];
  console.table(findings.table());
  console.table(Object.fromEntries(uses.map(({ provider, faults: _, ...use }) => [provider, use])));
  console.table(Object.fromEntries(uses.map(({ provider, faults }) => [provider, faults])));
  console.log(`All symbols were fresh again ${recovery.toFixed(1)} s after the faults stopped.`);
  if (findings.connectionsDropped() > 0)
    console.log(`${findings.connectionsDropped()} connections broke and were made anew.`);
  for (const violation of violations.slice(0, VIOLATIONS_SHOWN)) console.error(violation);
  if (violations.length > 0) console.error(`${violations.length} violations; --seed ${seed} draws the same faults.`);
  else console.log(`No violation in ${findings.requests()} requests.`);
  process.exitCode = violations.length > 0 ? 1 : 0;
} finally {
  await worker.stop();
  await fakes.close();
}
