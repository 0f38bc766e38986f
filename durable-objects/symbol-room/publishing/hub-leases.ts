import type { Interval } from "../../../core/interval.ts";
import type { IndicatorInterest, Interest, SymbolEvent } from "../../symbol-events/symbol-events.ts";
import { PushQueue } from "./push-queue.ts";

/** Seconds for which an hub is sent what happens unless it says again that it wants to be. */
export const LEASE_SECONDS = 90;
/**
 * After a push that failed: seconds to the next, doubled each time, and never more than the longest. What waits is in memory, which
 * goes after ten seconds in which nothing happens.
 */
const MIN_RETRY_SECONDS = 1;
export const MAX_RETRY_SECONDS = 8;

/** Takes events to an hub by its name; false where it does not want the symbol any more. */
export type PublishToHub = (hub: string, symbol: string, events: SymbolEvent[]) => Promise<boolean>;

/** The name under which a room's own sockets attend. */
export const OWN_SESSIONS = "";

/** What the room does when an hub changes by itself. */
export interface HubLeaseEvents {
  publish: PublishToHub;
  /** A client is gone. */
  onReleased(): void;
  /** Everyone has taken all that has been sent, which were bars up to this order. */
  onAllTaken(order: number): void;
  /** Asks for a call of `retry` in that many seconds. */
  retryIn(seconds: number): void;
}

interface HubLease {
  wants: Interest;
  until: number;
  queue: PushQueue | null;
}

const NOTHING: Interest = { quotes: false, candles: [], indicators: [] };

/** Whether an hub wants nothing. */
export const isEmptyInterest = ({ quotes, candles, indicators }: Interest): boolean =>
  !quotes && candles.length === 0 && indicators.length === 0;

/** What says the indicators of one symbol apart. */
export const indicatorKey = ({ interval, spec }: IndicatorInterest): string => `${interval} ${spec}`;

function isInterested(interest: Interest, event: SymbolEvent): boolean {
  switch (event.channel) {
    case "epoch":
      return true;
    case "quotes":
    case "gap":
      return interest.quotes;
    case "candles":
      return interest.candles.includes(event.interval);
    case "indicators":
      return interest.indicators.some(
        (indicator) => indicator.interval === event.interval && indicator.spec === event.spec,
      );
  }
}

function unionOf(all: readonly Interest[]): Interest {
  const indicators = new Map(
    all.flatMap((interest) => interest.indicators.map((indicator) => [indicatorKey(indicator), indicator])),
  );
  return {
    quotes: all.some(({ quotes }) => quotes),
    candles: [...new Set(all.flatMap(({ candles }) => candles))],
    indicators: [...indicators.values()],
  };
}

/** Who listens to a room, and to what. Leases are kept in the database; what waits to be sent only in memory. */
export class HubLeases {
  readonly #sql: SqlStorage;
  readonly #hooks: HubLeaseEvents;
  readonly #leases = new Map<string, HubLease>();
  #all: Interest | null = null;
  /** The order of the last bar that was sent. */
  #lastOrder = 0;

