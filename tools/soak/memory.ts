import { type BundledWorker, startBundledWorker, WITH_TOKEN } from "../bundled-worker.ts";
import { readDocument } from "../fuzz/document.ts";
import { createRequestGenerator } from "../fuzz/requests.ts";
import { findRuntimes, measureUsage } from "../runtime-usage.ts";
import { type SeededRandom, seededRandom } from "../seeded-random.ts";
import { createCustomer } from "./customer.ts";
import { createMemoryLedger, type MemoryLedger, type MemoryUse } from "./memory/growth.ts";
import { connectHeap, type Heap } from "./memory/heap.ts";
import { createTestSymbols } from "./memory/own-symbols.ts";
import { type Amounts, type MemoryReport, reportOf } from "./memory/report.ts";
import { createRequestTurn, routeName } from "./memory/request-turn.ts";
import { countOpenStreams, createStreamTurn, STREAM_TURNS } from "./memory/stream-turn.ts";

/** The work is split into this many rounds. The first is the warm-up: caches fill, the runtime's own memory takes its size. */
const ROUNDS = 10;
/**
 * Clients at once in the warm-up, and afterwards. What is under way at its peak decides how much the allocator keeps for good, so the
 * peak runs inside the warm-up; what requests leave behind does not depend on how many there are at once.
 */
const WARM_UP_CLIENTS = 16;
const CLIENTS = 6;
/** A client that left without a word is found out by a heartbeat. */
const MAX_CLOSE_DETECTION_MS = 90_000;
const PAUSE_MS = 1_000;
const IMPORTS = "imports";
/** The allocator returns memory a while after it is free: the least of this many measurements counts. */
const MEASUREMENTS = 5;

/** How much is done in all. */
export interface MemorySoak extends Amounts {
  progress(text: string): void;
}

interface MemoryTurn {
  name: string;
  /** How often in all rounds together. */
  count: number;
  run(count: number, clients: number): Promise<void>;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function measureUse(heap: Heap, process: number | null): Promise<MemoryUse> {
  const used = await heap.measure();
  const usage = measureUsage(process);
  return { ...used, resident: usage === null ? null : usage.rss_mb * 2 ** 20 };
}

/** What is in use once the process has come to rest. */
async function measureUseAtRest(heap: Heap, process: number | null): Promise<MemoryUse> {
  let lowest = await measureUse(heap, process);
  for (let i = 1; i < MEASUREMENTS; i++) {
    await pause(PAUSE_MS);
    const now = await measureUse(heap, process);
    if ((now.resident ?? now.values) < (lowest.resident ?? lowest.values)) lowest = now;
  }
  return lowest;
}

async function createTurns(
  url: string,
  soak: MemorySoak,
  random: SeededRandom,
): Promise<{ turns: MemoryTurn[]; ledger: MemoryLedger }> {
  const document = await readDocument(url);
  const ledger = createMemoryLedger([...document.routes.map(routeName), ...STREAM_TURNS, IMPORTS]);
  const ownSymbols = createTestSymbols(url, WITH_TOKEN, random);
  await ownSymbols.add();
  const callers = { operator: WITH_TOKEN, customer: await createCustomer(url) };
  const requests = createRequestGenerator(document, random, WITH_TOKEN);
  const site = {
    url,
    document,
    requests,
    random: random,
    callers,
    own: ownSymbols,
    headers: WITH_TOKEN,
    answered: ledger.recordResponse,
  };
  const importAll = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) ledger.recordResponse(IMPORTS, String(await ownSymbols.importCandles()));
  };
  const { routes } = document;
  const turns = [
    ...routes.map((route) => ({
      name: routeName(route),
      count: soak.requests / routes.length,
      run: createRequestTurn(site, route),
    })),
    ...STREAM_TURNS.map((name) => ({
      name,
      count: soak.sockets / STREAM_TURNS.length,
      run: createStreamTurn(site, name),
    })),
    { name: IMPORTS, count: soak.imports, run: importAll },
  ];
  return { turns: turns.filter(({ count }) => count > 0), ledger };
}

/** Waits until objects hold no stream any more; returns what they hold if that takes too long. */
async function waitForClosedStreams(url: string): Promise<MemoryReport["held"]> {
  const begun = Date.now();
  for (;;) {
    const held = await countOpenStreams(url, WITH_TOKEN);
    if (held.connections === 0 || Date.now() - begun > MAX_CLOSE_DETECTION_MS) return held;
    await pause(PAUSE_MS);
  }
}

async function soakWorker(worker: BundledWorker, inspector: string, soak: MemorySoak): Promise<MemoryReport> {
  const [process = null] = findRuntimes();
  const heap = await connectHeap(inspector);
  const random = seededRandom(soak.seed);
  const { turns, ledger } = await createTurns(worker.url, soak, random);
  let warm: MemoryUse | null = null;
  const rounds: MemoryUse[] = [];
  let last = await measureUse(heap, process);
  for (let round = 0; round < ROUNDS; round++) {
    const order = turns.map((turn) => ({ turn, at: random.next() })).sort((a, b) => a.at - b.at);
    for (const [i, { turn }] of order.entries()) {
      soak.progress(`round ${round + 1} of ${ROUNDS}, turn ${i + 1} of ${order.length}: ${turn.name}`);
      const count = Math.ceil((turn.count * (round + 1)) / ROUNDS) - Math.ceil((turn.count * round) / ROUNDS);
      if (count > 0) await turn.run(count, warm === null ? WARM_UP_CLIENTS : CLIENTS);
      const now = await measureUse(heap, process);
      if (warm !== null) ledger.recordGrowth(turn.name, last, now);
      last = now;
    }
    if (warm === null) {
      warm = await measureUseAtRest(heap, process);
      last = warm;
    }
    rounds.push(last);
  }
  soak.progress("");
  const held = await waitForClosedStreams(worker.url);
  const end = await measureUseAtRest(heap, process);
  heap.close();
  return reportOf(soak, { before: warm ?? last, after: end, held, rounds, turns: ledger.table() });
}

/** Asks all routes in turns, opens and closes streams, imports candles, and measures what each leaves in memory. */
export async function soakMemory(soak: MemorySoak): Promise<MemoryReport> {
  const worker = await startBundledWorker(
    { MARKET_MODE: "demo", LOG_LEVEL: "error", GUARDS: "open" },
    { entry: "bench/http/entry.ts", storage: "memory", inspected: true },
  );
  try {
    if (worker.inspector === null) throw new Error("the runtime has no inspector");
    return await soakWorker(worker, worker.inspector, soak);
  } finally {
    await worker.stop();
  }
}
