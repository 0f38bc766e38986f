import type { ProviderName } from "../../../contracts/provider.ts";
import type { StoredQuote } from "../../../contracts/quote.ts";
import type { Instrument } from "../../../contracts/symbol.ts";
import type { Interval } from "../../../core/interval.ts";
import type {
  BarReplay,
  IndicatorInterest,
  Interest,
  Lease,
  QuotePosition,
  QuoteReplay,
  RoomClient,
  SymbolEvent,
} from "../../symbol-events/symbol-events.ts";
import { openAlarmClock, openAlarms } from "../alarms.ts";
import { contextOf, type InstrumentContext, type ReadCandles } from "../instrument-context.ts";
import type { QuoteLog } from "../quotes/quote-log.ts";
import type { RoomState } from "../room-state.ts";
import type { Upstreams } from "../upstreams.ts";
import { openBarOutbox } from "./bar-outbox.ts";
import { openBarPublisher } from "./bar-publisher.ts";
import { openClosedBars } from "./closed-bars.ts";
import { openFormingBars } from "./forming-bars.ts";
import { OWN_SESSIONS, openHubLeases, type PublishToHub } from "./hub-leases.ts";
import { openIndicatorRunner } from "./indicator-runner.ts";
import { openReplay } from "./replay.ts";
import { openScheduler, SESSIONS } from "./scheduler.ts";
import { openSourcePolling } from "./source-polling.ts";
import { refusalOf } from "./subscription-limits.ts";

/** What a room is to those who listen. */
export interface Publisher {
  /** Notes what an audience wants from now on. */
  renewLease(instrument: Instrument, hub: string, interest: Interest): Promise<Lease>;
  replayQuotes(instrument: Instrument, since: QuotePosition | null): Promise<QuoteReplay>;
  replayCandles(instrument: Instrument, interval: Interval, since: number | null): Promise<BarReplay>;
  replayIndicator(instrument: Instrument, indicator: IndicatorInterest, since: number | null): Promise<BarReplay>;
  /** Where the room's own sockets hear of its symbol. */
  roomClient: RoomClient;
  /** Sees to it that the room's own audience is run at a time (unix seconds), even if the room sleeps until then. */
  scheduleSessions(at: number): void;
  /** Takes the events of a quote that was stored. */
  onQuote(instrument: Instrument, quote: StoredQuote, events: readonly SymbolEvent[]): void;
  /** Publishes that the room's epoch was renewed. */
  onEpoch(): void;
  /** Takes the stamps of closed candles that were changed. */
  onRevised(interval: Interval, times: readonly number[]): void;
  /** Does what is due; to be called by the alarm. */
  onAlarm(): Promise<void>;
  /** Sets the alarm again, should it be missing while there is something to do. */
  checkAlarm(): Promise<void>;
}

/** What the life of a room needs of the room. */
export interface PublisherParts {
  storage: DurableObjectStorage;
  state: RoomState;
  log: QuoteLog;
  upstreams: Upstreams;
  sourcesOf: (instrument: Instrument) => readonly ProviderName[];
  readCandles: ReadCandles;
  /** The quote to answer with, asked of the sources where the last one is not recent. */
  latest: (subject: InstrumentContext) => Promise<StoredQuote | null>;
  tick: (subject: InstrumentContext, now: number) => void;
  publish: PublishToHub;
  /** Begins a new epoch: what clients have is not what the room has. */
  beginEpoch: () => void;
  /** Does what the room's own audience has to do. */
  runSessions: () => Promise<void>;
  /** Holds work that nobody waits for. */
  keep: (work: Promise<void>) => void;
}

/** Opens the life of a room. */
export function openPublisher(room: PublisherParts): Publisher {
  const { storage, state, log, readCandles } = room;
  const { sql } = storage;
  const now = (): number => Date.now() / 1000;
  const alarms = openAlarms(sql);
  const clock = openAlarmClock(storage, alarms);
  const subject = (instrument: Instrument): InstrumentContext => contextOf(instrument, room.sourcesOf(instrument));

  /** Sets a deadline from where nobody waits. */
  const soon = (name: string, at: number): void => {
    alarms.set(name, at);
    room.keep(clock.wind());
  };
  const outbox = openBarOutbox(sql);
  const leases = openHubLeases(sql, {
    publish: room.publish,
    onReleased: () => soon("lease", now()),
    onAllTaken: outbox.clear,
    retryIn: (seconds) => soon("push", now() + seconds),
  });
  const candles = openClosedBars(sql, readCandles);
  const indicators = openIndicatorRunner(readCandles);
  const live = openScheduler({
    alarms,
    leases,
    log,
    series: openBarPublisher(candles, openFormingBars(readCandles), indicators, outbox),
    watch: openSourcePolling(room.upstreams),
    tick: room.tick,
    runSessions: room.runSessions,
    onRewind: room.beginEpoch,
    ask: async (about) => void (await room.latest(about)),
  });
  const replay = openReplay(log, candles, indicators, readCandles, room.latest, state.renewedAt);

  const known = (): Instrument => {
    const instrument = state.instrument();
    if (!instrument) throw new Error("a room is told of its symbol before anybody listens");
    return instrument;
  };

  // What this room did not get round to tell before its memory went.
  const kept = outbox.pending();
  if (kept.length > 0) {
    leases.enqueue(known().symbol, kept);
    soon("push", now());
  }

  const publisher: Publisher = {
    async renewLease(instrument, audience, wants) {
      const attendance = live.renewLease(subject(instrument), audience, wants, now());
      await clock.wind();
      return attendance;
    },
    replayQuotes: (instrument, since) => replay.quotes(subject(instrument), since, now()),
    replayCandles: (instrument, interval, since) => replay.candles(subject(instrument), interval, since, now()),
    async replayIndicator(instrument, wanted, since) {
      const refused = refusalOf(wanted);
      if (refused) return { time: null, recovered: since === null ? null : false, missed: [], refused };
      return replay.indicator(subject(instrument), wanted, since, now());
    },
    roomClient: {
      renewLease: async (_, wants) => publisher.renewLease(known(), OWN_SESSIONS, wants),
      replayQuotes: async (_, since) => publisher.replayQuotes(known(), since),
      replayCandles: async (_, interval, since) => publisher.replayCandles(known(), interval, since),
      replayIndicator: async (_, wanted, since) => publisher.replayIndicator(known(), wanted, since),
    },
    scheduleSessions: (at) => soon(SESSIONS, at),
    onQuote: (instrument, quote, events) => live.onQuote(subject(instrument), quote, events, now()),
    onEpoch() {
      const instrument = state.instrument();
      if (!instrument) return;
      leases.enqueue(instrument.symbol, [{ channel: "epoch", position: log.position() }]);
      soon("push", now());
    },
    onRevised(interval, times) {
      live.onRevised(subject(known()), interval, times, now());
      room.keep(clock.wind());
    },
    async checkAlarm() {
      const instrument = state.instrument();
      if (instrument) live.schedule(subject(instrument), now());
      await clock.check();
    },
    async onAlarm() {
      clock.rung();
      await live.runDue(subject(known()), now());
      await clock.wind();
    },
  };
  return publisher;
}