  constructor(sql: SqlStorage, hooks: HubLeaseEvents) {
    this.#sql = sql;
    this.#hooks = hooks;
    const rows = this.#sql.exec<{ hub: string; wants: string; until: number }>(
      "select hub, wants, until from attendees",
    );
    for (const { hub, wants: interest, until } of rows)
      this.#leases.set(hub, { wants: JSON.parse(interest), until, queue: null });
  }

  /** Notes what an hub wants from now on, in place of what it wanted; returns the end of its lease. Nothing ends it. */
  renew(hub: string, interest: Interest, now: number): number {
    if (isEmptyInterest(interest)) {
      this.#release(hub);
      return now;
    }
    this.#all = null;
    const until = now + LEASE_SECONDS;
    this.#leases.set(hub, { wants: interest, until, queue: this.#leases.get(hub)?.queue ?? null });
    const text = JSON.stringify(interest);
    this.#sql.exec("insert or replace into attendees (hub, wants, until) values (?, ?, ?)", hub, text, until);
    return until;
  }

  /** Shortens leases that end later than a lease can: the clock was set back. */
  capExpiry(now: number): void {
    for (const [hub, lease] of this.#leases) {
      if (lease.until <= now + LEASE_SECONDS) continue;
      lease.until = now + LEASE_SECONDS;
      this.#sql.exec("update attendees set until = ? where hub = ?", lease.until, hub);
    }
  }

  /** Forgets those whose lease has run out. */
  expire(now: number): void {
    for (const [hub, { until }] of this.#leases) if (until <= now) this.#release(hub);
    this.#checkAllTaken();
  }

  /** All that anyone wants. */
  interest(): Interest {
    this.#all ??=
      this.#leases.size === 0 ? NOTHING : unionOf(Array.from(this.#leases.values(), ({ wants: interest }) => interest));
    return this.#all;
  }

  /** The indicators that hub other than this one want. */
  indicatorsOfOthers(hub: string): IndicatorInterest[] {
    return [...this.#leases].flatMap(([name, { wants: interest }]) => (name === hub ? [] : interest.indicators));
  }

  /** When the next lease runs out; null where no one attends. */
  nextExpiry(): number | null {
    return this.#leases.size === 0 ? null : Math.min(...Array.from(this.#leases.values(), ({ until }) => until));
  }

  /** Sends each hub what of these events it wants. */
  publish(symbol: string, events: readonly SymbolEvent[]): void {
    this.#fanOut(symbol, events, (line, indicator) => line.send(indicator));
  }

  /** Has each hub sent what of these events it wants with the next push. */
  enqueue(symbol: string, events: readonly SymbolEvent[]): void {
    this.#fanOut(symbol, events, (line, indicator) => line.enqueue(indicator));
  }

  /** Tries the hub again that did not answer. */
  retry(): void {
    for (const { queue } of this.#leases.values()) queue?.retry();
  }

  #checkAllTaken(): void {
    if (this.#lastOrder === 0) return;
    for (const { queue } of this.#leases.values()) if (queue?.isEmpty === false) return;
    this.#hooks.onAllTaken(this.#lastOrder);
    this.#lastOrder = 0;
  }

  #release(hub: string): void {
    this.#all = null;
    if (this.#leases.delete(hub)) this.#sql.exec("delete from attendees where hub = ?", hub);
  }

  // An hub that refused, and has said meanwhile that it does want the symbol, is not forgotten.
  #publishTo(hub: string, symbol: string) {
    return async (events: SymbolEvent[]) => {
      const before = this.#leases.get(hub);
      return (await this.#hooks.publish(hub, symbol, events)) || this.#leases.get(hub) !== before;
    };
  }

  #queueTo(hub: string, symbol: string): PushQueue {
    return new PushQueue(hub, this.#publishTo(hub, symbol), {
      taken: () => this.#checkAllTaken(),
      refused: () => {
        this.#release(hub);
        this.#hooks.onReleased();
        this.#checkAllTaken();
      },
      failed: (times) => this.#hooks.retryIn(Math.min(MAX_RETRY_SECONDS, MIN_RETRY_SECONDS * 2 ** (times - 1))),
    });
  }

  /** Takes what each hub wants of these events to the line to it. */
  #fanOut(symbol: string, events: readonly SymbolEvent[], take: (line: PushQueue, indicator: SymbolEvent[]) => void) {
    for (const event of events)
      if ("order" in event && event.isClosed) this.#lastOrder = Math.max(this.#lastOrder, event.order);
    for (const [hub, lease] of this.#leases) {
      const indicator = events.filter((event) => isInterested(lease.wants, event));
      if (indicator.length === 0) continue;
      lease.queue ??= this.#queueTo(hub, symbol);
      take(lease.queue, indicator);
    }
    this.#checkAllTaken();
  }
}

/** The intervals whose bars a client wants, for themselves or for an indicator. */
export function intervalsOf({ candles, indicators }: Interest): Interval[] {
  return [...new Set([...candles, ...indicators.map(({ interval }) => interval)])];
}
