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
): "seen" | "next" | "hole" | "new_epoch" {
  if (position === null) return "next";
  if (event.epoch !== position.epoch) return "new_epoch";
  if (lastOf(event) <= position.seq) return "seen";
  return firstOf(event) <= position.seq + 1 ? "next" : "hole";
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
  readonly #resubscribe: (topic: SymbolChannel, onlyConflated: boolean) => Promise<void>;
  readonly #batcher: WriteBatcher;

  /**
   * @param startAgain sends subscribers a fresh confirmation, if what they missed cannot be sent event by event
   */
  constructor(
    room: RoomClient,
    resubscribe: (topic: SymbolChannel, onlyConflated: boolean) => Promise<void>,
    batcher: WriteBatcher,
  ) {
    this.#room = room;
    this.#resubscribe = resubscribe;
    this.#batcher = batcher;
  }

  publish(topic: SymbolChannel, events: readonly SymbolEvent[]): Promise<void> {
    return this.#inOrder(topic, () => this.#publishAll(topic, events));
  }

  /** Gets what lies between the last event that was handed on and a position, and hands it on. */
  catchUp(topic: SymbolChannel, position: QuotePosition): Promise<void> {
    return this.#inOrder(topic, async () => {
      const { position: current } = topic;
      if (current === null || (current.epoch === position.epoch && current.seq >= position.seq)) return;
      await this.#backfillGap(topic, current, null);
      await this.#commit(topic);
    });
  }

  #fanOut(topic: SymbolChannel, event: FrameEvent): void {
    for (const listener of topic.subscribersOf(eventKey(event))) listener.onEvent(event);
  }

  /** Hands a bar on, unless it comes again, or is one that was still open and has closed. */
  #fanOutBar(topic: SymbolChannel, event: BarFrame): void {
    if (event.isClosed ? event.order <= topic.lastBarOrder : event.order < topic.lastBarOrder) return;
    topic.lastBarOrder = Math.max(topic.lastBarOrder, event.order);
    this.#fanOut(topic, event);
  }

  #advance(topic: SymbolChannel, event: NumberedEvent): void {
    topic.position = { epoch: event.epoch, seq: lastOf(event) };
    this.#fanOut(topic, event);
  }

  /** Begins an epoch, unless its events have come already. */
  async #beginEpoch(topic: SymbolChannel, position: QuotePosition): Promise<void> {
    if (topic.position?.epoch === position.epoch) return;
    topic.position = position;
    await this.#resubscribe(topic, false);
  }

  #emitGap(topic: SymbolChannel, from: QuotePosition, to: QuotePosition): void {
    const text = gapFrame(topic.symbol, from.seq + 1, to.seq, "The events are no longer kept.");
    this.#advance(topic, { channel: "gap", epoch: from.epoch, fromSeq: from.seq + 1, toSeq: to.seq, text });
  }

  /**
   * Hands on what came after a place.
   * @param next the event that is at hand: where what was before it is no longer kept, only that is lost, and otherwise all up to now
   */
  async #backfillGap(topic: SymbolChannel, place: QuotePosition, next: NumberedEvent | null): Promise<void> {
    const { position, recovered, missed } = await this.#room.replayQuotes(topic.symbol, place);
    if (position.epoch !== place.epoch) return this.#beginEpoch(topic, position);
    if (position.seq <= place.seq) return;
    if (!recovered)
      return this.#emitGap(topic, place, next === null ? position : { ...position, seq: firstOf(next) - 1 });
    for (const text of missed) {
      const event = eventOf(text, place.epoch);
      if (event !== null && compareToPosition(event, topic.position) !== "seen") this.#advance(topic, event);
    }
  }

  async #publishNumbered(topic: SymbolChannel, event: NumberedEvent): Promise<void> {
    if (compareToPosition(event, topic.position) === "hole" && topic.position !== null)
      await this.#backfillGap(topic, topic.position, event);
    switch (compareToPosition(event, topic.position)) {
      case "seen":
        return;
      case "next":
        return this.#advance(topic, event);
      case "hole":
        if (topic.position !== null)
          this.#emitGap(topic, topic.position, { epoch: event.epoch, seq: firstOf(event) - 1 });
        return this.#advance(topic, event);
      case "new_epoch":
        return this.#beginEpoch(topic, { epoch: event.epoch, seq: lastOf(event) });
    }
  }

  /** Sends what was handed on, and only then keeps how far that was: what is kept is never handed on again. */
  async #commit(topic: SymbolChannel): Promise<void> {
    await this.#batcher.whenFlushed();
    if (topic.position !== null) topic.savePosition(topic.position);
  }

  async #publishAll(topic: SymbolChannel, events: readonly SymbolEvent[]): Promise<void> {
    if (topic.resumedFromHibernation) {
      topic.resumedFromHibernation = false;
      await this.#resubscribe(topic, true);
    }
    try {
      for (const event of events) {
        if (event.channel === "candles" || event.channel === "indicators") this.#fanOutBar(topic, event);
        else if (event.channel !== "epoch" && compareToPosition(event, topic.position) === "next")
          this.#advance(topic, event);
        else {
          // The object may go while something is waited for, and then the push comes again.
          await this.#commit(topic);
          await (event.channel === "epoch"
            ? this.#beginEpoch(topic, event.position)
            : this.#publishNumbered(topic, event));
        }
      }
      topic.lastEventAt = Date.now();
    } finally {
      await this.#commit(topic);
    }
  }

  /** One at a time for each symbol: what arrives while a hole is being filled comes after it. */
  #inOrder(topic: SymbolChannel, work: () => Promise<void>): Promise<void> {
    const before = topic.publishing ?? Promise.resolve();
    const run = before.then(work, work);
    const settled = run.finally(() => {
      if (topic.publishing === settled) topic.publishing = null;
    });
    topic.publishing = settled;
    return settled;
  }
}
