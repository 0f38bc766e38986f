import { z } from "zod";
import { type BundledWorker, startBundledWorker, WITH_TOKEN } from "../bundled-worker.ts";
import { findRuntimes } from "../runtime-usage.ts";
import { seededRandom } from "../seeded-random.ts";
import { createCustomer } from "./customer.ts";
import { startAttack } from "./hostile/attack-process.ts";
import { calculationAttack, indicatorsAttack, ownCandlesAttack, type Targets } from "./hostile/attackers.ts";
import { pause } from "./hostile/pause.ts";
import { startQuotesClient } from "./hostile/quotes-client.ts";
import { reconnectSilently } from "./hostile/reconnects.ts";
import {
  type HostileReport,
  MAX_LASTING_MB,
  MAX_RECONNECT_GROWTH_MB,
  type Measured,
  reportOf,
} from "./hostile/report.ts";
import { ResidentMemory } from "./hostile/resident-memory.ts";
import { listenSilently } from "./hostile/silent-reader.ts";
import { connectHeap } from "./memory/heap.ts";

const WARM_UP_CLIENTS = 9;
/** Of the most that could be asked for: what is too large is refused, and a part of it is not. */
const WARM_UP_SHARES = [1, 1 / 2, 1 / 8];
/** The polite client is alone for so long, or half as long as the attack where that is short. */
const MAX_IDLE_SECONDS = 10;
const MIN_IDLE_SECONDS = 3;
/** Symbols that the polite client asks of; most are attacked, too. */
const POLITE_SYMBOLS = ["BTC/USDT", "ETH/USDT", "SOL/USDT", "XRP/USDT", "LINK/USDT", "AAPL", "JSE:NPN", "EUR/USD"];
/** An attack that has made the runtime grow by this much (MB) is ended: the machine needs the rest. */
const UNBEARABLE_GROWTH_MB = 4_000;

/** How much is done in all. */
export interface HostileSoak {
  /** How long the attack takes. */
  seconds: number;
  /** Silent clients that come back afterwards. */
  reconnects: number;
  /** How long a silent reader listens at the end; 0 leaves it out. */
  silentSeconds: number;
  seed: number;
  progress(text: string): void;
}

const Symbols = z.object({ data: z.array(z.object({ symbol: z.string(), type: z.string() })) });

async function readTargets(url: string): Promise<Targets> {
  const response = await fetch(`${url}/symbols?limit=1000`, { headers: WITH_TOKEN });
  const { data } = Symbols.parse(await response.json());
  return {
    symbols: data.map(({ symbol }) => symbol),
    alwaysTraded: data.filter(({ type }) => type === "crypto").map(({ symbol }) => symbol),
  };
}

/**
 * Customers with a key ask for each kind of what attackers ask for, some at once, as far as it is granted: caches fill, and the allocator
 * takes the size of ordinary load for good.
 */
async function warmUp(url: string, headers: Record<string, string>, targets: Targets, seed: number): Promise<void> {
  const random = seededRandom(seed);
  const attacks = [calculationAttack(targets), indicatorsAttack(random, targets), ownCandlesAttack(random)];
  const ask = async (attack: (typeof attacks)[number], share: number): Promise<void> => {
    const { method, path, body } = attack.request(share);
    const json = { ...headers, "Content-Type": "application/json" };
    const response = await fetch(`${url}${path}`, { method, headers: json, body });
    await response.arrayBuffer();
  };
  for (const share of WARM_UP_SHARES)
    await Promise.all(Array.from({ length: WARM_UP_CLIENTS }, (_, i) => ask(attacks[i % attacks.length], share)));
}

async function attackWorker(worker: BundledWorker, inspector: string, soak: HostileSoak): Promise<Measured> {
  const { url } = worker;
  const { seconds, seed, progress } = soak;
  const [pid = null] = findRuntimes();
  const heap = await connectHeap(inspector);
  const memory = new ResidentMemory(pid, heap);
  const headers = await createCustomer(url);
  const targets = await readTargets(url);
  await warmUp(url, headers, targets, seed);

  progress("a polite client is alone");
  const alone = startQuotesClient(url, headers, POLITE_SYMBOLS);
  await pause(Math.min(MAX_IDLE_SECONDS, Math.max(MIN_IDLE_SECONDS, seconds / 2)) * 1000);
  const idle = await alone.stop();

  const before = await memory.atRest();
  const polite = startQuotesClient(url, headers, POLITE_SYMBOLS);
  const attack = startAttack({ url, targets, seconds, seed });
  let stopped: string | null = null;
  const begun = Date.now();
  const watch = memory.watch((mb) => {
    progress(`attacked for ${Math.round((Date.now() - begun) / 1000)} of ${seconds} s, ${Math.round(mb)} MB`);
    if (stopped !== null || mb - before < UNBEARABLE_GROWTH_MB) return;
    stopped = `The attack was ended at ${Math.round(mb)} MB`;
    attack.stop();
  });
  const attackReport = await attack.report;
  const attacked = await polite.stop();
  watch.stop();

  progress("the runtime comes to rest");
  const after = await memory.comesDownTo(before + MAX_LASTING_MB);
  const measured = { ...{ seconds, seed, idle, attacked, stopped }, memory: { before, peak: watch.peak, after } };
  const reconnects = await reconnectAfterwards(url, headers, targets, memory, soak);
  const silent = soak.silentSeconds === 0 ? null : await listenSilently(url, soak.silentSeconds, progress);
  progress("");
  heap.close();
  return { ...measured, attack: attackReport, reconnects, silent };
}

async function reconnectAfterwards(
  url: string,
  headers: Record<string, string>,
  { alwaysTraded }: Targets,
  memory: ResidentMemory,
  { reconnects: wanted, progress }: HostileSoak,
): Promise<Measured["reconnects"]> {
  if (wanted === 0) return null;
  const before = await memory.atRest();
  const count = await reconnectSilently(url, headers, alwaysTraded, wanted, progress);
  const after = await memory.comesDownTo(before + MAX_RECONNECT_GROWTH_MB);
  return { count, growth: after - before, wanted };
}

/** Attacks the platform, whose guards are as an operator has them, and measures what a polite client notices. */
export async function soakHostile(soak: HostileSoak): Promise<HostileReport> {
  const worker = await startBundledWorker(
    { MARKET_MODE: "demo", LOG_LEVEL: "error" },
    { storage: "memory", inspected: true },
  );
  try {
    if (worker.inspector === null) throw new Error("the runtime has no inspector");
    return reportOf(await attackWorker(worker, worker.inspector, soak));
  } finally {
    await worker.stop();
  }
}
