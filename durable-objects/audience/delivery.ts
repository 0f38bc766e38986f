import type { Feed, FeedEvent, FrameEvent, QuotePosition } from "./feed.ts";
import { gapFrame } from "./frames.ts";
import type { Outbox } from "./outbox.ts";
import { eventKey } from "./subscription.ts";
import type { Topic } from "./topic.ts";

type Numbered = Extract<FrameEvent, { channel: "quotes" | "gap" }>;
type Bar = Exclude<FrameEvent, Numbered>;

/** Hands a symbol's events on to those who listen to them, each once and in order. */
export interface Delivery {
  deliver(topic: Topic, events: readonly FeedEvent[]): Promise<void>;
  /** Gets what lies between the last event that was handed on and a position, and hands it on. */
  catchUp(topic: Topic, position: QuotePosition): Promise<void>;
}

const firstOf = (event: Numbered): number => (event.channel === "quotes" ? event.seq : event.fromSeq);
const lastOf = (event: Numbered): number => (event.channel === "quotes" ? event.seq : event.toSeq);

/** Where an event stands beside the last one that was handed on. */
function standing(event: Numbered, place: QuotePosition | null): "seen" | "next" | "hole" | "new_epoch" {
  if (place === null) return "next";
  if (event.epoch !== place.epoch) return "new_epoch";
  if (lastOf(event) <= place.seq) return "seen";
  return firstOf(event) <= place.seq + 1 ? "next" : "hole";
}

const SEQ = /"seq":(\d{1,16})/;
const TO_SEQ = /"to_seq":(\d{1,16})/;

/** A missed frame as the event that it was. */
function eventOf(text: string, epoch: string): Numbered | null {
  const seq = SEQ.exec(text)?.[1];
  if (text.startsWith('{"type":"market_data"') && seq) return { channel: "quotes", epoch, seq: Number(seq), text };
  const toSeq = TO_SEQ.exec(text)?.[1];
  if (!toSeq) return null;
  return { channel: "gap", epoch, fromSeq: Number(toSeq), toSeq: Number(toSeq), text };
}

/**
 * Opens the delivery.
 * @param startAgain sends subscribers a fresh confirmation, if what they missed cannot be sent event by event
 */
export function openDelivery(
  feed: Feed,
  startAgain: (topic: Topic, onlyConflated: boolean) => Promise<void>,
  outbox: Outbox,
): Delivery {
  const hand = (topic: Topic, event: FrameEvent): void => {
    for (const listener of topic.of(eventKey(event))) listener.take(event);
  };

  /** Hands a bar on, unless it comes again, or is one that was still open and has closed. */
  const handBar = (topic: Topic, event: Bar): void => {
    if (event.isClosed ? event.order <= topic.bars : event.order < topic.bars) return;
    topic.bars = Math.max(topic.bars, event.order);
    hand(topic, event);
  };

  const advance = (topic: Topic, event: Numbered): void => {
    topic.place = { epoch: event.epoch, seq: lastOf(event) };
    hand(topic, event);
  };

  /** Begins an epoch, unless its events have come already. */
  const beginEpoch = async (topic: Topic, position: QuotePosition): Promise<void> => {
    if (topic.place?.epoch === position.epoch) return;
    topic.place = position;
    await startAgain(topic, false);
  };

  const lose = (topic: Topic, from: QuotePosition, to: QuotePosition): void => {
    const text = gapFrame(topic.symbol, from.seq + 1, to.seq, "The events are no longer kept.");
    advance(topic, { channel: "gap", epoch: from.epoch, fromSeq: from.seq + 1, toSeq: to.seq, text });
  };

  /**
   * Hands on what came after a place.
   * @param next the event that is at hand: where what was before it is no longer kept, only that is lost, and otherwise all up to now
   */
  const repair = async (topic: Topic, place: QuotePosition, next: Numbered | null): Promise<void> => {
    const { position, recovered, missed } = await feed.missedQuotes(topic.symbol, place);
    if (position.epoch !== place.epoch) return beginEpoch(topic, position);
    if (position.seq <= place.seq) return;
    if (!recovered) return lose(topic, place, next === null ? position : { ...position, seq: firstOf(next) - 1 });
    for (const text of missed) {
      const event = eventOf(text, place.epoch);
      if (event !== null && standing(event, topic.place) !== "seen") advance(topic, event);
    }
  };

  const deliverNumbered = async (topic: Topic, event: Numbered): Promise<void> => {
    if (standing(event, topic.place) === "hole" && topic.place !== null) await repair(topic, topic.place, event);
    switch (standing(event, topic.place)) {
      case "seen":
        return;
      case "next":
        return advance(topic, event);
      case "hole":
        if (topic.place !== null) lose(topic, topic.place, { epoch: event.epoch, seq: firstOf(event) - 1 });
        return advance(topic, event);
      case "new_epoch":
        return beginEpoch(topic, { epoch: event.epoch, seq: lastOf(event) });
    }
  };

  /** Sends what was handed on, and only then keeps how far that was: what is kept is never handed on again. */
  const settle = async (topic: Topic): Promise<void> => {
    await outbox.sent();
    if (topic.place !== null) topic.keepPlace(topic.place);
  };

  const deliverAll = async (topic: Topic, events: readonly FeedEvent[]): Promise<void> => {
    if (topic.isWoken) {
      topic.isWoken = false;
      await startAgain(topic, true);
    }
    try {
      for (const event of events) {
        if (event.channel === "candles" || event.channel === "indicators") handBar(topic, event);
        else if (event.channel !== "epoch" && standing(event, topic.place) === "next") advance(topic, event);
        else {
          // The object may go while something is waited for, and then the push comes again.
          await settle(topic);
          await (event.channel === "epoch" ? beginEpoch(topic, event.position) : deliverNumbered(topic, event));
        }
      }
      topic.lastEventAt = Date.now();
    } finally {
      await settle(topic);
    }
  };

  /** One at a time for each symbol: what arrives while a hole is being filled comes after it. */
  const inTurn = (topic: Topic, work: () => Promise<void>): Promise<void> => {
    const before = topic.delivering ?? Promise.resolve();
    const run = before.then(work, work);
    const settled = run.finally(() => {
      if (topic.delivering === settled) topic.delivering = null;
    });
    topic.delivering = settled;
    return settled;
  };

  return {
    deliver: (topic, events) => inTurn(topic, () => deliverAll(topic, events)),
    catchUp: (topic, position) =>
      inTurn(topic, async () => {
        const { place } = topic;
        if (place === null || (place.epoch === position.epoch && place.seq >= position.seq)) return;
        await repair(topic, place, null);
        await settle(topic);
      }),
  };
}
