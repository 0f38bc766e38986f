import type { StoredQuote } from "../../contracts/quote.ts";
import { HEARTBEAT_INTERVAL } from "../../contracts/stream.ts";
import { bucketAt, bucketStamped } from "../../core/buckets.ts";
import { divides, INTERVALS, type Interval } from "../../core/interval.ts";
import { isoTime } from "../../core/time.ts";
import { freshnessPolicyOf } from "../../providers/freshness-policy.ts";
import { isRevised, REVISED_AFTER } from "../../providers/simulator/sandbox.ts";
import type { Attendance, FeedEvent, Wants } from "../audience/feed.ts";
import { type Attendees, LONGEST_PAUSE } from "./attendees.ts";
import type { Deadlines } from "./deadlines.ts";
import type { EventLog } from "./event-log.ts";
import type { LiveSeries } from "./live-series.ts";
import { readWants } from "./read-wants.ts";
import { nextTickAt } from "./simulated.ts";
import { RENEW_EVERY, type SourceWatch } from "./source-watch.ts";
import type { Subject } from "./subject.ts";

/** Seconds after which closing is tried again where no source answers. */
const CLOSE_AGAIN = 5;
/** Revised bars that are told of at once, the newest. */
const MOST_REVISED = 100;
/** Silence is expected after this part of the span after which the price would be stale. */
const QUIET_PART = 1 / 10;

/** The deadline of the room's own audience. */
export const AUDIENCE = "audience";

/** What a room does while somebody listens, and when. */
export interface Live {
  /** Notes what an audience wants from now on. */
  attend(subject: Subject, audience: string, wants: Wants, now: number): Attendance;
  /** Tells whoever listens of a quote that was stored, and of what it makes of the bars that form. */
  heard(subject: Subject, quote: StoredQuote, events: readonly FeedEvent[], now: number): void;
  /** Tells whoever listens of closed bars of an interval that were changed, and of those that are made of them. */
  revised(subject: Subject, interval: Interval, times: readonly number[], now: number): void;
  /** Gives everything that must happen its time, should one be missing or lie further ahead than it can. */
  plan(subject: Subject, now: number): void;
  /** Does what is due. */
  serve(subject: Subject, now: number): Promise<void>;
}

/** What a room's life is made of. */
export interface LiveParts {
  deadlines: Deadlines;
  attendees: Attendees;
  log: EventLog;
  series: LiveSeries;
  watch: SourceWatch;
  /** Lets a simulated symbol tick. */
  tick: (subject: Subject, now: number) => void;
  /** Bars that were closed lie ahead of a clock that was set back: what clients have of them is not what the room has. */
  onRewind: () => void;
  /** Asks the sources for a quote, where nobody polls them. */
  ask: (subject: Subject) => Promise<void>;
  /** Does what the room's own audience has to do. */
  runAudience: () => Promise<void>;
}

/** Opens the life of a room. */
export function openLive(parts: LiveParts): Live {
  const { deadlines, attendees, log, series, watch } = parts;
  /** Sees to it that everything that must happen has its time. */
  const plan = (subject: Subject, now: number): void => {
    attendees.shorten(now);
    if (series.rewind(subject, now)) parts.onRewind();
    notAfter("push", now + LONGEST_PAUSE);
    notAfter(AUDIENCE, now + HEARTBEAT_INTERVAL);
    const end = attendees.nextEnd();
    const starting = series.keep(subject, attendees.wants(), now);
    if (end === null) {
      const isPolled = deadlines.at("watch") !== null;
      deadlines.clearAllBut(AUDIENCE, "unwatch");
      if (isPolled) deadlines.set("unwatch", now);
      return;
    }
    deadlines.set("lease", end);
    deadlines.clear("unwatch");
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
    if ((deadlines.at(name) ?? latest) > latest) deadlines.set(name, latest);
  };

  /** Gives a name its time, unless it has one that is not after `latest`; without a time it has nothing to do. */
  const keepGoing = (name: string, at: number | null, latest = at): void => {
    const set = deadlines.at(name);
    if (at === null || latest === null) deadlines.clear(name);
    else if (set === null || set > latest) deadlines.set(name, at);
  };

  const close = async (subject: Subject, interval: Interval, now: number): Promise<void> => {
    const events = await series.close(subject, interval, now);
    if (!events) {
      deadlines.set(`close ${interval}`, now + CLOSE_AGAIN);
      return;
    }
    const { symbol } = subject.instrument;
    attendees.tell(symbol, events);
    if (!isRevised(symbol)) return;
    for (const event of events) {
      if (event.channel !== "candles") continue;
      const closes = bucketStamped(subject.market, interval, event.time)?.closes ?? now;
      deadlines.set(`revise ${interval} ${event.time}`, closes + REVISED_AFTER);
    }
  };

  const serveOne = async (subject: Subject, name: string, now: number): Promise<void> => {
    const [what, of, time] = name.split(" ");
    const interval = INTERVALS.find((each) => each === of);
    switch (what) {
      case AUDIENCE:
        return parts.runAudience();
      case "lease":
        return attendees.forgetExpired(now);
      case "push":
        return attendees.retry();
      case "tick":
        return parts.tick(subject, now);
      case "watch":
        deadlines.set("watch", now + RENEW_EVERY);
        if (!(await watch.renew(subject))) await parts.ask(subject);
        return;
      case "unwatch":
        return watch.end(subject);
    }
    if (!interval) return;
    if (what === "close") await close(subject, interval, now);
    if (what === "revise") {
      attendees.tell(subject.instrument.symbol, await series.revise(subject, interval, Number(time), now));
    }
    if (what === "start" && !(await series.start(subject, interval, now))) deadlines.set(name, now + CLOSE_AGAIN);
  };

  return {
    attend(subject, audience, wants, now) {
      const { accepted, refused } = readWants(wants, attendees.indicatorsOfOthers(audience));
      const until = attendees.keep(audience, accepted, now);
      plan(subject, now);
      const { staleAfter, delay } = freshnessPolicyOf(subject.sources[0]);
      const lastAt = log.lastAt();
      return {
        position: log.position(),
        lastEventAt: lastAt === null ? null : isoTime(lastAt),
        exchange: subject.instrument.primary_exchange,
        pace: (staleAfter - delay) * QUIET_PART,
        until,
        refused,
      };
    },
    heard(subject, quote, events, now) {
      if (attendees.nextEnd() === null) return;
      const { symbol } = subject.instrument;
      attendees.tell(symbol, events);
      attendees.tell(symbol, series.form(subject, quote, now));
    },
    revised({ market }, interval, times, now) {
      for (const wanted of INTERVALS) {
        if (wanted !== interval && !divides(interval, wanted)) continue;
        if (!series.isWatched(wanted)) continue;
        for (const time of times.slice(-MOST_REVISED)) {
          const stamp = wanted === interval ? time : bucketAt(market, wanted, time)?.time;
          if (stamp !== undefined) deadlines.set(`revise ${wanted} ${stamp}`, now);
        }
      }
    },
    plan,
    async serve(subject, now) {
      // After a start nothing that is watched is in memory yet.
      plan(subject, now);
      for (const name of deadlines.due(now)) {
        const at = deadlines.at(name);
        await serveOne(subject, name, now);
        if (deadlines.at(name) === at) deadlines.clear(name);
      }
      plan(subject, now);
    },
  };
}
