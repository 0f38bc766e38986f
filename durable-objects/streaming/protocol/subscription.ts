import type { Channel, Delivery } from "../../../contracts/stream.ts";
import type { Interval } from "../../../core/interval.ts";
import type { FrameEvent } from "../../symbol-events/symbol-events.ts";

/** What may be listened to of a symbol. */
export type Subject =
  | { channel: "quotes" }
  | { channel: "candles"; interval: Interval }
  | { channel: "indicators"; interval: Interval; indicator: string };

/** A subscription, as it is kept and as its client sees it. */
export type Subscription = Subject & { symbol: string; delivery: Delivery };

/** What distinguishes subjects of one symbol. */
export function subjectKey(context: Subject): string {
  switch (context.channel) {
    case "quotes":
      return "quotes";
    case "candles":
      return `candles ${context.interval}`;
    case "indicators":
      return `indicators ${context.interval} ${context.indicator}`;
  }
}

/** The subject of an event; a gap is one of quotes. */
export function eventKey(event: FrameEvent): string {
  switch (event.channel) {
    case "quotes":
    case "gap":
      return "quotes";
    case "candles":
      return `candles ${event.interval}`;
    case "indicators":
      return `indicators ${event.interval} ${event.spec}`;
  }
}

/** Which of a socket's subscriptions a client means: null stands for all. */
export interface Selection {
  symbols: ReadonlySet<string> | null;
  channel: Channel | null;
  interval: Interval | null;
  indicators: ReadonlySet<string> | null;
}

/** Whether a subscription is one of those that are meant. */
export function isSelected(subscription: Subscription, selection: Selection): boolean {
  const { symbols, channel, interval, indicators } = selection;
  if (symbols !== null && !symbols.has(subscription.symbol)) return false;
  if (channel !== null && subscription.channel !== channel) return false;
  if (subscription.channel === "quotes") return true;
  if (interval !== null && subscription.interval !== interval) return false;
  return subscription.channel === "candles" || indicators === null || indicators.has(subscription.indicator);
}
