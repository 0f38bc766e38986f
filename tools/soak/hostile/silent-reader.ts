import WebSocket from "ws";
import { WITH_TOKEN } from "../../bundled-worker.ts";
import { EventLedger } from "../event-ledger.ts";
import { publishedPositions } from "../published-positions.ts";
import { pause } from "./pause.ts";

/** Simulated symbols tick once a second: these have as many events as ten that tick four times a second. */
const SYMBOLS = Array.from({ length: 40 }, (_, i) => `SILENT${i}/USDT`);
const PROGRESS_MS = 1_000;
const RETRY_MS = 2_000;
/** The time that the client has, at the end, to receive all that the platform has sent by then. */
const MAX_CATCH_UP_MS = 20_000;

/** What a client got that reads and says nothing. */
export interface SilentReport {
  seconds: number;
  /** Connections that it took; one where it was never cut. */
  connections: number;
  events: number;
  /** Events that never came. */
  missing: number;
}

/** A client that says nothing after it has subscribed, and does not even acknowledge; where it is cut it comes back. */
class SilentReader {
  readonly ledger: EventLedger;
  connections = 0;
  readonly #url: string;
  /** Where each symbol was when it was first confirmed. */
  readonly #starts = new Map<string, number>();
  #socket: WebSocket | null = null;
  #isOver = false;

  constructor(url: string, symbols: readonly string[]) {
    this.#url = `${url.replace("http", "ws")}/ws`;
    this.ledger = new EventLedger(symbols);
  }

  open(): void {
    const socket = new WebSocket(this.#url, { perMessageDeflate: false });
    this.#socket = socket;
    socket.on("open", () => {
      this.connections++;
      socket.send(JSON.stringify({ action: "subscribe", symbols: this.ledger.symbols, since: this.ledger.since() }));
    });
    socket.on("message", (data: Buffer) => this.#onMessage(data.toString()));
    socket.on("error", () => {});
    socket.on("close", () => {
      if (!this.#isOver) setTimeout(() => this.open(), RETRY_MS);
    });
  }

  close(): void {
    this.#isOver = true;
    this.#socket?.terminate();
  }

  /** Events between the first confirmation and where the client stands now. */
  get due(): number {
    let due = 0;
    for (const [symbol, start] of this.#starts) due += (this.ledger.positionOf(symbol)?.seq ?? start) - start;
    return due;
  }

  #onMessage(text: string): void {
    this.ledger.onMessage(text);
    for (const symbol of this.ledger.symbols) {
      const position = this.ledger.positionOf(symbol);
      if (position && !this.#starts.has(symbol)) this.#starts.set(symbol, position.seq);
    }
  }
}

async function addSymbols(url: string): Promise<void> {
  const rows = SYMBOLS.map((symbol) => ({ symbol, name: symbol, type: "crypto", currency: "USDT" }));
  for (const row of rows) {
    const body = JSON.stringify({ ...row, primary_exchange: "BINANCE", price_decimals: 2 });
    const headers = { ...WITH_TOKEN, "Content-Type": "application/json" };
    const answer = await fetch(`${url}/symbols`, { method: "POST", headers, body });
    if (answer.status !== 201) throw new Error(`a symbol was not added: ${await answer.text()}`);
  }
}

/** Lets a client listen in silence, alone, for that many seconds; returns what it got and what is wrong with it. */
export async function listenSilently(
  url: string,
  seconds: number,
  progress: (text: string) => void,
): Promise<{ report: SilentReport; violations: string[] }> {
  await addSymbols(url);
  const reader = new SilentReader(url, SYMBOLS);
  const { ledger } = reader;
  reader.open();
  const begun = Date.now();
  while (Date.now() - begun < seconds * 1000) {
    progress(`a silent reader has ${ledger.events} events`);
    await pause(PROGRESS_MS);
  }
  const published = await publishedPositions(url, ledger.symbols);
  const caughtUp = Date.now() + MAX_CATCH_UP_MS;
  while (ledger.missing(published).length > 0 && Date.now() < caughtUp) await pause(PROGRESS_MS);
  reader.close();
  const { events } = ledger;
  const behind = [...published].map(([symbol, { seq }]) => Math.max(0, seq - (ledger.positionOf(symbol)?.seq ?? 0)));
  const missing = reader.due - events + behind.reduce((sum, count) => sum + count, 0);
  const report = { seconds, connections: reader.connections, events, missing };
  return { report, violations: [...ledger.violations, ...ledger.missing(published)] };
}
