import type { Interval } from "../../../core/interval.ts";
import type { IndicatorInterest, Interest, SymbolEvent } from "../../symbol-events/symbol-events.ts";
import { openPushQueue, type PushQueue } from "./push-queue.ts";

/** Seconds for which an audience is told what happens unless it says again that it wants to be. */
export const LEASE_SECONDS = 90;
/**
 * After a push that failed: seconds to the next, doubled each time, and never more than the longest. What waits is in memory, which
 * goes after ten seconds in which nothing happens.
 */
const MIN_RETRY_SECONDS = 1;
export const MAX_RETRY_SECONDS = 8;

/** Takes events to an audience by its name; false where it does not want the symbol any more. */
export type PublishToHub = (audience: string, symbol: string, events: SymbolEvent[]) => Promise<boolean>;

/** The name under which a room's own sockets attend. */
export const OWN_SESSIONS = "";

/** Who listens to a room, and to what. Leases are kept in the database; what waits to be sent only in memory. */
export interface HubLeases {
  /** Notes what an audience wants from now on, in place of what it wanted; gives the end of its lease. Nothing ends it. */
  renew(hub: string, interest: Interest, now: number): number;
  /** Shortens leases that end later than a lease can: the clock was set back. */
  capExpiry(now: number): void;
  /** Forgets those whose lease has run out. */
  expire(now: number): void;
  /** All that anybody wants. */
  interest(): Interest;
  /** The indicators that audiences other than this one want. */
  indicatorsOfOthers(hub: string): IndicatorInterest[];
  /** When the next lease runs out; null where nobody attends. */
  nextExpiry(): number | null;
  /** Tells each audience what of these events it wants. */
  publish(symbol: string, events: readonly SymbolEvent[]): void;
  /** Has each audience told what of these events it wants with the next push. */
  enqueue(symbol: string, events: readonly SymbolEvent[]): void;
  /** Tries the audiences again that did not answer. */
  retry(): void;
}

/** What the room does when an audience changes by itself. */
export interface HubLeaseEvents {
  publish: PublishToHub;
  /** Somebody is gone. */
  onReleased(): void;
  /** Everyone has taken all that has been told, which were bars up to this order. */
  onAllTaken(order: number): void;
  /** Asks for a call of `retry` in so many seconds. */
  retryIn(seconds: number): void;
}

interface HubLease {
  wants: Interest;
  until: number;
  queue: PushQueue | null;
}

const NOTHING: Interest = { quotes: false, candles: [], indicators: [] };

/** Whether an audience wants nothing. */
export const isEmptyInterest = ({ quotes, candles, indicators }: Interest): boolean =>
  !quotes && candles.length === 0 && indicators.length === 0;

/** What tells the indicators of one symbol apart. */
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
      return interest.indicators.some((wanted) => wanted.interval === event.interval && wanted.spec === event.spec);
  }
}

function unionOf(all: readonly Interest[]): Interest {
  const indicators = new Map(all.flatMap((wants) => wants.indicators.map((wanted) => [indicatorKey(wanted), wanted])));
  return {
    quotes: all.some(({ quotes }) => quotes),
    candles: [...new Set(all.flatMap(({ candles }) => candles))],
    indicators: [...indicators.values()],
  };
}

/** Opens a room's attendees. */
export function openHubLeases(sql: SqlStorage, hooks: HubLeaseEvents): HubLeases {
  const rows = sql.exec<{ hub: string; wants: string; until: number }>("select hub, wants, until from attendees");
  const leases = new Map<string, HubLease>();
  for (const { hub, wants, until } of rows) leases.set(hub, { wants: JSON.parse(wants), until, queue: null });
  let all: Interest | null = null;
  /** The order of the last bar that was told. */
  let lastOrder = 0;

  const checkAllTaken = (): void => {
    if (lastOrder === 0) return;
    for (const { queue } of leases.values()) if (queue?.isEmpty === false) return;
    hooks.onAllTaken(lastOrder);
    lastOrder = 0;
  };

  const release = (audience: string): void => {
    all = null;
    if (leases.delete(audience)) sql.exec("delete from attendees where hub = ?", audience);
  };

  // An audience that refused, and has said meanwhile that it does want the symbol, is not forgotten.
  const publishTo = (audience: string, symbol: string) => async (events: SymbolEvent[]) => {
    const before = leases.get(audience);
    return (await hooks.publish(audience, symbol, events)) || leases.get(audience) !== before;
  };

  const queueTo = (audience: string, symbol: string): PushQueue =>
    openPushQueue(audience, publishTo(audience, symbol), {
      taken: checkAllTaken,
      refused() {
        release(audience);
        hooks.onReleased();
        checkAllTaken();
      },
      failed: (times) => hooks.retryIn(Math.min(MAX_RETRY_SECONDS, MIN_RETRY_SECONDS * 2 ** (times - 1))),
    });

  /** Takes what each audience wants of these events to the line to it. */
  const fanOut = (
    symbol: string,
    events: readonly SymbolEvent[],
    take: (line: PushQueue, wanted: SymbolEvent[]) => void,
  ) => {
    for (const event of events) if ("order" in event && event.isClosed) lastOrder = Math.max(lastOrder, event.order);
    for (const [audience, attendee] of leases) {
      const wanted = events.filter((event) => isInterested(attendee.wants, event));
      if (wanted.length === 0) continue;
      attendee.queue ??= queueTo(audience, symbol);
      take(attendee.queue, wanted);
    }
    checkAllTaken();
  };

  return {
    renew(audience, wants, now) {
      if (isEmptyInterest(wants)) {
        release(audience);
        return now;
      }
      all = null;
      const until = now + LEASE_SECONDS;
      leases.set(audience, { wants, until, queue: leases.get(audience)?.queue ?? null });
      const text = JSON.stringify(wants);
      sql.exec("insert or replace into attendees (hub, wants, until) values (?, ?, ?)", audience, text, until);
      return until;
    },
    capExpiry(now) {
      for (const [audience, attendee] of leases) {
        if (attendee.until <= now + LEASE_SECONDS) continue;
        attendee.until = now + LEASE_SECONDS;
        sql.exec("update attendees set until = ? where hub = ?", attendee.until, audience);
      }
    },
    expire(now) {
      for (const [audience, { until }] of leases) if (until <= now) release(audience);
      checkAllTaken();
    },
    interest() {
      all ??= leases.size === 0 ? NOTHING : unionOf(Array.from(leases.values(), ({ wants }) => wants));
      return all;
    },
    indicatorsOfOthers: (audience) =>
      [...leases].flatMap(([name, { wants }]) => (name === audience ? [] : wants.indicators)),
    nextExpiry: () => (leases.size === 0 ? null : Math.min(...Array.from(leases.values(), ({ until }) => until))),
    publish: (symbol, events) => fanOut(symbol, events, (line, wanted) => line.send(wanted)),
    enqueue: (symbol, events) => fanOut(symbol, events, (line, wanted) => line.enqueue(wanted)),
    retry() {
      for (const { queue } of leases.values()) queue?.retry();
    },
  };
}

/** The intervals whose bars somebody wants, for themselves or for an indicator. */
export function intervalsOf({ candles, indicators }: Interest): Interval[] {
  return [...new Set([...candles, ...indicators.map(({ interval }) => interval)])];
}
