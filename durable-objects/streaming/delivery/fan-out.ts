import type { FrameEvent, QuotePosition, RoomClient, SymbolEvent } from "../../symbol-events/symbol-events.ts";
import type { WriteBatcher } from "../connections/write-batcher.ts";
import { gapFrame } from "../protocol/server-frames.ts";
import { eventKey } from "../protocol/subscription.ts";
import type { SymbolChannel } from "../subscriptions/channel.ts";

type NumberedEvent = Extract<FrameEvent, { channel: "quotes" | "gap" }>;
type BarFrame = Exclude<FrameEvent, NumberedEvent>;

const firstOf = (event: NumberedEvent): number => (event.channel === "quotes" ? event.seq : event.fromSeq);
const lastOf = (event: NumberedEvent): number => (event.channel === "quotes" ? event.seq : event.toSeq);

/** An event in relation to the last one that was published. */
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

/** Publishes the events of symbols to their subscribers, each once and in order. */
export class FanOut {
  readonly #room: RoomClient;
  readonly #channelOf: (symbol: string) => SymbolChannel | undefined;
  readonly #resubscribe: (channel: SymbolChannel, onlyConflated: boolean) => Promise<void>;
  readonly #batcher: WriteBatcher;
  readonly #onQueued: () => void;

  /**
   * @param resubscribe sends subscribers a fresh confirmation, if what they missed cannot be sent event by event
   * @param onQueued called when frames wait, before they are written
   */
  constructor(
    room: RoomClient,
    channelOf: (symbol: string) => SymbolChannel | undefined,
    resubscribe: (channel: SymbolChannel, onlyConflated: boolean) => Promise<void>,
    batcher: WriteBatcher,
    onQueued: () => void,
  ) {
    this.#room = room;
    this.#channelOf = channelOf;
    this.#resubscribe = resubscribe;
    this.#batcher = batcher;
    this.#onQueued = onQueued;
  }

  /** Publishes events of a symbol to its subscribers; false if there are none, and were none for a while. */
  async publish(symbol: string, events: readonly SymbolEvent[]): Promise<boolean> {
    const channel = this.#channelOf(symbol);
    if (!channel || channel.isAbandoned(Date.now())) return false;
    await channel.inOrder(() => this.#publishAll(channel, events));
    return true;
  }

  /** Fetches the events between the last one that was published and a position, and publishes them. */
  catchUp(channel: SymbolChannel, position: QuotePosition): Promise<void> {
    return channel.inOrder(async () => {
      const { position: current } = channel;
      if (current === null || (current.epoch === position.epoch && current.seq >= position.seq)) return;
      await this.#backfillGap(channel, current, null);
      await this.#commit(channel);
    });
  }

  #fanOut(channel: SymbolChannel, event: FrameEvent): void {
    for (const subscriber of channel.subscribersOf(eventKey(event))) {
      const text = subscriber.onEvent(event);
      if (text !== null) subscriber.connection.enqueue(text);
    }
  }

  /** Fans a bar out, unless it was fanned out before, or is an open one that has closed since. */
  #fanOutBar(channel: SymbolChannel, event: BarFrame): void {
    if (channel.advanceBars(event.order, event.isClosed)) this.#fanOut(channel, event);
  }

  #advance(channel: SymbolChannel, event: NumberedEvent): void {
    channel.advance({ epoch: event.epoch, seq: lastOf(event) });
    this.#fanOut(channel, event);
  }

  /** Begins an epoch, unless its events have come already. */
  async #beginEpoch(channel: SymbolChannel, position: QuotePosition): Promise<void> {
    if (channel.position?.epoch === position.epoch) return;
    channel.advance(position);
    await this.#resubscribe(channel, false);
  }

  #emitGap(channel: SymbolChannel, from: QuotePosition, to: QuotePosition): void {
    const text = gapFrame(channel.symbol, from.seq + 1, to.seq, "The events are no longer kept.");
    this.#advance(channel, { channel: "gap", epoch: from.epoch, fromSeq: from.seq + 1, toSeq: to.seq, text });
  }

  /**
   * Publishes what came after a position.
   * @param next the event at hand: if what was before it is no longer kept, only that is lost, and otherwise all up to now
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

  /** Writes what was fanned out, and only then saves the position: what is saved is never published again. */
  async #commit(channel: SymbolChannel): Promise<void> {
    this.#onQueued();
    await this.#batcher.whenFlushed();
    channel.savePosition();
  }

  async #publishAll(channel: SymbolChannel, events: readonly SymbolEvent[]): Promise<void> {
    if (channel.takeResumed()) await this.#resubscribe(channel, true);
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
      channel.noteEvent(Date.now());
    } finally {
      await this.#commit(channel);
    }
  }
}
