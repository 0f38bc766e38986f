import { expect, vi } from "vitest";
import { type ServerFrame, type ServerFrameOf, ServerFrameSchema } from "../../contracts/stream.ts";
import {
  type HandshakeRequest,
  toUpgradeRequest,
} from "../../durable-objects/streaming/connections/handshake-request.ts";

/** A socket's client end: every frame is checked against the contract as it comes. */
export class SocketClient {
  readonly frames: ServerFrame[] = [];
  readonly texts: string[] = [];
  readonly faults: string[] = [];
  pongs = 0;
  closed: { code: number; reason: string } | null = null;
  private readonly socket: WebSocket;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.addEventListener("message", ({ data }) => this.onMessage(String(data)));
    socket.addEventListener("close", ({ code, reason }) => {
      this.closed = { code, reason };
    });
    socket.accept();
  }

  send(message: unknown): void {
    this.socket.send(JSON.stringify(message));
  }

  sendRaw(data: string | ArrayBuffer): void {
    this.socket.send(data);
  }

  close(): void {
    this.socket.close(1000, "done");
  }

  /** The frames of a type that have come. */
  of<T extends ServerFrame["type"]>(type: T): ServerFrameOf<T>[] {
    return this.frames.filter((frame): frame is ServerFrameOf<T> => frame.type === type);
  }

  /** Waits for the nth frame of a type. */
  async nth<T extends ServerFrame["type"]>(type: T, n = 1): Promise<ServerFrameOf<T>> {
    await vi.waitUntil(() => this.of(type).length >= n, { timeout: 30_000, interval: 5 });
    return this.of(type)[n - 1];
  }

  /** Subscribes, and waits for the confirmation. */
  async subscribe(
    symbols: string[],
    more: Record<string, unknown> = {},
  ): Promise<ServerFrameOf<"subscription_confirmed">> {
    const known = this.of("subscription_confirmed").length;
    this.send({ action: "subscribe", symbols, ...more });
    return this.nth("subscription_confirmed", known + 1);
  }

  /** The seqs of a symbol's quotes, as they came, those inside of confirmations too. */
  seqs(symbol: string): number[] {
    return this.frames.flatMap((frame) => {
      if (frame.type === "market_data") return frame.symbol === symbol ? [frame.seq] : [];
      if (frame.type !== "subscription_confirmed") return [];
      const missed = frame.positions[symbol]?.missed ?? [];
      return missed.map(({ seq }) => Number(seq));
    });
  }

  /** Waits until everything that was sent before has been worked on. */
  async waitForProcessing(): Promise<void> {
    const known = this.of("subscriptions").length;
    this.send({ action: "list" });
    await this.nth("subscriptions", known + 1);
  }

  async waitForClose(): Promise<{ code: number; reason: string }> {
    await vi.waitUntil(() => this.closed !== null, { timeout: 30_000, interval: 5 });
    if (!this.closed) throw new Error("the socket is open");
    return this.closed;
  }

  private onMessage(text: string): void {
    this.texts.push(text);
    if (text === '{"type":"pong"}') {
      this.pongs++;
      return;
    }
    const parsed = ServerFrameSchema.safeParse(JSON.parse(text));
    if (parsed.success) this.frames.push(parsed.data);
    else this.faults.push(`${text.slice(0, 200)}: ${parsed.error.message}`);
  }
}

const open = new Set<SocketClient>();
let clients = 0;

/** Closes every socket that a test has opened. */
export function closeSockets(): void {
  for (const client of open) if (client.closed === null) client.close();
  open.clear();
}

/** The handshake of a caller without a key, from an address of its own. */
export const handshakeOf = (handshake: Partial<HandshakeRequest> = {}): HandshakeRequest => ({
  address: `2001:db8:1::${(clients++).toString(16)}`,
  caller: "anonymous",
  anonymous: true,
  history: { kind: "by_address" },
  correlationId: "test",
  subprotocol: false,
  symbol: null,
  expiresAt: null,
  ...handshake,
});

/** Opens a socket to an object, as the Worker does. */
export async function openSocket(
  stub: { fetch(request: Request): Promise<Response> },
  handshake: Partial<HandshakeRequest> = {},
): Promise<SocketClient> {
  const response = await stub.fetch(toUpgradeRequest(handshakeOf(handshake)));
  expect(response.status).toBe(101);
  if (!response.webSocket) throw new Error("the answer has no socket");
  return clientOf(response.webSocket);
}

/** The client of a socket that another caller has opened. */
export function clientOf(socket: WebSocket): SocketClient {
  const client = new SocketClient(socket);
  open.add(client);
  return client;
}
