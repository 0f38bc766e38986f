import type { FrameEvent, QuotePosition } from "../../symbol-events/symbol-events.ts";
import { Conflation, type ConflationTimer } from "../connections/conflation.ts";
import type { Connection } from "../connections/connection.ts";
import type { StreamLoad } from "../connections/stream-load.ts";
import type { Subscription } from "../protocol/subscription.ts";

/** From where on a subscriber receives events: a position in the quotes, the opening of the last bar it has, or everything. */
export type Start = { quotes: QuotePosition } | { bars: number | null };

const REVISED = '"state":"revised"';

/** One subscription of one socket. It buffers events until the socket's confirmation is written, and lets them through after that. */
export class Subscriber {
  readonly connection: Connection;
  readonly subscription: Subscription;
  readonly #conflation: Conflation | null;
  #buffer: FrameEvent[] | null = null;
  #start: Start = { bars: null };

  constructor(connection: Connection, subscription: Subscription, waiting: ConflationTimer, load: StreamLoad) {
    this.connection = connection;
    this.subscription = subscription;
    const { delivery } = subscription;
    const send = (text: string): void => connection.send(text);
    this.#conflation =
      delivery.mode === "conflate" ? new Conflation(delivery.max_hz, waiting, send, () => load.conflationFactor) : null;
  }

  get isConflated(): boolean {
    return this.#conflation !== null;
  }

  get isBuffering(): boolean {
    return this.#buffer !== null;
  }

  /** Begins to hold events back; what waits to be sent is forgotten, for a confirmation follows. */
  startBuffering(): void {
    this.#conflation?.drop();
    this.#buffer ??= [];
  }

  /**
   * Goes on from `start`: what was held and comes after it is sent.
   * @param current the epoch that events have now; events of an earlier one came before `start`
   */
  stopBuffering(start: Start, current: string | null): void {
    this.#start = start;
    const held = this.#buffer ?? [];
    this.#buffer = null;
    for (const event of held) {
      const isPast = "epoch" in event && "quotes" in start && event.epoch !== start.quotes.epoch;
      if (isPast && event.epoch !== current) continue;
      const text = this.onEvent(event);
      if (text !== null) this.connection.enqueue(text);
    }
    this.connection.flush();
  }

  /** The frame to write for an event now; null if it is buffered, conflated, or known to the client. */
  onEvent(event: FrameEvent): string | null {
    if (this.#buffer !== null) {
      this.#buffer.push(event);
      return null;
    }
    if (this.#isKnown(event)) return null;
    return this.#conflation === null ? event.text : this.#conflate(this.#conflation, event);
  }

  /** Forgets what waits, before the listener goes. */
  end(): void {
    this.#conflation?.drop();
    this.#buffer = null;
  }

  #conflate(conflation: Conflation, event: FrameEvent): null {
    const mayBeLeftOut = event.channel === "quotes" || (event.channel !== "gap" && !event.isClosed);
    if (mayBeLeftOut) {
      conflation.onEvent(event.text);
      return null;
    }
    // A closed bar makes the pending open one useless; a gap comes after the quotes before it.
    if (event.channel === "gap") conflation.flush();
    else conflation.drop();
    this.connection.send(event.text);
    return null;
  }

  /** Whether the client has an event already, by its confirmation. A revision is news at any time. */
  #isKnown(event: FrameEvent): boolean {
    if (event.channel === "quotes" || event.channel === "gap") {
      if (!("quotes" in this.#start) || event.epoch !== this.#start.quotes.epoch) return false;
      const last = event.channel === "quotes" ? event.seq : event.toSeq;
      return last <= this.#start.quotes.seq;
    }
    if (!("bars" in this.#start) || this.#start.bars === null || event.time > this.#start.bars) return false;
    return !event.text.includes(REVISED);
  }
}
