import type { FrameEvent, QuotePosition } from "../../symbol-events/symbol-events.ts";
import { Conflation, type ConflationTimer } from "../connections/conflation.ts";
import type { Connection } from "../connections/connection.ts";
import type { Subscription } from "../protocol/subscription.ts";

/** From where on a listener receives: a position in the quotes, the opening of the last bar it has, or everything. */
export type Start = { quotes: QuotePosition } | { bars: number | null };

const REVISED = '"state":"revised"';

/** One subscription of one socket. It holds back what happens until the socket's confirmation is out, and lets it through after that. */
export class Subscriber {
  readonly connection: Connection;
  readonly subscription: Subscription;
  private readonly conflation: Conflation | null;
  private buffer: FrameEvent[] | null = null;
  private start: Start = { bars: null };

  constructor(connection: Connection, subscription: Subscription, waiting: ConflationTimer) {
    this.connection = connection;
    this.subscription = subscription;
    const { delivery } = subscription;
    const send = (text: string): void => connection.send(text);
    this.conflation = delivery.mode === "conflate" ? new Conflation(delivery.max_hz, waiting, send) : null;
  }

  get isConflated(): boolean {
    return this.conflation !== null;
  }

  get isBuffering(): boolean {
    return this.buffer !== null;
  }

  /** Begins to hold events back; what waits to be sent is forgotten, for a confirmation follows. */
  startBuffering(): void {
    this.conflation?.drop();
    this.buffer ??= [];
  }

  /**
   * Goes on from `start`: what was held and comes after it is sent.
   * @param current the epoch that events have now; events of an earlier one came before `start`
   */
  stopBuffering(start: Start, current: string | null): void {
    this.start = start;
    const held = this.buffer ?? [];
    this.buffer = null;
    for (const event of held) {
      const isPast = "epoch" in event && "quotes" in start && event.epoch !== start.quotes.epoch;
      if (!isPast || event.epoch === current) this.onEvent(event);
    }
    this.connection.flush();
  }

  /** Handles an event. */
  onEvent(event: FrameEvent): void {
    if (this.buffer !== null) this.buffer.push(event);
    else if (!this.isKnown(event)) this.forward(event);
  }

  /** Forgets what waits, before the listener goes. */
  end(): void {
    this.conflation?.drop();
    this.buffer = null;
  }

  private forward(event: FrameEvent): void {
    if (this.conflation === null) {
      this.connection.enqueue(event.text);
      return;
    }
    const mayBeLeftOut = event.channel === "quotes" || (event.channel !== "gap" && !event.isClosed);
    if (mayBeLeftOut) {
      this.conflation.onEvent(event.text);
      return;
    }
    // A closed bar makes the forming one that waits useless; a gap comes after the quotes before it.
    if (event.channel === "gap") this.conflation.flush();
    else this.conflation.drop();
    this.connection.send(event.text);
  }

  /** Whether the client has an event already, by its confirmation. A revision is news at any time. */
  private isKnown(event: FrameEvent): boolean {
    if (event.channel === "quotes" || event.channel === "gap") {
      if (!("quotes" in this.start) || event.epoch !== this.start.quotes.epoch) return false;
      const last = event.channel === "quotes" ? event.seq : event.toSeq;
      return last <= this.start.quotes.seq;
    }
    if (!("bars" in this.start) || this.start.bars === null || event.time > this.start.bars) return false;
    return !event.text.includes(REVISED);
  }
}
