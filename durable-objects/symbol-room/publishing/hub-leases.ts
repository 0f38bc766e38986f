import type { Interval } from "../../../core/interval.ts";
import { logWarning } from "../../../observability/log.ts";
import type { SessionHub } from "../../streaming/session-hub.ts";
import type { IndicatorInterest, Interest, OwnedIndicator, SymbolEvent } from "../../symbol-events/symbol-events.ts";

/** Seconds for which a hub receives events unless it renews its lease. */
export const LEASE_SECONDS = 90;
/**
 * After a push that failed: seconds to the next, doubled each time, and never more than the longest. What waits is in memory, which
 * goes after ten seconds in which nothing happens.
 */
const MIN_RETRY_SECONDS = 1;
export const MAX_RETRY_SECONDS = 8;

/** The name of the lease of a room's own sockets. */
export const OWN_SESSIONS = "";

/** What the leases ask of the publisher. */
export interface HubLeaseEvents {
  /** The hubs of the platform. */
  hubs(): Env["STREAM_HUB"];
  /** The sessions of the room's own sockets. */
  ownSessions(): SessionHub;
  /** A client is gone. */
  onReleased(): void;
  /** Everyone has taken all that has been sent, which were bars up to this order. */
  onAllTaken(order: number): void;
  /** Schedules a call of `retry` in that many seconds. */
  retryIn(seconds: number): void;
}

interface HubLease {
  wants: Interest;
  until: number;
  queue: PushQueue | null;
}

const NOTHING: Interest = { quotes: false, candles: [], indicators: [] };

/** Whether a hub wants nothing. */
export const isEmptyInterest = ({ quotes, candles, indicators }: Interest): boolean =>
  !quotes && candles.length === 0 && indicators.length === 0;

/** What distinguishes the indicators of one symbol. */
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

/** Takes events to a hub; false if it does not want them any more. */
type Push = (events: SymbolEvent[]) => Promise<boolean>;

/** What a push queue reports to its lease. */
interface PushCallbacks {
  /** The hub has taken everything. */
  taken(): void;
  /** The hub wants no more. */
  refused(): void;
  /** The hub did not answer, for that many times in a row. */
  failed(times: number): void;
}

/** Events that wait for a hub at most. What is dropped beyond it leaves a gap in the numbers, so that the hub asks for it. */
const MAX_PENDING_EVENTS = 1_000;

/** Whether a newer event says all that an older one said: another state of the same open bar. */
function replaces(newer: SymbolEvent, older: SymbolEvent): boolean {
  if (newer.channel !== older.channel) return false;
  switch (newer.channel) {
    case "quotes":
    case "gap":
    case "epoch":
      return false;
    case "candles":
      return older.channel === "candles" && !older.isClosed && sameBar(newer, older);
    case "indicators":
      return older.channel === "indicators" && !older.isClosed && newer.spec === older.spec && sameBar(newer, older);
  }
}

const sameBar = (a: { interval: string; time: number }, b: { interval: string; time: number }): boolean =>
  a.interval === b.interval && a.time === b.time;

/** Whether a hub notices by itself that an event is missing. */
const isNumbered = ({ channel }: SymbolEvent): boolean => channel === "quotes" || channel === "gap";

/** Events on their way to one hub: one push at a time, and the next carries all that happened since. */
export class PushQueue {
  readonly #name: string;
  readonly #push: Push;
  readonly #ends: PushCallbacks;
  #waiting: SymbolEvent[] = [];
  #isBusy = false;
  #failures = 0;

  constructor(name: string, push: Push, ends: PushCallbacks) {
    this.#name = name;
    this.#push = push;
    this.#ends = ends;
  }

