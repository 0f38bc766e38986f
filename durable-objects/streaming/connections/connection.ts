import type { HistoryTerms } from "./handshake-request.ts";
import type { StreamLimits } from "./limits.ts";
import type { StreamCounts } from "./metrics.ts";
import { acknowledgeHeartbeat, isTooFarBehind, type UnacknowledgedBytes } from "./slow-consumer.ts";
import type { WriteBatcher } from "./write-batcher.ts";

/** A symbol's position in the stream, as an attachment holds it: its last quote, and the order of its last closed bar. */
export type StoredPosition = [epoch: string, seq: number, bars?: number];

/** What a socket carries through hibernation. Subscriptions are in the database: a hundred symbols could be more than the 16 KB it may hold. */
export interface Attachment extends UnacknowledgedBytes {
  id: string;
  address: string;
  caller: string;
  anonymous: boolean;
  history: HistoryTerms;
  /** When its key expires, unix seconds; null for never. */
  expiresAt: number | null;
  connectedAt: number;
  /** The last ping, unix milliseconds, that counted as a frame although the platform answered it without waking the object. */
  pingedAt: number;
  /** When sending stopped, unix seconds; null while it goes on. */
  stoppedAt: number | null;
  /** The positions of the symbols that this socket keeps for its hub. */
  positions: Record<string, StoredPosition>;
}

/** What a connection reports to its object, and asks of it. */
export interface ConnectionHooks {
  /** Counts what all connections of the hub send. */
  counts: StreamCounts;
  /** Gathers the frames of all connections. */
  batcher: WriteBatcher;
  /** Sending has stopped. */
  onStop(connection: Connection): void;
  /** When the platform answered the socket's last ping, unix milliseconds; 0 where there was none. */
  pingedAt(socket: WebSocket): number;
}

/**
 * One socket, with its attachment at hand, so that a broadcast deserialises nothing. It counts what its client may not have read:
 * the platform says nothing of full buffers, and what is queued for a client that never reads stays in the object's memory. So
 * sending stops first, and the socket is closed later.
 */
export class Connection {
  readonly id: string;
  readonly socket: WebSocket;
  readonly #attachment: Attachment;
  readonly #limits: StreamLimits;
  readonly #hooks: ConnectionHooks;
  #pending: string[] = [];
  /** The last frame that woke the object, unix milliseconds. In memory only: it shows how the client does, and decides nothing. */
  #lastFrameAt = 0;

  constructor(socket: WebSocket, attachment: Attachment, settings: StreamLimits, hooks: ConnectionHooks) {
    this.socket = socket;
    this.#attachment = attachment;
    this.#limits = settings;
    this.#hooks = hooks;
    this.id = attachment.id;
  }

  get info(): Readonly<Attachment> {
    return this.#attachment;
  }

  /** Whether frames go out; false once the client is too far behind. */
  get isWritable(): boolean {
    return this.#attachment.stoppedAt === null;
  }

  /** When the client last sent something, unix milliseconds: a ping or another frame; else its arrival. */
  get lastActivityAt(): number {
    return Math.max(this.#lastFrameAt, this.#hooks.pingedAt(this.socket), this.#attachment.connectedAt * 1000);
  }

  /** Sends the frame of an event together with those of others, when the batch is written. */
  enqueue(text: string): void {
    if (this.#pending.length === 0) this.#hooks.batcher.add(this);
    this.#pending.push(text);
  }

  /** Sends what is queued. */
  flush(): void {
    const texts = this.#pending;
    if (texts.length === 0) return;
    this.#pending = [];
    for (const text of texts) {
      this.#attachment.unackedBytes += text.length;
      this.#write(text);
    }
  }

  /** Sends a frame, unless sending has stopped. Frames are ASCII but for a few, so that their length is their size. */
  send(text: string): void {
    this.flush();
    this.#attachment.unackedBytes += text.length;
    this.#write(text);
  }

  /** Sends the answer to a message: it may be as large as all that may be unacknowledged, and its client has just sent a message. */
  sendReply(text: string): void {
    this.flush();
    this.#write(text);
  }

  #write(text: string): void {
    const kept = this.#attachment;
    if (kept.stoppedAt !== null) return;
    kept.unconfirmedBytes += text.length;
    const { unacknowledgedBytes } = this.#limits;
    if (kept.unackedBytes > unacknowledgedBytes && this.#hasPinged()) kept.unackedBytes = text.length;
    if (isTooFarBehind(kept, unacknowledgedBytes)) {
      kept.stoppedAt = Date.now() / 1000;
      this.#save();
      this.#hooks.onStop(this);
      return;
    }
    try {
      this.socket.send(text);
      this.#hooks.counts.frames++;
    } catch (error) {
      // A socket that has just closed; the platform reports it by its own event.
      if (this.socket.readyState === WebSocket.READY_STATE_OPEN) throw error;
    }
  }

  /** Whether the client has sent a ping that has not counted yet. */
  #hasPinged(): boolean {
    const at = this.#hooks.pingedAt(this.socket);
    if (at === 0 || at === this.#attachment.pingedAt) return false;
    this.#attachment.pingedAt = at;
    this.#save();
    return true;
  }

  /** Any frame from the client shows that it reads. */
  onActivity(): void {
    this.#lastFrameAt = Date.now();
    this.#attachment.unackedBytes = 0;
  }

  /** The client has read everything up to a heartbeat. */
  acknowledge(beat: number): void {
    acknowledgeHeartbeat(this.#attachment, beat);
  }

  /** Sends a heartbeat, and keeps what is counted through a hibernation. */
  sendHeartbeat(beat: number, text: string): void {
    this.send(text);
    this.#attachment.mark = { beat, unconfirmedBytes: this.#attachment.unconfirmedBytes };
    this.#save();
  }

  /** Keeps a symbol's position for the whole hub, through hibernation and eviction; costs no write to the database. */
  savePosition(symbol: string, position: StoredPosition | null): void {
    if (position === null) delete this.#attachment.positions[symbol];
    else this.#attachment.positions[symbol] = position;
    this.#save();
  }

  close(code: number, reason: string): void {
    this.#attachment.stoppedAt ??= Date.now() / 1000;
    this.#save();
    this.socket.close(code, reason);
  }

  #save(): void {
    if (this.socket.readyState === WebSocket.READY_STATE_OPEN) this.socket.serializeAttachment(this.#attachment);
  }
}
