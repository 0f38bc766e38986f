import { startBundledWorker, WITH_TOKEN } from "../bundled-worker.ts";
import { FAKES, type Fakes, startFakes } from "../fakes/start.ts";
import { seededRandom } from "../seeded-random.ts";
import { budgetUse, exceededBudgets } from "./budgets.ts";
import { faultScheduleOf } from "./fault-schedule.ts";
import { waitForRecovery, warmUp } from "./phases.ts";
import { createSoakReport, type SoakReport } from "./report.ts";
import { type Reader, requestRandom } from "./traffic.ts";

const READERS = 8;
const SCHEDULE_MS = 2_000;
/** Few, so that this budget is felt. */
const SHARES_CALLS_PER_MINUTE = 60;
const PROGRESS_MS = 1_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface ChaosRun {
  seconds: number;
  seed: number;
  /** Shows how far it is. */
  progress: (text: string) => void;
}

async function injectFaults(reader: Reader, fakes: Fakes, { seconds, seed, progress }: ChaosRun): Promise<void> {
  const { report } = reader;
  const begun = Date.now();
  const until = begun + seconds * 1000;
  const running = (): boolean => Date.now() < until;
  const readers = Array.from({ length: READERS }, async (_, i) => {
    const random = seededRandom(seed + 1 + i);
    while (running()) {
      await requestRandom(reader, random);
      await pause(10 + random.next() * 60);
    }
  });
  const schedule = async (): Promise<void> => {
    const random = seededRandom(seed);
    const upstreams = FAKES.map((name) => ({ name, next: faultScheduleOf(name, random) }));
    for (let turn = 0; running(); turn++) {
      for (const { name, next } of upstreams) await fakes.misbehave(name, next(), seed + turn);
      await pause(Math.min(SCHEDULE_MS, Math.max(0, until - Date.now())));
    }
  };
  const show = setInterval(() => {
    const done = Math.min(seconds, Math.round((Date.now() - begun) / 1000));
    progress(`${done} of ${seconds} s, ${report.requests()} requests, ${report.violations().length} violations`);
  }, PROGRESS_MS);
  try {
    await Promise.all([...readers, schedule()]);
  } finally {
    clearInterval(show);
    for (const name of FAKES) await fakes.misbehave(name, []);
    progress("");
  }
}

/** Mixed traffic on live mode while the stand-ins for all upstreams fail at random in every way they can; returns the violations. */
export async function runChaos(run: ChaosRun): Promise<string[]> {
  const report: SoakReport = createSoakReport();
  const fakes = await startFakes();
  const variables = { ...fakes.variables, ALPHA_VANTAGE_CALLS_PER_MINUTE: String(SHARES_CALLS_PER_MINUTE) };
  const worker = await startBundledWorker({ MARKET_MODE: "live", ...variables });
  try {
    const reader: Reader = { url: worker.url, headers: WITH_TOKEN, report };
    await warmUp(reader);
    await injectFaults(reader, fakes, run);
    const recovery = await waitForRecovery(reader);
    const uses = budgetUse(fakes, variables);
    const violations = [...report.violations(), ...exceededBudgets(uses)];
    console.table(report.table());
    console.table(Object.fromEntries(uses.map(({ provider, faults: _, ...use }) => [provider, use])));
    console.table(Object.fromEntries(uses.map(({ provider, faults }) => [provider, faults])));
    console.log(`All symbols were fresh again ${recovery.toFixed(1)} s after the faults stopped.`);
    if (report.droppedConnections() > 0)
      console.log(`${report.droppedConnections()} connections broke and were made again.`);
    if (violations.length === 0) console.log(`No violation in ${report.requests()} requests.`);
    return violations;
  } finally {
    await worker.stop();
    await fakes.close();
  }
}
