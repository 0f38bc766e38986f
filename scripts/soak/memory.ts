import WebSocket from "ws";
import { startBundledWorker, WITH_TOKEN } from "../../test/e2e/bundled-worker.ts";
import { type ApiDocument, readDocument } from "../fuzz/document.ts";
import { runtimes, usageOf } from "../runtime-usage.ts";
import { type MemoryCase, memoryCases } from "./memory-cases.ts";

/** What the runtime may grow by, after the warm-up, for its memory to count as flat. */
export const MAX_GROWTH_MB = 100;

const WARM_UP_SHARE = 0.1;
const CONNECTIONS = 8;
/** Requests of one route that are made one after the other, before the next route's turn. */
const REQUESTS_PER_TURN = 100;
const SOCKETS_AT_ONCE = 50;
const IMPORT_ROWS = 500;
const MINUTE = 60;
/** Imported minutes begin here: 2024-01-01. */
const FIRST_MINUTE = 1_704_067_200;
/** The runtime frees memory some time after it is no longer used. */
const SETTLE_MS = 3_000;

/** How much of each kind of work is done. */
export interface MemorySoak {
  requests: number;
  sockets: number;
  imports: number;
}

/** What a part of the work added to the runtime's memory after the warm-up. */
export interface PartGrowth {
  part: string;
  times: number;
  growth_mb: number;
}

/** The runtime's memory over a soak, in MB of resident memory. */
export interface MemoryReport {
  warm_mb: number;
  peak_mb: number;
  after_mb: number;
  growth_mb: number;
  /** By part, the largest growth first. What one part leaves behind may be freed in another's turn, so only the sum is exact. */
  parts: PartGrowth[];
  /** Answers that were neither a success nor a documented refusal. */
  failures: string[];
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const rounded = (megabytes: number): number => Math.round(megabytes * 10) / 10;

/** Resident memory of the runtime, and what each part of the work adds to it. */
class MemoryMeter {
  readonly #pid: number;
  readonly #parts = new Map<string, PartGrowth>();
  #peak = 0;

  constructor(pid: number) {
    this.#pid = pid;
  }

  now(): number {
    const usage = usageOf(this.#pid);
    if (!usage) throw new Error("the runtime has ended");
    this.#peak = Math.max(this.#peak, usage.rss_mb);
    return usage.rss_mb;
  }

  get peak(): number {
    return this.#peak;
  }

  forget(): void {
    this.#parts.clear();
    this.#peak = 0;
  }

  async measure(part: string, times: number, work: () => Promise<void>): Promise<void> {
    const before = this.now();
    await work();
    const known = this.#parts.get(part) ?? { part, times: 0, growth_mb: 0 };
    this.#parts.set(part, { part, times: known.times + times, growth_mb: known.growth_mb + this.now() - before });
  }

  parts(): PartGrowth[] {
    return [...this.#parts.values()]
      .map((each) => ({ ...each, growth_mb: rounded(each.growth_mb) }))
      .toSorted((a, b) => b.growth_mb - a.growth_mb);
  }
}

/** Does `count` pieces of work, at most `atOnce` at a time. */
async function atMost(atOnce: number, count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, worker));
}

/** Opens a socket or an event stream, waits for its first message, and closes it. */
async function openAndClose(url: string, index: number): Promise<void> {
  if (index % 3 === 2) {
    const response = await fetch(`${url}/stream/SOL/USDT`, { headers: WITH_TOKEN });
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    return;
  }
  const path = index % 3 === 0 ? "/ws" : "/ws/BTC/USDT";
  const socket = new WebSocket(`${url.replace("http", "ws")}${path}`, { headers: WITH_TOKEN });
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.once("close", () => resolve());
    socket.on("message", (data) => {
      const { type } = JSON.parse(String(data));
      if (type === "welcome" && index % 3 === 0) {
        const symbols = ["BTC/USDT", "ETH/USDT", "SIM:CLEAN"];
        socket.send(JSON.stringify({ action: "subscribe", symbols, channel: index % 2 === 0 ? "quotes" : "candles" }));
      } else if (type === "subscription_confirmed") socket.close();
    });
  });
}

