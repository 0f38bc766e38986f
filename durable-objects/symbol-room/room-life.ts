import type { ProviderName } from "../../contracts/provider.ts";
import type { StoredQuote } from "../../contracts/quote.ts";
import type { Instrument } from "../../contracts/symbol.ts";
import type { Interval } from "../../core/interval.ts";
import type {
  Attendance,
  Feed,
  FeedEvent,
  MissedBars,
  MissedQuotes,
  QuotePosition,
  WantedIndicator,
  Wants,
} from "../audience/feed.ts";
import { type Deliver, OWN_AUDIENCE, openAttendees } from "./attendees.ts";
import { openAlarmClock, openDeadlines } from "./deadlines.ts";
import type { EventLog } from "./event-log.ts";
import type { Facts } from "./facts.ts";
import { openFormingBars } from "./forming-bars.ts";
import type { Gates } from "./gates.ts";
import { AUDIENCE, openLive } from "./live.ts";
import { openLiveCandles } from "./live-candles.ts";
import { openLiveIndicators } from "./live-indicators.ts";
import { openLiveSeries } from "./live-series.ts";
import { openMissed } from "./missed.ts";
import { refusalOf } from "./read-wants.ts";
import { openSourceWatch } from "./source-watch.ts";
import { type ReadCandles, type Subject, subjectOf } from "./subject.ts";
import { openUntoldBars } from "./untold-bars.ts";

/** What a room is to those who listen. */
export interface RoomLife {
  /** Notes what an audience wants from now on. */
  attend(instrument: Instrument, audience: string, wants: Wants): Promise<Attendance>;
  missedQuotes(instrument: Instrument, since: QuotePosition | null): Promise<MissedQuotes>;
  missedCandles(instrument: Instrument, interval: Interval, since: number | null): Promise<MissedBars>;
  missedIndicator(instrument: Instrument, wanted: WantedIndicator, since: number | null): Promise<MissedBars>;
  /** Where the room's own sockets hear of its symbol. */
  ownFeed: Feed;
  /** Sees to it that the room's own audience is run at a time (unix seconds), even if the room sleeps until then. */
  scheduleAudience(at: number): void;
  /** Takes the events of a quote that was stored. */
  heard(instrument: Instrument, quote: StoredQuote, events: readonly FeedEvent[]): void;
  /** Publishes that the room's epoch was renewed. */
  epochRenewed(): void;
  /** Takes the stamps of closed candles that were changed. */
  revised(interval: Interval, times: readonly number[]): void;
  /** Does what is due; to be called by the alarm. */
  ring(): Promise<void>;
  /** Sets the alarm again, should it be missing while there is something to do. */
  checkAlarm(): Promise<void>;
}

/** What the life of a room needs of the room. */
export interface RoomParts {
  storage: DurableObjectStorage;
  facts: Facts;
  log: EventLog;
  gates: Gates;
  sourcesOf: (instrument: Instrument) => readonly ProviderName[];
  readCandles: ReadCandles;
  /** The quote to answer with, asked of the sources where the last one is not recent. */
  latest: (subject: Subject) => Promise<StoredQuote | null>;
  tick: (subject: Subject, now: number) => void;
  deliver: Deliver;
  /** Begins a new epoch: what clients have is not what the room has. */
  beginEpoch: () => void;
  /** Does what the room's own audience has to do. */
  runAudience: () => Promise<void>;
  /** Holds work that nobody waits for. */
  keep: (work: Promise<void>) => void;
}

/** Opens the life of a room. */
export function openRoomLife(room: RoomParts): RoomLife {
  const { storage, facts, log, readCandles } = room;
  const { sql } = storage;
  const now = (): number => Date.now() / 1000;
  const deadlines = openDeadlines(sql);
  const clock = openAlarmClock(storage, deadlines);
  const subject = (instrument: Instrument): Subject => subjectOf(instrument, room.sourcesOf(instrument));

  /** Sets a deadline from where nobody waits. */
  const soon = (name: string, at: number): void => {
    deadlines.set(name, at);
    room.keep(clock.wind());
  };
  const untold = openUntoldBars(sql);
  const attendees = openAttendees(sql, {
    deliver: room.deliver,
    left: () => soon("lease", now()),
    allTold: untold.clear,
    retryIn: (seconds) => soon("push", now() + seconds),
  });
  const candles = openLiveCandles(sql, readCandles);
  const indicators = openLiveIndicators(readCandles);
  const live = openLive({
    deadlines,
    attendees,
    log,
    series: openLiveSeries(candles, openFormingBars(readCandles), indicators, untold),
    watch: openSourceWatch(room.gates),
    tick: room.tick,
    runAudience: room.runAudience,
    onRewind: room.beginEpoch,
    ask: async (about) => void (await room.latest(about)),
  });
  const missed = openMissed(log, candles, indicators, readCandles, room.latest, facts.renewedAt);

  const known = (): Instrument => {
    const instrument = facts.instrument();
    if (!instrument) throw new Error("a room is told of its symbol before anybody listens");
    return instrument;
  };

  // What this room did not get round to tell before its memory went.
  const kept = untold.kept();
  if (kept.length > 0) {
    attendees.keepFor(known().symbol, kept);
    soon("push", now());
  }

  const life: RoomLife = {
    async attend(instrument, audience, wants) {
      const attendance = live.attend(subject(instrument), audience, wants, now());
      await clock.wind();
      return attendance;
    },
    missedQuotes: (instrument, since) => missed.quotes(subject(instrument), since, now()),
    missedCandles: (instrument, interval, since) => missed.candles(subject(instrument), interval, since, now()),
    async missedIndicator(instrument, wanted, since) {
      const refused = refusalOf(wanted);
      if (refused) return { time: null, recovered: since === null ? null : false, missed: [], refused };
      return missed.indicator(subject(instrument), wanted, since, now());
    },
    ownFeed: {
      attend: async (_, wants) => life.attend(known(), OWN_AUDIENCE, wants),
      missedQuotes: async (_, since) => life.missedQuotes(known(), since),
      missedCandles: async (_, interval, since) => life.missedCandles(known(), interval, since),
      missedIndicator: async (_, wanted, since) => life.missedIndicator(known(), wanted, since),
    },
    scheduleAudience: (at) => soon(AUDIENCE, at),
    heard: (instrument, quote, events) => live.heard(subject(instrument), quote, events, now()),
    epochRenewed() {
      const instrument = facts.instrument();
      if (!instrument) return;
      attendees.keepFor(instrument.symbol, [{ channel: "epoch", position: log.position() }]);
      soon("push", now());
    },
    revised(interval, times) {
      live.revised(subject(known()), interval, times, now());
      room.keep(clock.wind());
    },
    async checkAlarm() {
      const instrument = facts.instrument();
      if (instrument) live.plan(subject(instrument), now());
      await clock.check();
    },
    async ring() {
      clock.rung();
      await live.serve(subject(known()), now());
      await clock.wind();
    },
  };
  return life;
}