  /** Keeps events for the next push. */
  enqueue(events: readonly SymbolEvent[]): void {
    for (const event of events) {
      this.#waiting = this.#waiting.filter((older) => !replaces(event, older));
      this.#waiting.push(event);
    }
    while (this.#waiting.length > MAX_PENDING_EVENTS)
      this.#waiting.splice(Math.max(0, this.#waiting.findIndex(isNumbered)), 1);
  }

  /** Whether the hub has taken everything. */
  get isEmpty(): boolean {
    return !this.#isBusy && this.#waiting.length === 0;
  }

  /** Sends events, or keeps them while the line is busy or its hub did not answer. */
  send(events: readonly SymbolEvent[]): void {
    this.enqueue(events);
    if (!this.#isBusy && this.#failures === 0) void this.#run();
  }

  /** Tries again where the hub did not answer. */
  retry(): void {
    if (!this.#isBusy) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isBusy = true;
    while (this.#waiting.length > 0) {
      const events = this.#waiting;
      this.#waiting = [];
      try {
        if (!(await this.#push(events))) return this.#ends.refused();
        this.#failures = 0;
      } catch (error) {
        logWarning("a hub did not take its events", {
          hub: this.#name,
          error: error instanceof Error ? error.message : typeof error,
        });
        const since = this.#waiting;
        this.#waiting = events;
        this.enqueue(since);
        this.#failures++;
        this.#isBusy = false;
        return this.#ends.failed(this.#failures);
      }
    }
    this.#isBusy = false;
    this.#ends.taken();
  }
}

/** The hubs that hold a lease on a room, and what each is interested in. Leases are kept in the database; pending events only in memory. */
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

  /** Replaces what a hub is interested in; returns the end of its lease. An empty interest ends it. */
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

  /** The indicators that hubs other than this one want. */
  indicatorsOfOthers(hub: string): OwnedIndicator[] {
    return [...this.#leases].flatMap(([name, { wants: interest }]) => (name === hub ? [] : interest.indicators));
  }

  /** The indicators that a hub wants so far. */
  indicatorsOf(hub: string): readonly OwnedIndicator[] {
    return this.#leases.get(hub)?.wants.indicators ?? [];
  }

  /** When the next lease runs out; null if there are none. */
  nextExpiry(): number | null {
    return this.#leases.size === 0 ? null : Math.min(...Array.from(this.#leases.values(), ({ until }) => until));
  }

  /** Sends each hub what of these events it wants. */
  publish(symbol: string, events: readonly SymbolEvent[]): void {
    this.#fanOut(symbol, events, (queue, wanted) => queue.send(wanted));
  }

  /** Adds to each hub's next push those of these events that it wants. */
  enqueue(symbol: string, events: readonly SymbolEvent[]): void {
    this.#fanOut(symbol, events, (queue, wanted) => queue.enqueue(wanted));
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

  /** Pushes events to a hub. One that refused, and has asked for the symbol again meanwhile, keeps its lease. */
  async #push(hub: string, symbol: string, events: SymbolEvent[]): Promise<boolean> {
    const before = this.#leases.get(hub);
    const isWanted =
      hub === OWN_SESSIONS
        ? await this.#hooks.ownSessions().fanOut.publish(symbol, events)
        : await this.#hooks.hubs().getByName(hub).push(symbol, events);
    return isWanted || this.#leases.get(hub) !== before;
  }

  #queueTo(hub: string, symbol: string): PushQueue {
    return new PushQueue(hub, (events) => this.#push(hub, symbol, events), {
      taken: () => this.#checkAllTaken(),
      refused: () => {
        this.#release(hub);
        this.#hooks.onReleased();
        this.#checkAllTaken();
      },
      failed: (times) => this.#hooks.retryIn(Math.min(MAX_RETRY_SECONDS, MIN_RETRY_SECONDS * 2 ** (times - 1))),
    });
  }

  /** Adds to each hub's queue those of these events that it wants. */
  #fanOut(symbol: string, events: readonly SymbolEvent[], deliver: (queue: PushQueue, wanted: SymbolEvent[]) => void) {
    for (const event of events)
      if ("order" in event && event.isClosed) this.#lastOrder = Math.max(this.#lastOrder, event.order);
    for (const [hub, lease] of this.#leases) {
      const wanted = events.filter((event) => isInterested(lease.wants, event));
      if (wanted.length === 0) continue;
      lease.queue ??= this.#queueTo(hub, symbol);
      deliver(lease.queue, wanted);
    }
    this.#checkAllTaken();
  }
}

/** The intervals whose bars a client wants, for themselves or for an indicator. */
export function intervalsOf({ candles, indicators }: Interest): Interval[] {
  return [...new Set([...candles, ...indicators.map(({ interval }) => interval)])];
}
