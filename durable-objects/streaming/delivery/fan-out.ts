import type { FrameEvent, QuotePosition, RoomClient, SymbolEvent } from "../../symbol-events/symbol-events.ts";
import type { WriteBatcher } from "../connections/write-batcher.ts";
import { gapFrame } from "../protocol/server-frames.ts";
import { eventKey } from "../protocol/subscription.ts";
import type { SymbolChannel } from "../subscriptions/channel.ts";

type NumberedEvent = Extract<FrameEvent, { channel: "quotes" | "gap" }>;
type BarFrame = Exclude<FrameEvent, NumberedEvent>;

const firstOf = (event: NumberedEvent): number => (event.channel === "quotes" ? event.seq : event.fromSeq);
const lastOf = (event: NumberedEvent): number => (event.channel === "quotes" ? event.seq : event.toSeq);

/** Where an event stands beside the last one that was handed on. */
function compareToPosition(
  event: NumberedEvent,
  position: QuotePosition | null,
): "seen" | "next" | "gap" | "new_epoch" {
  if (position === null) return "next";
  if (event.epoch !== position.epoch) return "new_epoch";
  if (lastOf(event) <= position.seq) return "seen";
  return firstOf(event) <= position.seq + 1 ? "next" : "gap";
}

const SEQ = /"seq":(\d{1,16})/;
const TO_SEQ = /"to_seq":(\d{1,16})/;

/** A missed frame as the event that it was. */
function eventOf(text: string, epoch: string): NumberedEvent | null {
  const seq = SEQ.exec(text)?.[1];
  if (text.startsWith('{"type":"market_data"') && seq) return { channel: "quotes", epoch, seq: Number(seq), text };
  const toSeq = TO_SEQ.exec(text)?.[1];
  if (!toSeq) return null;
  return { channel: "gap", epoch, fromSeq: Number(toSeq), toSeq: Number(toSeq), text };
}

/** Hands a symbol's events on to those who listen to them, each once and in order. */
export class FanOut {
  readonly #room: RoomClient;
  readonly #resubscribe: (channel: SymbolChannel, onlyConflated: boolean) => Promise<void>;
  readonly #batcher: WriteBatcher;

  /**
   * @param startAgain sends subscribers a fresh confirmation, if what they missed cannot be sent event by event
   */
  constructor(
    room: RoomClient,
    resubscribe: (channel: SymbolChannel, onlyConflated: boolean) => Promise<void>,
    batcher: WriteBatcher,
  ) {
    this.#room = room;
    this.#resubscribe = resubscribe;
    this.#batcher = batcher;
  }

  publish(channel: SymbolChannel, events: readonly SymbolEvent[]): Promise<void> {
    return this.#inOrder(channel, () => this.#publishAll(channel, events));
  }

  /** Gets what lies between the last event that was handed on and a position, and hands it on. */
  catchUp(channel: SymbolChannel, position: QuotePosition): Promise<void> {
    return this.#inOrder(channel, async () => {
      const { position: current } = channel;
      if (current === null || (current.epoch === position.epoch && current.seq >= position.seq)) return;
      await this.#backfillGap(channel, current, null);
      await this.#commit(channel);
    });
  }

  #fanOut(channel: SymbolChannel, event: FrameEvent): void {
    for (const subscriber of channel.subscribersOf(eventKey(event))) subscriber.onEvent(event);
  }

  /** Hands a bar on, unless it comes again, or is one that was still open and has closed. */
  #fanOutBar(channel: SymbolChannel, event: BarFrame): void {
    if (event.isClosed ? event.order <= channel.lastBarOrder : event.order < channel.lastBarOrder) return;
    channel.lastBarOrder = Math.max(channel.lastBarOrder, event.order);
    this.#fanOut(channel, event);
  }

  #advance(channel: SymbolChannel, event: NumberedEvent): void {
    channel.position = { epoch: event.epoch, seq: lastOf(event) };
    this.#fanOut(channel, event);
  }

  /** Begins an epoch, unless its events have come already. */
  async #beginEpoch(channel: SymbolChannel, position: QuotePosition): Promise<void> {
    if (channel.position?.epoch === position.epoch) return;
    channel.position = position;
    await this.#resubscribe(channel, false);
  }

  #emitGap(channel: SymbolChannel, from: QuotePosition, to: QuotePosition): void {
    const text = gapFrame(channel.symbol, from.seq + 1, to.seq, "The events are no longer kept.");
    this.#advance(channel, { channel: "gap", epoch: from.epoch, fromSeq: from.seq + 1, toSeq: to.seq, text });
  }

  /**
   * Hands on what came after a position.
   * @param next the event that is at hand: where what was before it is no longer kept, only that is lost, and otherwise all up to now
   */
  async #backfillGap(channel: SymbolChannel, current: QuotePosition, next: NumberedEvent | null): Promise<void> {
    const { position, recovered, missed } = await this.#room.replayQuotes(channel.symbol, current);
    if (position.epoch !== current.epoch) return this.#beginEpoch(channel, position);
    if (position.seq <= current.seq) return;
    if (!recovered)
      return this.#emitGap(channel, current, next === null ? position : { ...position, seq: firstOf(next) - 1 });
    for (const text of missed) {
      const event = eventOf(text, current.epoch);
      if (event !== null && compareToPosition(event, channel.position) !== "seen") this.#advance(channel, event);
    }
  }

  async #publishNumbered(channel: SymbolChannel, event: NumberedEvent): Promise<void> {
    if (compareToPosition(event, channel.position) === "gap" && channel.position !== null)
      await this.#backfillGap(channel, channel.position, event);
    switch (compareToPosition(event, channel.position)) {
      case "seen":
        return;
      case "next":
        return this.#advance(channel, event);
      case "gap":
        if (channel.position !== null)
          this.#emitGap(channel, channel.position, { epoch: event.epoch, seq: firstOf(event) - 1 });
        return this.#advance(channel, event);
      case "new_epoch":
        return this.#beginEpoch(channel, { epoch: event.epoch, seq: lastOf(event) });
    }
  }

  /** Sends what was handed on, and only then keeps how far that was: what is kept is never handed on again. */
  async #commit(channel: SymbolChannel): Promise<void> {
    await this.#batcher.whenFlushed();
    if (channel.position !== null) channel.savePosition(channel.position);
  }

  async #publishAll(channel: SymbolChannel, events: readonly SymbolEvent[]): Promise<void> {
    if (channel.resumedFromHibernation) {
      channel.resumedFromHibernation = false;
      await this.#resubscribe(channel, true);
    }
    try {
      for (const event of events) {
        if (event.channel === "candles" || event.channel === "indicators") this.#fanOutBar(channel, event);
        else if (event.channel !== "epoch" && compareToPosition(event, channel.position) === "next")
          this.#advance(channel, event);
        else {
          // The object may go while something is waited for, and then the push comes again.
          await this.#commit(channel);
          await (event.channel === "epoch"
            ? this.#beginEpoch(channel, event.position)
            : this.#publishNumbered(channel, event));
        }
      }
      channel.lastEventAt = Date.now();
    } finally {
      await this.#commit(channel);
    }
  }

  /** One at a time for each symbol: what arrives while a gap is being filled comes after it. */
  #inOrder(channel: SymbolChannel, work: () => Promise<void>): Promise<void> {
    const before = channel.publishing ?? Promise.resolve();
    const run = before.then(work, work);
    const settled = run.finally(() => {
      if (channel.publishing === settled) channel.publishing = null;
    });
    channel.publishing = settled;
    return settled;
  }
}
