import WebSocket from "ws";
import { startBundledWorker, WITH_TOKEN } from "../bundled-worker.ts";
import { type SeededRandom, seededRandom } from "../seeded-random.ts";
import { EventLedger } from "./event-ledger.ts";
import { publishedPositions } from "./published-positions.ts";

const CLIENTS = 80;
/** Symbols that trade always, and how many of them a client listens to. */
const SYMBOLS = ["BTC", "ETH", "SOL", "XRP", "BNB", "ADA", "DOGE", "DOT", "LTC", "LINK"].map((coin) => `${coin}/USDT`);
const SYMBOLS_A_CLIENT = 4;
/** A client stays, and is away, for so long at most: often much less, so that some are cut before they are confirmed. */
const MAX_MS = 1_500;
/** How often the runtime is restarted, whereupon all rooms and hubs lose their memory and all sockets. */
const RESTARTS = 4;
const PROGRESS_MS = 1_000;
/** The time that clients have, at the end, to receive all that the platform has sent by then. */
const MAX_CATCH_UP_MS = 120_000;
const RETRY_MS = 200;
/** The longest that no one may answer a client, and that one try may take. */
const MAX_UNANSWERED_MS = 60_000;
const ATTEMPT_TIMEOUT_MS = 10_000;

/** What came of the cuts. */
export interface ResumeReport {
  cuts: number;
  restarts: number;
  events: number;
  recovered: number;
  violations: string[];
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Opens a socket, again and again while no one answers; throws where that goes on. */
async function open(url: string): Promise<WebSocket> {
  const begun = Date.now();
  for (;;) {
    const socket = new WebSocket(url, {
      headers: WITH_TOKEN,
      perMessageDeflate: false,
      handshakeTimeout: ATTEMPT_TIMEOUT_MS,
    });
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once("open", () => resolve(true));
      socket.on("error", () => resolve(false));
    });
    if (isOpen) return socket;
    if (Date.now() - begun > MAX_UNANSWERED_MS) throw new Error(`no one answered for ${MAX_UNANSWERED_MS / 1000} s`);
    await pause(RETRY_MS);
  }
}

/** Connects a client and lets it go on from where it stands; returns what ends the connection. */
async function connect(url: string, ledger: EventLedger): Promise<() => void> {
  const socket = await open(`${url.replace("http", "ws")}/ws`);
  const onMessage = (data: Buffer): void => ledger.onMessage(data.toString());
  socket.on("message", onMessage);
  socket.send(JSON.stringify({ action: "subscribe", symbols: ledger.symbols, since: ledger.since() }));
  return () => {
    socket.off("message", onMessage);
    socket.terminate();
  };
}

/** Waits until every client has all that the platform has sent by now; returns what they lack if that takes too long. */
async function waitForAll(url: string, ledgers: readonly EventLedger[]): Promise<string[]> {
  const known = await publishedPositions(url, SYMBOLS);
  const begun = Date.now();
  for (;;) {
    const missing = ledgers.flatMap((ledger) => ledger.missing(known));
    if (missing.length === 0) return [];
    if (Date.now() - begun > MAX_CATCH_UP_MS) return missing.map((what) => `${what} ${MAX_CATCH_UP_MS / 1000} s later`);
    await pause(RETRY_MS);
  }
}

function someSymbols(random: SeededRandom): string[] {
  const chosen = new Set<string>();
  while (chosen.size < SYMBOLS_A_CLIENT) chosen.add(random.pick(SYMBOLS));
  return [...chosen];
}

/**
 * Cuts clients that many times in all, at random moments, and lets them resume. The runtime is started again now and then.
 * @param progress shows how far it is
 */
export async function soakResumes(cuts: number, seed: number, progress: (text: string) => void): Promise<ResumeReport> {
  const worker = await startBundledWorker({ MARKET_MODE: "demo" });
  const { url } = worker;
  const clients = Array.from({ length: CLIENTS }, (_, index) => {
    const random = seededRandom(seed + index);
    return { random: random, ledger: new EventLedger(someSymbols(random)) };
  });
  const ledgers = clients.map(({ ledger }) => ledger);
  let begun = 0;
  let done = 0;
  let restarts = 0;
  let isOver = false;

  const scheduler = async ({ random, ledger }: (typeof clients)[number]): Promise<void> => {
    while (begun < cuts && !isOver) {
      begun++;
      const cut = await connect(url, ledger);
      await pause(random.next() ** 2 * MAX_MS);
      cut();
      done++;
      await pause(random.next() ** 2 * MAX_MS);
    }
  };
  const restart = async (): Promise<void> => {
    for (; restarts < RESTARTS; restarts++) {
      const at = ((restarts + 1) / (RESTARTS + 1)) * cuts;
      while (done < at && !isOver) await pause(RETRY_MS);
      if (isOver) return;
      await worker.restart();
    }
  };
  const show = setInterval(() => progress(`${done} of ${cuts} cuts, ${restarts} restarts`), PROGRESS_MS);
  try {
    await Promise.all([...clients.map(scheduler), restart()]);
    const cutters = await Promise.all(ledgers.map((ledger) => connect(url, ledger)));
    const missing = await waitForAll(url, ledgers);
    for (const cut of cutters) cut();
    const violations = [...ledgers.flatMap((ledger) => ledger.violations), ...missing];
    const sum = (of: (ledger: EventLedger) => number): number =>
      ledgers.reduce((total, ledger) => total + of(ledger), 0);
    const [events, recovered] = [sum((ledger) => ledger.events), sum((ledger) => ledger.recovered)];
    return { cuts: done, restarts, events, recovered, violations };
  } finally {
    isOver = true;
    clearInterval(show);
    progress("");
    await worker.stop();
  }
}
