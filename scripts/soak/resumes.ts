import WebSocket from "ws";
import { startBundledWorker, WITH_TOKEN } from "../../test/e2e/bundled-worker.ts";
import { type Dice, diceFrom } from "./dice.ts";
import { Ledger } from "./ledger.ts";

const CLIENTS = 80;
/** Symbols that trade always, and how many of them a client listens to. */
const SYMBOLS = ["BTC", "ETH", "SOL", "XRP", "BNB", "ADA", "DOGE", "DOT", "LTC", "LINK"].map((coin) => `${coin}/USDT`);
const SYMBOLS_A_CLIENT = 4;
/** A client stays, and is away, for so long at most: often much less, so that some are cut before they are confirmed. */
const LONGEST_MS = 1_500;
/** How often the runtime is started anew, with which all rooms and hubs lose their memory and all sockets. */
const RESTARTS = 4;
const PROGRESS_MS = 1_000;
/** The time that a client is given, at the end, to have all that the others have. */
const LAST_STAY_MS = 120_000;
const RETRY_MS = 200;

/** What came of the cuts. */
export interface Resumed {
  cuts: number;
  restarts: number;
  events: number;
  recovered: number;
  violations: string[];
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Opens a socket, again and again while nobody answers. */
async function open(url: string): Promise<WebSocket> {
  for (;;) {
    const socket = new WebSocket(url, { headers: WITH_TOKEN, perMessageDeflate: false });
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once("open", () => resolve(true));
      socket.on("error", () => resolve(false));
    });
    if (isOpen) return socket;
    await pause(RETRY_MS);
  }
}

/** Connects a client and lets it go on from where it stands; gives what ends the connection. */
async function connect(url: string, symbols: readonly string[], ledger: Ledger): Promise<() => void> {
  const socket = await open(url);
  const hear = (data: Buffer): void => ledger.take(data.toString());
  socket.on("message", hear);
  socket.send(JSON.stringify({ action: "subscribe", symbols, since: ledger.since() }));
  return () => {
    socket.off("message", hear);
    socket.terminate();
  };
}

/** Waits until every client has come as far as any other with the same symbol. */
async function waitUntilEven(ledgers: readonly Ledger[]): Promise<boolean> {
  const reached = SYMBOLS.map((symbol) => {
    const seqs = ledgers.map((ledger) => ledger.placeOf(symbol)?.seq ?? 0);
    return { symbol, seq: Math.max(...seqs) };
  });
  const isThere = (ledger: Ledger): boolean =>
    reached.every(({ symbol, seq }) => (ledger.placeOf(symbol)?.seq ?? seq) >= seq);
  const begun = Date.now();
  while (!ledgers.every(isThere)) {
    if (Date.now() - begun > LAST_STAY_MS) return false;
    await pause(RETRY_MS);
  }
  return true;
}

function someSymbols(dice: Dice): string[] {
  const chosen = new Set<string>();
  while (chosen.size < SYMBOLS_A_CLIENT) chosen.add(dice.pick(SYMBOLS));
  return [...chosen];
}

/**
 * Cuts clients so many times in all, at random moments, and lets them resume. The runtime is started anew now and then.
 * @param progress shows how far it is
 */
export async function soakResumes(cuts: number, seed: number, progress: (text: string) => void): Promise<Resumed> {
  const worker = await startBundledWorker({ MARKET_MODE: "demo" });
  const url = `${worker.url.replace("http", "ws")}/ws`;
  const ledgers = Array.from({ length: CLIENTS }, () => new Ledger());
  let begun = 0;
  let done = 0;
  let restarts = 0;

  const live = async (ledger: Ledger, index: number): Promise<() => void> => {
    const dice = diceFrom(seed + index);
    const symbols = someSymbols(dice);
    while (begun < cuts) {
      begun++;
      const cut = await connect(url, symbols, ledger);
      await pause(dice.next() ** 2 * LONGEST_MS);
      cut();
      done++;
      await pause(dice.next() ** 2 * LONGEST_MS);
    }
    return connect(url, symbols, ledger);
  };
  const restart = async (): Promise<void> => {
    for (; restarts < RESTARTS; restarts++) {
      const at = ((restarts + 1) / (RESTARTS + 1)) * cuts;
      while (done < at) await pause(RETRY_MS);
      await worker.restart();
    }
  };
  const show = setInterval(() => progress(`${done} of ${cuts} cuts, ${restarts} restarts`), PROGRESS_MS);
  try {
    const [cutters] = await Promise.all([Promise.all(ledgers.map(live)), restart()]);
    const isEven = await waitUntilEven(ledgers);
    for (const cut of cutters) cut();
    const violations = ledgers.flatMap((ledger) => ledger.violations);
    if (!isEven) violations.push("some clients did not get in the end what others had");
    const sum = (of: (ledger: Ledger) => number): number => ledgers.reduce((total, ledger) => total + of(ledger), 0);
    const [events, recovered] = [sum((ledger) => ledger.events), sum((ledger) => ledger.recovered)];
    return { cuts: done, restarts, events, recovered, violations };
  } finally {
    clearInterval(show);
    progress("");
    await worker.stop();
  }
}
