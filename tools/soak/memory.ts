import { z } from "zod";
import { type BundledWorker, startBundledWorker, WITH_TOKEN } from "../bundled-worker.ts";
import { readDocument } from "../fuzz/document.ts";
import { openRequests } from "../fuzz/requests.ts";
import { runtimes, usageOf } from "../runtime-usage.ts";
import { type SeededRandom, seededRandom } from "../seeded-random.ts";
import { type MemoryLedger, openMemoryLedger, type Use } from "./memory/growth.ts";
import { type Heap, openHeap } from "./memory/heap.ts";
import { openOwnSymbols } from "./memory/own-symbols.ts";
import { type Amounts, type MemoryReport, reportOf } from "./memory/report.ts";
import { openRequestTurn, routeName } from "./memory/request-turn.ts";
import { heldStreams, openStreamTurn, STREAM_TURNS } from "./memory/stream-turn.ts";

/** The work is split into this many rounds. The first is the warm-up: caches fill, the runtime's own memory takes its size. */
const ROUNDS = 10;
/**
 * Clients at once in the warm-up, and afterwards. What is under way at its peak decides how much the allocator keeps for good, so the
 * peak runs inside the warm-up; what requests leave behind does not depend on how many there are at once.
 */
const WARM_UP_CLIENTS = 16;
const CLIENTS = 6;
/** A client that left without a word is found out by a heartbeat. */
const FOUND_OUT_MS = 90_000;
const PAUSE_MS = 1_000;
const IMPORTS = "imports";
/** The allocator returns memory back a while after it is free: the least of this many measurements counts. */
const MEASUREMENTS = 5;

/** How much is done in all. */
export interface MemorySoak extends Amounts {
  progress(text: string): void;
}

interface Turn {
  name: string;
  /** How often in all rounds together. */
  count: number;
  run(count: number, clients: number): Promise<void>;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const NewKey = z.object({ data: z.object({ key: z.string() }) });

/** The headers of a caller with a key. */
async function customerOf(url: string): Promise<Record<string, string>> {
  const response = await fetch(`${url}/admin/keys`, {
    method: "POST",
    headers: { ...WITH_TOKEN, "Content-Type": "application/json" },
    body: JSON.stringify({ name: "soak", scopes: ["read", "stream"], tier: "premium" }),
  });
  return { "X-API-Key": NewKey.parse(await response.json()).data.key };
}

async function useOf(heap: Heap, process: number | null): Promise<Use> {
  const used = await heap.used();
  const usage = usageOf(process);
  return { ...used, resident: usage === null ? null : usage.rss_mb * 2 ** 20 };
}

/** What is in use once the process has come to rest. */
async function useAtRest(heap: Heap, process: number | null): Promise<Use> {
  let least = await useOf(heap, process);
  for (let i = 1; i < MEASUREMENTS; i++) {
    await pause(PAUSE_MS);
    const now = await useOf(heap, process);
    if ((now.resident ?? now.values) < (least.resident ?? least.values)) least = now;
  }
  return least;
}

async function turnsOf(
  url: string,
  soak: MemorySoak,
  random: SeededRandom,
): Promise<{ turns: Turn[]; ledger: MemoryLedger }> {
  const document = await readDocument(url);
  const ledger = openMemoryLedger([...document.routes.map(routeName), ...STREAM_TURNS, IMPORTS]);
  const own = openOwnSymbols(url, WITH_TOKEN, random);
  await own.add();
  const callers = { operator: WITH_TOKEN, customer: await customerOf(url) };
  const requests = openRequests(document, random, WITH_TOKEN);
  const site = {
    url,
    document,
    requests,
    random: random,
    callers,
    own,
    headers: WITH_TOKEN,
    answered: ledger.answered,
  };
  const importAll = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) ledger.answered(IMPORTS, String(await own.importCandles()));
  };
  const { routes } = document;
  const turns = [
    ...routes.map((route) => ({
      name: routeName(route),
      count: soak.requests / routes.length,
      run: openRequestTurn(site, route),
    })),
    ...STREAM_TURNS.map((name) => ({
      name,
      count: soak.sockets / STREAM_TURNS.length,
      run: openStreamTurn(site, name),
    })),
    { name: IMPORTS, count: soak.imports, run: importAll },
  ];
  return { turns: turns.filter(({ count }) => count > 0), ledger };
}

/** Waits until objects hold no stream any more; returns what they hold if that takes too long. */
async function afterClosing(url: string): Promise<MemoryReport["held"]> {
  const begun = Date.now();
  for (;;) {
    const held = await heldStreams(url, WITH_TOKEN);
    if (held.connections === 0 || Date.now() - begun > FOUND_OUT_MS) return held;
    await pause(PAUSE_MS);
  }
}

async function soakWorker(worker: BundledWorker, inspector: string, soak: MemorySoak): Promise<MemoryReport> {
  const [process = null] = runtimes();
  const heap = await openHeap(inspector);
  const random = seededRandom(soak.seed);
  const { turns, ledger } = await turnsOf(worker.url, soak, random);
  let warm: Use | null = null;
  const rounds: Use[] = [];
  let last = await useOf(heap, process);
  for (let round = 0; round < ROUNDS; round++) {
    const order = turns.map((turn) => ({ turn, at: random.next() })).sort((a, b) => a.at - b.at);
    for (const [i, { turn }] of order.entries()) {
      soak.progress(`round ${round + 1} of ${ROUNDS}, turn ${i + 1} of ${order.length}: ${turn.name}`);
      const count = Math.ceil((turn.count * (round + 1)) / ROUNDS) - Math.ceil((turn.count * round) / ROUNDS);
      if (count > 0) await turn.run(count, warm === null ? WARM_UP_CLIENTS : CLIENTS);
      const now = await useOf(heap, process);
      if (warm !== null) ledger.grew(turn.name, last, now);
      last = now;
    }
    if (warm === null) {
      warm = await useAtRest(heap, process);
      last = warm;
    }
    rounds.push(last);
  }
  soak.progress("");
  const held = await afterClosing(worker.url);
  const end = await useAtRest(heap, process);
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
