import type { StoredQuote } from "../../../contracts/quote.ts";
import { HEARTBEAT_INTERVAL } from "../../../contracts/stream.ts";
import { bucketAt, bucketStamped } from "../../../core/buckets.ts";
import { INTERVALS, type Interval, isMultipleOf } from "../../../core/interval.ts";
import { isoTime } from "../../../core/time.ts";
import { freshnessPolicyOf } from "../../../providers/freshness-policy.ts";
import { isRevised, REVISED_AFTER } from "../../../providers/simulator/sandbox.ts";
import type { Interest, Lease, SymbolEvent } from "../../symbol-events/symbol-events.ts";
import type { Alarms } from "../alarms.ts";
import type { InstrumentContext } from "../instrument-context.ts";
import type { QuoteLog } from "../quotes/quote-log.ts";
import { nextTickAt } from "../quotes/simulated-quote.ts";
import type { BarPublisher } from "./bar-publisher.ts";
import { type HubLeases, MAX_RETRY_SECONDS } from "./hub-leases.ts";
import { RENEW_EVERY, type SourcePolling } from "./source-polling.ts";
import { limitInterest } from "./subscription-limits.ts";

/** Seconds after which closing is tried again where no source answers. */
const CLOSE_AGAIN = 5;
/** Revised bars that are notified of at once, the newest. */
const MAX_REVISED = 100;
/** Silence is expected after this part of the span after which the price would be stale. */
const QUIET_SHARE = 1 / 10;

/** The deadline of the room's own hub. */
export const SESSIONS = "audience";

/** What a room's life is made of. */
export interface SchedulerParts {
  alarms: Alarms;
  leases: HubLeases;
  log: QuoteLog;
  series: BarPublisher;
  watch: SourcePolling;
  /** Lets a simulated symbol tick. */
  tick: (context: InstrumentContext, now: number) => void;
  /** Bars that were closed lie ahead of a clock that was set back: what clients have of them is not what the room has. */
  onRewind: () => void;
  /** Asks the sources for a quote, where no one polls them. */
  ask: (context: InstrumentContext) => Promise<void>;
  /** Does what the room's own hub has to do. */
  runSessions: () => Promise<void>;
}

/** What a room does while a client listens, and when. */
export class Scheduler {
  readonly #parts: SchedulerParts;
  readonly #alarms: Alarms;
  readonly #leases: HubLeases;
  readonly #log: QuoteLog;
  readonly #series: BarPublisher;
  readonly #watch: SourcePolling;

  constructor(parts: SchedulerParts) {
    this.#parts = parts;
    this.#alarms = parts.alarms;
    this.#leases = parts.leases;
    this.#log = parts.log;
    this.#series = parts.series;
    this.#watch = parts.watch;
  }

