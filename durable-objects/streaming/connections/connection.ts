import { acknowledgeHeartbeat, markHeartbeat, unacknowledgedOf, type WrittenBytes } from "./acknowledgement.ts";
import type { CallerAccount } from "./caller-accounts.ts";
import type { HistoryTerms } from "./handshake-request.ts";
import type { StreamCounts } from "./metrics.ts";
import type { StreamLoad } from "./stream-load.ts";
import type { WriteBatcher } from "./write-batcher.ts";

/** A symbol's position in the stream, as an attachment holds it: its last quote, and the order of its last closed bar. */
export type StoredPosition = [epoch: string, seq: number, bars?: number];

/** What a socket carries through hibernation. Subscriptions are in the database: a hundred symbols could be more than the 16 KB it may hold. */
export interface Attachment extends WrittenBytes {
  id: string;
  address: string;
  caller: string;
  anonymous: boolean;
  history: HistoryTerms;
  /** When its key expires, unix seconds; null for never. */
  expiresAt: number | null;
  connectedAt: number;
  /** When it was closed from here, unix seconds; null while it is open. */
  closedAt: number | null;
  /** The positions of the symbols that this socket keeps for its hub. */
  positions: Record<string, StoredPosition>;
}

/** What a connection reports to its object, and uses of it. */
export interface ConnectionHooks {
  /** Counts what all connections of the hub send. */
  counts: StreamCounts;
  /** Gathers the frames of all connections. */
  batcher: WriteBatcher;
  /** The frames of all connections that wait. */
  load: StreamLoad;
  /** A socket has been written to, or was acknowledged. */
  onCounted(connection: Connection): void;
}

/** What may be written before the count of it is kept for the time after a hibernation (characters). */
const SAVE_AFTER = 64 * 1024;

/**
 * One socket, with its attachment at hand, so that a broadcast deserialises nothing. It counts what its client may not have read: the
 * platform says nothing of full buffers, and what is queued for a client that never reads stays in memory. The hub decides by these
 * counts which sockets it closes.
 */
export class Connection {
  readonly id: string;
  readonly socket: WebSocket;
  readonly account: CallerAccount;
  readonly #attachment: Attachment;
  readonly #hooks: ConnectionHooks;
  #pending: string[] = [];
  #saved: number;
  /** The last frame from the client, unix milliseconds. In memory only: it shows how the client does, and decides nothing. */
  #lastFrameAt = 0;

  constructor(socket: WebSocket, attachment: Attachment, account: CallerAccount, hooks: ConnectionHooks) {
    this.socket = socket;
    this.account = account;
    this.#attachment = attachment;
    this.#hooks = hooks;
    this.id = attachment.id;
    this.#saved = attachment.written;
    account.unacknowledgedBytes += this.unacknowledgedBytes;
    if (this.closedAt !== null) account.closingBytes += this.unacknowledgedBytes;
  }

  get info(): Readonly<Attachment> {
    return this.#attachment;
  }

  /** Characters that were written and are not acknowledged. */
  get unacknowledgedBytes(): number {
    return unacknowledgedOf(this.#attachment);
  }

  /** When it was closed from here, unix seconds; null while it is open. */
  get closedAt(): number | null {
    return this.#attachment.closedAt;
  }

  /** Frames that wait to be written. */
  get queuedFrames(): number {
    return this.#pending.length;
  }

  /** When the client last sent something, unix milliseconds; else its arrival. */
  get lastActivityAt(): number {
    return Math.max(this.#lastFrameAt, this.#attachment.connectedAt * 1000);
  }

  /** Sends the frame of an event together with those of others, when the batch is written. */
  enqueue(text: string): void {
    if (this.closedAt !== null) return;
    if (this.#pending.length === 0) this.#hooks.batcher.add(this);
    this.#pending.push(text);
    this.#hooks.load.queuedFrames++;
  }

  /** Sends what is queued. */
  flush(): void {
    const texts = this.#takePending();
    for (const text of texts) this.#write(text);
    if (texts.length > 0) this.#onCounted();
  }

  /** Sends a frame, unless the socket was closed. Frames are ASCII but for a few, so that their length is their size. */
  send(text: string): void {
    this.flush();
    this.#write(text);
    this.#onCounted();
  }

  #takePending(): string[] {
    const texts = this.#pending;
    this.#pending = [];
    this.#hooks.load.queuedFrames -= texts.length;
    return texts;
  }

  #write(text: string): void {
    if (this.closedAt !== null) return;
    this.#attachment.written += text.length;
    this.account.unacknowledgedBytes += text.length;
    try {
      this.socket.send(text);
      this.#hooks.counts.frames++;
    } catch (error) {
      // A socket that has just closed; the platform reports it by its own event.
      if (this.socket.readyState === WebSocket.READY_STATE_OPEN) throw error;
    }
  }

  #onCounted(): void {
    if (this.#attachment.written - this.#saved > SAVE_AFTER) this.#save();
    this.#hooks.onCounted(this);
  }

  /** The client has sent a frame. */
  onActivity(): void {
    this.#lastFrameAt = Date.now();
  }

  /** The client has read everything up to a heartbeat. */
  acknowledge(beat: number): void {
    const before = this.unacknowledgedBytes;
    acknowledgeHeartbeat(this.#attachment, beat);
    this.account.unacknowledgedBytes += this.unacknowledgedBytes - before;
    this.#hooks.onCounted(this);
  }

  /** Sends a heartbeat, and keeps what is counted through a hibernation. */
  sendHeartbeat(beat: number, text: string): void {
    this.send(text);
    markHeartbeat(this.#attachment, beat);
    this.#save();
  }

  /** Keeps a symbol's position for the whole hub, through hibernation and eviction; costs no write to the database. */
  savePosition(symbol: string, position: StoredPosition | null): void {
    if (position === null) delete this.#attachment.positions[symbol];
    else this.#attachment.positions[symbol] = position;
    this.#save();
  }

  /** Closes the socket; what waits is not written. */
  close(code: number, reason: string): void {
    if (this.closedAt !== null) return;
    this.#takePending();
    this.#attachment.closedAt = Date.now() / 1000;
    this.account.closingBytes += this.unacknowledgedBytes;
    this.#save();
    this.#hooks.counts.closed[code] = (this.#hooks.counts.closed[code] ?? 0) + 1;
    this.socket.close(code, reason);
  }

  /** The socket is gone, and its queue with it. */
  release(): void {
    this.account.unacknowledgedBytes -= this.unacknowledgedBytes;
    if (this.closedAt !== null) this.account.closingBytes -= this.unacknowledgedBytes;
  }

  #save(): void {
    if (this.socket.readyState !== WebSocket.READY_STATE_OPEN) return;
    this.#saved = this.#attachment.written;
    this.socket.serializeAttachment(this.#attachment);
  }
}
