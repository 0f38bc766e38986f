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
/** Revised bars that are told of at once, the newest. */
const MAX_REVISED = 100;
/** Silence is expected after this part of the span after which the price would be stale. */
const QUIET_SHARE = 1 / 10;

/** The deadline of the room's own audience. */
export const SESSIONS = "audience";

/** What a room does while somebody listens, and when. */
export interface Scheduler {
  /** Notes what an audience wants from now on. */
  renewLease(subject: InstrumentContext, hub: string, interest: Interest, now: number): Lease;
  /** Tells whoever listens of a quote that was stored, and of what it makes of the bars that form. */
  onQuote(subject: InstrumentContext, quote: StoredQuote, events: readonly SymbolEvent[], now: number): void;
  /** Tells whoever listens of closed bars of an interval that were changed, and of those that are made of them. */
  onRevised(subject: InstrumentContext, interval: Interval, times: readonly number[], now: number): void;
  /** Gives everything that must happen its time, should one be missing or lie further ahead than it can. */
  schedule(subject: InstrumentContext, now: number): void;
  /** Does what is due. */
  runDue(subject: InstrumentContext, now: number): Promise<void>;
}

/** What a room's life is made of. */
export interface SchedulerParts {
  alarms: Alarms;
  leases: HubLeases;
  log: QuoteLog;
  series: BarPublisher;
  watch: SourcePolling;
  /** Lets a simulated symbol tick. */
  tick: (subject: InstrumentContext, now: number) => void;
  /** Bars that were closed lie ahead of a clock that was set back: what clients have of them is not what the room has. */
  onRewind: () => void;
  /** Asks the sources for a quote, where nobody polls them. */
  ask: (subject: InstrumentContext) => Promise<void>;
  /** Does what the room's own audience has to do. */
  runSessions: () => Promise<void>;
}

/** Opens the life of a room. */
export function openScheduler(parts: SchedulerParts): Scheduler {
  const { alarms, leases, log, series, watch } = parts;
  /** Sees to it that everything that must happen has its time. */
  const schedule = (subject: InstrumentContext, now: number): void => {
    leases.capExpiry(now);
    if (series.rewind(subject, now)) parts.onRewind();
    notAfter("push", now + MAX_RETRY_SECONDS);
    notAfter(SESSIONS, now + HEARTBEAT_INTERVAL);
    const end = leases.nextExpiry();
    const starting = series.watch(subject, leases.interest(), now);
    if (end === null) {
      const isPolled = alarms.at("watch") !== null;
      alarms.clearAllBut(SESSIONS, "unwatch");
      if (isPolled) alarms.set("unwatch", now);
      return;
    }
    alarms.set("lease", end);
    alarms.clear("unwatch");
    for (const interval of starting) keepGoing(`start ${interval}`, now, now + CLOSE_AGAIN);
    for (const interval of INTERVALS) {
      const closes = series.closesAt(subject, interval);
      keepGoing(`close ${interval}`, closes, Math.max(closes ?? now, now + CLOSE_AGAIN));
    }
    keepGoing("tick", subject.kind === "simulated" ? nextTickAt(subject.market, now) : null);
    keepGoing("watch", subject.kind === "polled" ? now : null, now + RENEW_EVERY);
  };

  /** Moves a deadline that lies further ahead than it can: the clock was set back. */
  const notAfter = (name: string, latest: number): void => {
    if ((alarms.at(name) ?? latest) > latest) alarms.set(name, latest);
  };

  /** Gives a name its time, unless it has one that is not after `latest`; without a time it has nothing to do. */
  const keepGoing = (name: string, at: number | null, latest = at): void => {
    const set = alarms.at(name);
    if (at === null || latest === null) alarms.clear(name);
    else if (set === null || set > latest) alarms.set(name, at);
  };

  const close = async (subject: InstrumentContext, interval: Interval, now: number): Promise<void> => {
    const events = await series.close(subject, interval, now);
    if (!events) {
      alarms.set(`close ${interval}`, now + CLOSE_AGAIN);
      return;
    }
    const { symbol } = subject.instrument;
    leases.publish(symbol, events);
    if (!isRevised(symbol)) return;
    for (const event of events) {
      if (event.channel !== "candles") continue;
      const closes = bucketStamped(subject.market, interval, event.time)?.closes ?? now;
      alarms.set(`revise ${interval} ${event.time}`, closes + REVISED_AFTER);
    }
  };

  const runOne = async (subject: InstrumentContext, name: string, now: number): Promise<void> => {
    const [what, of, time] = name.split(" ");
    const interval = INTERVALS.find((each) => each === of);
    switch (what) {
      case SESSIONS:
        return parts.runSessions();
      case "lease":
        return leases.expire(now);
      case "push":
        return leases.retry();
      case "tick":
        return parts.tick(subject, now);
      case "watch":
        alarms.set("watch", now + RENEW_EVERY);
        if (!(await watch.renew(subject))) await parts.ask(subject);
        return;
      case "unwatch":
        return watch.end(subject);
    }
    if (!interval) return;
    if (what === "close") await close(subject, interval, now);
    if (what === "revise") {
      leases.publish(subject.instrument.symbol, await series.revise(subject, interval, Number(time), now));
    }
    if (what === "start" && !(await series.start(subject, interval, now))) alarms.set(name, now + CLOSE_AGAIN);
  };

  return {
    renewLease(subject, audience, wants, now) {
      const { accepted, refused } = limitInterest(wants, leases.indicatorsOfOthers(audience));
      const until = leases.renew(audience, accepted, now);
      schedule(subject, now);
      const { staleAfter, delay } = freshnessPolicyOf(subject.sources[0]);
      const lastAt = log.lastAt();
      return {
        position: log.position(),
        lastEventAt: lastAt === null ? null : isoTime(lastAt),
        exchange: subject.instrument.primary_exchange,
        expectedInterval: (staleAfter - delay) * QUIET_SHARE,
        until,
        refused,
      };
    },
    onQuote(subject, quote, events, now) {
      if (leases.nextExpiry() === null) return;
      const { symbol } = subject.instrument;
      leases.publish(symbol, events);
      leases.publish(symbol, series.form(subject, quote, now));
    },
    onRevised({ market }, interval, times, now) {
      for (const wanted of INTERVALS) {
        if (wanted !== interval && !isMultipleOf(interval, wanted)) continue;
        if (!series.isWatched(wanted)) continue;
        for (const time of times.slice(-MAX_REVISED)) {
          const stamp = wanted === interval ? time : bucketAt(market, wanted, time)?.time;
          if (stamp !== undefined) alarms.set(`revise ${wanted} ${stamp}`, now);
        }
      }
    },
    schedule,
    async runDue(subject, now) {
      // After a start nothing that is watched is in memory yet.
      schedule(subject, now);
      for (const name of alarms.due(now)) {
        const at = alarms.at(name);
        await runOne(subject, name, now);
        if (alarms.at(name) === at) alarms.clear(name);
      }
      schedule(subject, now);
    },
  };
}