  /** Notes what an hub wants from now on. */
  renewLease(context: InstrumentContext, hub: string, interest: Interest, now: number): Lease {
    const { accepted, refused } = limitInterest(interest, this.#leases.indicatorsOfOthers(hub));
    const until = this.#leases.renew(hub, accepted, now);
    this.schedule(context, now);
    const { staleAfter, delay } = freshnessPolicyOf(context.sources[0]);
    const lastAt = this.#log.lastAt();
    return {
      position: this.#log.position(),
      lastEventAt: lastAt === null ? null : isoTime(lastAt),
      exchange: context.instrument.primary_exchange,
      expectedInterval: (staleAfter - delay) * QUIET_SHARE,
      until,
      refused,
    };
  }

  /** Sends a caller that listens of a quote that was stored, and of what it makes of the bars that form. */
  onQuote(context: InstrumentContext, quote: StoredQuote, events: readonly SymbolEvent[], now: number): void {
    if (this.#leases.nextExpiry() === null) return;
    const { symbol } = context.instrument;
    this.#leases.publish(symbol, events);
    this.#leases.publish(symbol, this.#series.form(context, quote, now));
  }

  /** Sends a caller that listens of closed bars of an interval that were changed, and of those that are made of them. */
  onRevised({ market }: InstrumentContext, interval: Interval, times: readonly number[], now: number): void {
    for (const indicator of INTERVALS) {
      if (indicator !== interval && !isMultipleOf(interval, indicator)) continue;
      if (!this.#series.isWatched(indicator)) continue;
      for (const time of times.slice(-MAX_REVISED)) {
        const stamp = indicator === interval ? time : bucketAt(market, indicator, time)?.time;
        if (stamp !== undefined) this.#alarms.set(`revise ${indicator} ${stamp}`, now);
      }
    }
  }

  /** Returns everything that must happen its time, should one be missing or lie further ahead than it can. */
  schedule(context: InstrumentContext, now: number): void {
    this.#leases.capExpiry(now);
    if (this.#series.rewind(context, now)) this.#parts.onRewind();
    this.#moveEarlier("push", now + MAX_RETRY_SECONDS);
    this.#moveEarlier(SESSIONS, now + HEARTBEAT_INTERVAL);
    const end = this.#leases.nextExpiry();
    const starting = this.#series.watch(context, this.#leases.interest(), now);
    if (end === null) {
      const isPolled = this.#alarms.at("watch") !== null;
      this.#alarms.clearAllBut(SESSIONS, "unwatch");
      if (isPolled) this.#alarms.set("unwatch", now);
      return;
    }
    this.#alarms.set("lease", end);
    this.#alarms.clear("unwatch");
    for (const interval of starting) this.#ensure(`start ${interval}`, now, now + CLOSE_AGAIN);
    for (const interval of INTERVALS) {
      const closes = this.#series.closesAt(context, interval);
      this.#ensure(`close ${interval}`, closes, Math.max(closes ?? now, now + CLOSE_AGAIN));
    }
    this.#ensure("tick", context.kind === "simulated" ? nextTickAt(context.market, now) : null);
    this.#ensure("watch", context.kind === "polled" ? now : null, now + RENEW_EVERY);
  }

  /** Does what is due. */
  async runDue(context: InstrumentContext, now: number): Promise<void> {
    // After a start nothing that is watched is in memory yet.
    this.schedule(context, now);
    for (const name of this.#alarms.due(now)) {
      const at = this.#alarms.at(name);
      await this.#runOne(context, name, now);
      if (this.#alarms.at(name) === at) this.#alarms.clear(name);
    }
    this.schedule(context, now);
  }

  /** Moves a deadline that lies further ahead than it can: the clock was set back. */
  #moveEarlier(name: string, latest: number): void {
    if ((this.#alarms.at(name) ?? latest) > latest) this.#alarms.set(name, latest);
  }

  /** Returns a name its time, unless it has one that is not after `latest`; without a time it has nothing to do. */
  #ensure(name: string, at: number | null, latest = at): void {
    const set = this.#alarms.at(name);
    if (at === null || latest === null) this.#alarms.clear(name);
    else if (set === null || set > latest) this.#alarms.set(name, at);
  }

  async #close(context: InstrumentContext, interval: Interval, now: number): Promise<void> {
    const events = await this.#series.close(context, interval, now);
    if (!events) {
      this.#alarms.set(`close ${interval}`, now + CLOSE_AGAIN);
      return;
    }
    const { symbol } = context.instrument;
    this.#leases.publish(symbol, events);
    if (!isRevised(symbol)) return;
    for (const event of events) {
      if (event.channel !== "candles") continue;
      const closes = bucketStamped(context.market, interval, event.time)?.closes ?? now;
      this.#alarms.set(`revise ${interval} ${event.time}`, closes + REVISED_AFTER);
    }
  }

  async #runOne(context: InstrumentContext, name: string, now: number): Promise<void> {
    const [what, of, time] = name.split(" ");
    const interval = INTERVALS.find((each) => each === of);
    switch (what) {
      case SESSIONS:
        return this.#parts.runSessions();
      case "lease":
        return this.#leases.expire(now);
      case "push":
        return this.#leases.retry();
      case "tick":
        return this.#parts.tick(context, now);
      case "watch":
        this.#alarms.set("watch", now + RENEW_EVERY);
        if (!(await this.#watch.renew(context))) await this.#parts.ask(context);
        return;
      case "unwatch":
        return this.#watch.end(context);
    }
    if (!interval) return;
    if (what === "close") await this.#close(context, interval, now);
    if (what === "revise") {
      this.#leases.publish(context.instrument.symbol, await this.#series.revise(context, interval, Number(time), now));
    }
    if (what === "start" && !(await this.#series.start(context, interval, now)))
      this.#alarms.set(name, now + CLOSE_AGAIN);
  }
}
