import type { Interval } from "../../core/interval.ts";
import type { FeedEvent, WantedIndicator, Wants } from "../audience/feed.ts";
import { openPushLine, type PushLine } from "./push-line.ts";

/** Seconds for which an audience is told what happens unless it says again that it wants to be. */
export const ATTENDANCE = 90;
/**
 * After a push that failed: seconds to the next, doubled each time, and never more than the longest. What waits is in memory, which
 * goes after ten seconds in which nothing happens.
 */
const FIRST_PAUSE = 1;
export const LONGEST_PAUSE = 8;

/** Takes events to an audience by its name; false where it does not want the symbol any more. */
export type Deliver = (audience: string, symbol: string, events: FeedEvent[]) => Promise<boolean>;

/** The name under which a room's own sockets attend. */
export const OWN_AUDIENCE = "";

/** Who listens to a room, and to what. Leases are kept in the database; what waits to be sent only in memory. */
export interface Attendees {
  /** Notes what an audience wants from now on, in place of what it wanted; gives the end of its lease. Nothing ends it. */
  keep(audience: string, wants: Wants, now: number): number;
  /** Shortens leases that end later than a lease can: the clock was set back. */
  shorten(now: number): void;
  /** Forgets those whose lease has run out. */
  forgetExpired(now: number): void;
  /** All that anybody wants. */
  wants(): Wants;
  /** The indicators that audiences other than this one want. */
  indicatorsOfOthers(audience: string): WantedIndicator[];
  /** When the next lease runs out; null where nobody attends. */
  nextEnd(): number | null;
  /** Tells each audience what of these events it wants. */
  tell(symbol: string, events: readonly FeedEvent[]): void;
  /** Has each audience told what of these events it wants with the next push. */
  keepFor(symbol: string, events: readonly FeedEvent[]): void;
  /** Tries the audiences again that did not answer. */
  retry(): void;
}

/** What the room does when an audience changes by itself. */
export interface AttendeesHooks {
  deliver: Deliver;
  /** Somebody is gone. */
  left(): void;
  /** Everyone has taken all that has been told, which were bars up to this order. */
  allTold(order: number): void;
  /** Asks for a call of `retry` in so many seconds. */
  retryIn(seconds: number): void;
}

interface Attendee {
  wants: Wants;
  until: number;
  line: PushLine | null;
}

const NOTHING: Wants = { quotes: false, candles: [], indicators: [] };

/** Whether an audience wants nothing. */
export const isNothing = ({ quotes, candles, indicators }: Wants): boolean =>
  !quotes && candles.length === 0 && indicators.length === 0;

/** What tells the indicators of one symbol apart. */
export const indicatorKey = ({ interval, spec }: WantedIndicator): string => `${interval} ${spec}`;

function isWanted(wants: Wants, event: FeedEvent): boolean {
  switch (event.channel) {
    case "epoch":
      return true;
    case "quotes":
    case "gap":
      return wants.quotes;
    case "candles":
      return wants.candles.includes(event.interval);
    case "indicators":
      return wants.indicators.some((wanted) => wanted.interval === event.interval && wanted.spec === event.spec);
  }
}

function together(all: readonly Wants[]): Wants {
  const indicators = new Map(all.flatMap((wants) => wants.indicators.map((wanted) => [indicatorKey(wanted), wanted])));
  return {
    quotes: all.some(({ quotes }) => quotes),
    candles: [...new Set(all.flatMap(({ candles }) => candles))],
    indicators: [...indicators.values()],
  };
}

/** Opens a room's attendees. */
export function openAttendees(sql: SqlStorage, hooks: AttendeesHooks): Attendees {
  const rows = sql.exec<{ hub: string; wants: string; until: number }>("select hub, wants, until from attendees");
  const attendees = new Map<string, Attendee>();
  for (const { hub, wants, until } of rows) attendees.set(hub, { wants: JSON.parse(wants), until, line: null });
  let all: Wants | null = null;
  /** The order of the last bar that was told. */
  let told = 0;

  const checkAllTold = (): void => {
    if (told === 0) return;
    for (const { line } of attendees.values()) if (line?.isEmpty === false) return;
    hooks.allTold(told);
    told = 0;
  };

  const forget = (audience: string): void => {
    all = null;
    if (attendees.delete(audience)) sql.exec("delete from attendees where hub = ?", audience);
  };

  // An audience that refused, and has said meanwhile that it does want the symbol, is not forgotten.
  const deliverTo = (audience: string, symbol: string) => async (events: FeedEvent[]) => {
    const before = attendees.get(audience);
    return (await hooks.deliver(audience, symbol, events)) || attendees.get(audience) !== before;
  };

  const lineTo = (audience: string, symbol: string): PushLine =>
    openPushLine(audience, deliverTo(audience, symbol), {
      taken: checkAllTold,
      refused() {
        forget(audience);
        hooks.left();
        checkAllTold();
      },
      failed: (times) => hooks.retryIn(Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (times - 1))),
    });

  /** Takes what each audience wants of these events to the line to it. */
  const share = (symbol: string, events: readonly FeedEvent[], take: (line: PushLine, wanted: FeedEvent[]) => void) => {
    for (const event of events) if ("order" in event && event.isClosed) told = Math.max(told, event.order);
    for (const [audience, attendee] of attendees) {
      const wanted = events.filter((event) => isWanted(attendee.wants, event));
      if (wanted.length === 0) continue;
      attendee.line ??= lineTo(audience, symbol);
      take(attendee.line, wanted);
    }
    checkAllTold();
  };

  return {
    keep(audience, wants, now) {
      if (isNothing(wants)) {
        forget(audience);
        return now;
      }
      all = null;
      const until = now + ATTENDANCE;
      attendees.set(audience, { wants, until, line: attendees.get(audience)?.line ?? null });
      const text = JSON.stringify(wants);
      sql.exec("insert or replace into attendees (hub, wants, until) values (?, ?, ?)", audience, text, until);
      return until;
    },
    shorten(now) {
      for (const [audience, attendee] of attendees) {
        if (attendee.until <= now + ATTENDANCE) continue;
        attendee.until = now + ATTENDANCE;
        sql.exec("update attendees set until = ? where hub = ?", attendee.until, audience);
      }
    },
    forgetExpired(now) {
      for (const [audience, { until }] of attendees) if (until <= now) forget(audience);
      checkAllTold();
    },
    wants() {
      all ??= attendees.size === 0 ? NOTHING : together(Array.from(attendees.values(), ({ wants }) => wants));
      return all;
    },
    indicatorsOfOthers: (audience) =>
      [...attendees].flatMap(([name, { wants }]) => (name === audience ? [] : wants.indicators)),
    nextEnd: () => (attendees.size === 0 ? null : Math.min(...Array.from(attendees.values(), ({ until }) => until))),
    tell: (symbol, events) => share(symbol, events, (line, wanted) => line.send(wanted)),
    keepFor: (symbol, events) => share(symbol, events, (line, wanted) => line.keep(wanted)),
    retry() {
      for (const { line } of attendees.values()) line?.retry();
    },
  };
}

/** The intervals whose bars somebody wants, for themselves or for an indicator. */
export function intervalsOf({ candles, indicators }: Wants): Interval[] {
  return [...new Set([...candles, ...indicators.map(({ interval }) => interval)])];
}
