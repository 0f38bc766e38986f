import WebSocket from "ws";
import { Counter } from "./counts.ts";
import type { Measured } from "./orders.ts";

/** Sockets that are being opened at once. */
const MAX_CONCURRENT_OPENS = 40;
const RESPONSE_TIMEOUT_MS = 180_000;
/** A server has caught up once an event reaches everyone so soon after a client began to wait for it; it is given so long for that. */
const MAX_SETTLED_DELAY_MS = 2_000;
const MAX_SETTLE_MS = 30_000;
/** The longest that events may take to reach everyone. */
const MAX_DELAY_MS = 90_000;

const EVENT = '{"type":"market_data","symbol":"';
const SEQ = '"seq":';
const TIME = '"timestamp":"';
const ISO_LENGTH = "2026-01-01T00:00:00.000Z".length;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** One client and how far it came in each symbol. */
interface Client {
  socket: WebSocket;
  seqs: Map<string, number>;
  /** The symbols of which it got an event that was due after `awaited`. */
  freshSymbols: Set<string>;
  isSilent: boolean;
  /** Frames of each type but events. */
  received: Map<string, number>;
}

/** Many sockets to one server. */
export class Crowd {
  private readonly clients: Client[] = [];
  private counter: Counter | null = null;
  private dueText = "";
  private due = 0;
  private awaited = Number.POSITIVE_INFINITY;
  /** Why sockets were closed that ought to be open. */
  private readonly closed: string[] = [];
  private received = 0;
  private repeating: NodeJS.Timeout | null = null;

  /** Opens sockets until there are that many. */
  async open(url: string, headers: Record<string, string>, sockets: number): Promise<void> {
    const missing = sockets - this.clients.length;
    let begun = 0;
    const openSome = async (): Promise<void> => {
      while (begun < missing) {
        begun++;
        await this.openOne(url, headers);
      }
    };
    await Promise.all(Array.from({ length: MAX_CONCURRENT_OPENS }, openSome));
  }

  /** Sends a text on every socket, and waits until each has got an answer of a type. */
  async say(text: string, answer: string): Promise<void> {
    const before = this.clients.map(({ received }) => received.get(answer) ?? 0);
    for (const { socket } of this.clients) socket.send(text);
    const begun = Date.now();
    const isAnswered = ({ received }: Client, i: number): boolean => (received.get(answer) ?? 0) > before[i];
    while (!this.clients.every(isAnswered)) {
      this.failIfClosed();
      if (Date.now() - begun > RESPONSE_TIMEOUT_MS) throw new Error(`some sockets were never sent ${answer}`);
      await pause(20);
    }
  }

  /** Waits until events of that many symbols reach every socket, and those soon that pile up where very many sockets begin at once. */
  async settle(events: number): Promise<void> {
    const begun = Date.now();
    let asked = begun;
    do {
      asked = Date.now();
      await this.waitForEvents(events, asked);
    } while (Date.now() - asked > MAX_SETTLED_DELAY_MS && Date.now() - begun < MAX_SETTLE_MS);
  }

  /** Waits until every socket that reads has got an event that is due after a time (unix milliseconds) of each of that many symbols. */
  private async waitForEvents(events: number, after: number): Promise<void> {
    this.awaited = after;
    for (const { freshSymbols } of this.clients) freshSymbols.clear();
    const begun = Date.now();
    const lacking = (): number => this.clients.filter((one) => !one.isSilent && one.freshSymbols.size < events).length;
    for (let left = lacking(); left > 0; left = lacking()) {
      this.failIfClosed();
      if (Date.now() - begun > MAX_DELAY_MS) {
        const late = `events of ${events} symbols that were due ${MAX_DELAY_MS / 1000} s ago`;
        throw new Error(
          `${left} of ${this.clients.length} sockets lack ${late}: the machine is too slow, or they are lost`,
        );
      }
      await pause(20);
    }
    this.awaited = Number.POSITIVE_INFINITY;
  }