/** Imports the next 500 minutes of a symbol. */
async function importChunk(url: string, index: number): Promise<void> {
  const first = FIRST_MINUTE + index * IMPORT_ROWS * MINUTE;
  const rows = Array.from({ length: IMPORT_ROWS }, (_, i) => ({
    line: i + 2,
    time: first + i * MINUTE,
    ...{ open: 10, high: 11, low: 9, close: 10.5, volume: 1 },
  }));
  const response = await fetch(`${url}/admin/import`, {
    method: "POST",
    headers: { ...WITH_TOKEN, "Content-Type": "application/json" },
    body: JSON.stringify({ symbol: "LTC/USDT", interval: "1m", adjustment: "raw", rows }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`an import answered ${response.status}: ${text.slice(0, 300)}`);
}

/** Asks a route again and again. */
async function askRoute(url: string, each: MemoryCase, from: number, count: number, failures: string[]): Promise<void> {
  await atMost(CONNECTIONS, count, async (index) => {
    const { method, path, body, headers } = each.request(from + index);
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { ...WITH_TOKEN, ...headers, ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    await response.arrayBuffer();
    if (!each.statuses.includes(response.status)) failures.push(`${method} ${path} answered ${response.status}`);
  });
}

/**
 * Does a share of the whole soak, route after route, with sockets and imports in between.
 * @param begun how much of it is done already
 */
async function runShare(
  url: string,
  cases: readonly MemoryCase[],
  share: MemorySoak,
  begun: MemorySoak,
  meter: MemoryMeter,
  progress: (text: string) => void,
  failures: string[],
): Promise<void> {
  const turns = Math.max(1, Math.round(share.requests / (cases.length * REQUESTS_PER_TURN)));
  const perTurn = Math.max(1, Math.round(share.requests / (cases.length * turns)));
  const part = (amount: number, turn: number): number =>
    Math.round((amount * (turn + 1)) / turns) - Math.round((amount * turn) / turns);
  let [opened, imported] = [begun.sockets, begun.imports];
  for (let turn = 0; turn < turns; turn++) {
    progress(`turn ${turn + 1} of ${turns}, ${Math.round(meter.now())} MB`);
    for (const each of cases) {
      const from = begun.requests + turn * perTurn;
      await meter.measure(each.name, perTurn, () => askRoute(url, each, from, perTurn, failures));
    }
    const sockets = part(share.sockets, turn);
    await meter.measure("sockets and event streams", sockets, () =>
      atMost(SOCKETS_AT_ONCE, sockets, (index) => openAndClose(url, opened + index)),
    );
    opened += sockets;
    const imports = part(share.imports, turn);
    await meter.measure("imports", imports, () => atMost(1, imports, (index) => importChunk(url, imported + index)));
    imported += imports;
  }
}

const scaled = ({ requests, sockets, imports }: MemorySoak, by: number): MemorySoak => ({
  requests: Math.round(requests * by),
  sockets: Math.round(sockets * by),
  imports: Math.round(imports * by),
});

/**
 * Asks every documented route of the built bundle in turns, opens and closes sockets and event streams, and imports candles.
 * What it keeps of a tenth of this is the warm-up; after that its memory must not grow.
 * @param entry the module to bundle, unless it is the Worker's own with open guards
 * @throws Error where a documented route has no request here
 */
export async function soakMemory(
  soak: MemorySoak,
  progress: (text: string) => void,
  entry = "bench/http/entry.ts",
): Promise<MemoryReport> {
  const others = new Set(runtimes());
  const vars = {
    MARKET_MODE: "demo",
    LOG_LEVEL: "error",
    GUARDS: "open",
    HUB_SOCKETS: "2000",
    SOCKETS_PER_ADDRESS: "500",
  };
  const worker = await startBundledWorker(vars, { entry, place: "memory", isDirect: true });
  try {
    const pid = runtimes().find((each) => !others.has(each));
    if (pid === undefined) throw new Error("the runtime's memory can only be read on Linux");
    const document: ApiDocument = await readDocument(worker.url);
    const cases = memoryCases(document);
    const meter = new MemoryMeter(pid);
    const failures: string[] = [];
    const warmUp = scaled(soak, WARM_UP_SHARE);
    const nothing: MemorySoak = { requests: 0, sockets: 0, imports: 0 };
    await runShare(worker.url, cases, warmUp, nothing, meter, progress, failures);
    await pause(SETTLE_MS);
    const warm = meter.now();
    meter.forget();
    await runShare(worker.url, cases, scaled(soak, 1 - WARM_UP_SHARE), warmUp, meter, progress, failures);
    await pause(SETTLE_MS);
    const after = meter.now();
    return {
      warm_mb: rounded(warm),
      peak_mb: rounded(meter.peak),
      after_mb: rounded(after),
      growth_mb: rounded(after - warm),
      parts: meter.parts(),
      failures: [...new Set(failures)],
    };
  } finally {
    progress("");
    await worker.stop();
  }
}
