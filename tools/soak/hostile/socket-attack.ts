import type { IncomingMessage } from "node:http";
import WebSocket from "ws";
import type { AttackLedger } from "./attack-ledger.ts";
import { pause } from "./pause.ts";
import { refusalOfClose, refusalsOf } from "./refusals.ts";

/** After this time a client comes back that was refused, or whose socket was closed. */
const RETURN_MS = 2_000;
/** A silent client that leaves reads what is there, to count it: until none has come for so long, and no longer than that. */
const QUIET_MS = 500;
const MAX_READING_MS = 5_000;
/** Messages that the platform has not taken are not added to without end. */
const MAX_BUFFERED_BYTES = 2 ** 20;
/** The longest that a timer takes. */
const FOREVER_MS = 2 ** 31 - 1;
/** A socket that ended without a close frame (RFC 6455, section 7.1.5). */
const ABNORMAL = 1006;

/** One hostile client of sockets. */
export interface SocketAttack {
  name: string;
  path: string;
  /** Whether it reads nothing before it leaves. */
  isSilent: boolean;
  /** What it sends, and how often. */
  messages(): string[];
  everyMs: number;
  /** After this time it leaves and comes back; null where it stays until its socket is closed. */
  staysMs: number | null;
}

/** Where attackers attack, and where they count what they get. */
export interface AttackContext {
  url: string;
  ledger: AttackLedger;
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) text += String(chunk);
  return text;
}

/** One connection of an attacker, from its opening until it has ended. */
class HostileSocket {
  readonly #attack: SocketAttack;
  readonly #ledger: AttackLedger;
  readonly #socket: WebSocket;
  readonly #opened = Promise.withResolvers<boolean>();
  readonly #closed = Promise.withResolvers<void>();
  #isLeaving = false;
  #isReading: boolean;
  #receivedAt = 0;

  constructor(attack: SocketAttack, { url, ledger }: AttackContext) {
    this.#attack = attack;
    this.#ledger = ledger;
    this.#isReading = !attack.isSilent;
    this.#socket = new WebSocket(`${url.replace("http", "ws")}${attack.path}`, {
      perMessageDeflate: false,
      skipUTF8Validation: true,
    });
    this.#socket.on("unexpected-response", (request, response) => {
      void this.#onRefused(response).finally(() => request.destroy());
    });
    this.#socket.on("open", () => {
      if (attack.isSilent) this.#socket.pause();
      ledger.recordAnswer(attack.name, "opened");
      this.#opened.resolve(true);
    });
    this.#socket.on("message", (data: Buffer) => this.#onMessage(data));
    this.#socket.on("error", (error) => this.#onError(error));
    this.#socket.on("close", (code, reason) => this.#onClose(code, reason.toString()));
  }

  /** Attacks until the socket is closed, its time is over, or the signal ends it. */
  async run(signal: AbortSignal): Promise<void> {
    const { isSilent, everyMs, staysMs } = this.#attack;
    const isOpen = await Promise.race([this.#opened.promise, pause(FOREVER_MS, signal).then(() => false)]);
    if (isOpen) {
      const sending = setInterval(() => this.#send(), everyMs);
      const over = new AbortController();
      const ended = AbortSignal.any([signal, over.signal]);
      await Promise.race([this.#closed.promise, pause(staysMs ?? FOREVER_MS, ended)]);
      over.abort();
      clearInterval(sending);
      if (isSilent) await this.#readAll();
    }
    this.#isLeaving = true;
    this.#socket.terminate();
  }

  #send(): void {
    if (this.#socket.readyState !== WebSocket.OPEN || this.#socket.bufferedAmount > MAX_BUFFERED_BYTES) return;
    for (const message of this.#attack.messages()) this.#socket.send(message);
  }

  async #readAll(): Promise<void> {
    this.#isReading = true;
    this.#socket.resume();
    const begun = Date.now();
    this.#receivedAt = begun;
    while (this.#socket.readyState !== WebSocket.CLOSED) {
      const now = Date.now();
      if (now - this.#receivedAt > QUIET_MS || now - begun > MAX_READING_MS) return;
      await pause(QUIET_MS / 5);
    }
  }

  async #onRefused(response: IncomingMessage): Promise<void> {
    const body = await bodyOf(response);
    this.#ledger.recordFailedAnswer(this.#attack.name, { status: response.statusCode ?? 0, body });
    this.#isLeaving = true;
    this.#opened.resolve(false);
  }

  #onMessage(data: Buffer): void {
    this.#receivedAt = Date.now();
    for (const refusal of refusalsOf(data)) this.#ledger.recordRefusal(this.#attack.name, refusal);
  }

  #onError(error: Error): void {
    this.#opened.resolve(false);
    if (!this.#isLeaving) this.#ledger.recordAnswer(this.#attack.name, error.message);
  }

  #onClose(code: number, reason: string): void {
    this.#opened.resolve(false);
    this.#closed.resolve();
    if (this.#isLeaving) return;
    const { name } = this.#attack;
    const refusal = refusalOfClose(code, reason);
    if (refusal) this.#ledger.recordRefusal(name, refusal);
    else this.#ledger.recordAnswer(name, `close ${code}`);
    // One that does not read cannot see how it ended.
    if (code === ABNORMAL && this.#isReading) this.#ledger.recordViolation(`${name} was cut off without a word of why`);
  }
}

/** Attacks with one socket after the other, until the signal ends it. */
export async function attackBySocket(attack: SocketAttack, context: AttackContext, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await new HostileSocket(attack, context).run(signal);
    await pause(RETURN_MS, signal);
  }
}