  /** Lets a share of the sockets never read again. */
  stopReading(share: number): void {
    for (const client of this.clients.slice(0, Math.round(this.clients.length * share))) {
      client.isSilent = true;
      client.socket.pause();
    }
  }

  /** Sends a text on every socket that reads, every that many seconds. */
  repeat(text: string, seconds: number): void {
    this.repeating = setInterval(() => {
      for (const { socket, isSilent } of this.clients) if (!isSilent) socket.send(text);
    }, seconds * 1000);
  }

  /**
   * Watches what is due in that many seconds, from the next whole second on. Events come in order: once each socket has a later one of
   * each symbol, nothing of it is on its way any more.
   */
  async measure(seconds: number, events: number): Promise<Measured> {
    const from = Math.ceil(Date.now() / 1000) * 1000;
    const to = from + seconds * 1000;
    await pause(from - Date.now());
    const before = process.cpuUsage();
    this.received = 0;
    const counts = new Counter(from, to);
    this.counter = counts;
    await pause(to - Date.now());
    const { user, system } = process.cpuUsage(before);
    await this.waitForEvents(events, to);
    this.counter = null;
    return {
      ...counts.figures(this.clients.length),
      received: this.received,
      client_cpu: (user + system) / 1e6 / seconds,
    };
  }

  close(): void {
    if (this.repeating !== null) clearInterval(this.repeating);
    for (const { socket } of this.clients) {
      socket.removeAllListeners("close");
      socket.terminate();
    }
    this.clients.length = 0;
  }

  private failIfClosed(): void {
    const [first] = this.closed;
    if (first !== undefined)
      throw new Error(`${this.closed.length} sockets were closed, the first of them with ${first}`);
  }

  private openOne(url: string, headers: Record<string, string>): Promise<void> {
    const socket = new WebSocket(url, { headers, perMessageDeflate: false, skipUTF8Validation: true });
    const client: Client = { socket, seqs: new Map(), freshSymbols: new Set(), received: new Map(), isSilent: false };
    return new Promise((resolve, reject) => {
      socket.once("error", reject);
      socket.once("open", () => {
        this.clients.push(client);
        socket.on("close", (code, reason) => {
          if (!client.isSilent) this.closed.push(`${code} ${reason.toString()}`);
        });
        resolve();
      });
      socket.on("message", (data: Buffer) => this.onMessage(client, data.toString("latin1")));
    });
  }

  private onMessage(client: Client, text: string): void {
    if (!text.startsWith(EVENT)) {
      this.onOtherFrame(client, text);
      return;
    }
    const symbol = text.slice(EVENT.length, text.indexOf('"', EVENT.length));
    const seq = Number.parseInt(text.slice(text.indexOf(SEQ) + SEQ.length), 10);
    const last = client.seqs.get(symbol) ?? 0;
    client.seqs.set(symbol, seq);
    this.received++;
    if (this.counter === null && this.awaited === Number.POSITIVE_INFINITY) return;
    const at = text.indexOf(TIME) + TIME.length;
    const dueText = text.slice(at, at + ISO_LENGTH);
    // All events of a second say the same.
    if (dueText !== this.dueText) {
      this.dueText = dueText;
      this.due = Date.parse(dueText);
    }
    if (this.due > this.awaited) client.freshSymbols.add(symbol);
    this.counter?.take(symbol, seq, last, this.due, Date.now());
  }

  private onOtherFrame(client: Client, text: string): void {
    const type = /^\{"type":"(\w+)"/.exec(text)?.[1] ?? "";
    client.received.set(type, (client.received.get(type) ?? 0) + 1);
    if (type === "error") throw new Error(text);
    const beat = type === "heartbeat" ? /"beat":(\d+)/.exec(text)?.[1] : undefined;
    if (beat !== undefined) client.socket.send(`{"action":"ack","beat":${beat}}`);
  }
}
