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
import { Alarms, openAlarmClock } from "../alarms.ts";
import { contextOf, type InstrumentContext, type ReadCandles } from "../instrument-context.ts";
import type { QuoteLog } from "../quotes/quote-log.ts";
import type { RoomState } from "../room-state.ts";
import type { Upstreams } from "../upstreams.ts";
import { BarOutbox } from "./bar-outbox.ts";
import { BarPublisher } from "./bar-publisher.ts";
import { ClosedBarCursor } from "./closed-bars.ts";
import { FormingBars } from "./forming-bars.ts";
import { HubLeases, OWN_SESSIONS, type PublishToHub } from "./hub-leases.ts";
import { IndicatorRunner } from "./indicator-runner.ts";
import { Replay } from "./replay.ts";
import { Scheduler, SESSIONS } from "./scheduler.ts";
import { SourcePolling } from "./source-polling.ts";
import { refusalOf } from "./subscription-limits.ts";

/** What the life of a room needs of the room. */
export interface PublisherParts {
  storage: DurableObjectStorage;
  state: RoomState;
  log: QuoteLog;
  upstreams: Upstreams;
  sourcesOf: (instrument: Instrument) => readonly ProviderName[];
  readCandles: ReadCandles;
  /** The quote to answer with, asked of the sources where the last one is not recent. */
  latest: (context: InstrumentContext) => Promise<StoredQuote | null>;
  tick: (context: InstrumentContext, now: number) => void;
  publish: PublishToHub;
  /** Begins a new epoch: what clients have is not what the room has. */
  beginEpoch: () => void;
  /** Does what the room's own hub has to do. */
  runSessions: () => Promise<void>;
  /** Holds work that no client waits for. */
  keep: (work: Promise<void>) => void;
}

/** What a room is to those who listen. */
export class Publisher {
  readonly #room: PublisherParts;
  readonly #state: RoomState;
  readonly #log: QuoteLog;
  readonly #alarms: Alarms;
  readonly #clock: { rung(): void; wind: () => Promise<void>; check(): Promise<void> };
  readonly #leases: HubLeases;
  readonly #scheduler: Scheduler;
  readonly #replay: Replay;
  /** Where the room's own sockets receives of its symbol. */
  readonly roomClient: RoomClient;

  constructor(room: PublisherParts) {
    this.#room = room;
    const storage = room.storage;
    this.#state = room.state;
    this.#log = room.log;
    const readCandles = room.readCandles;
    const { sql } = storage;
    this.#alarms = new Alarms(sql);
    this.#clock = openAlarmClock(storage, this.#alarms);
    const batcher = new BarOutbox(sql);
    this.#leases = new HubLeases(sql, {
      publish: this.#room.publish,
      onReleased: () => this.#arm("lease", this.#now()),
      onAllTaken: (order) => batcher.clear(order),
      retryIn: (seconds) => this.#arm("push", this.#now() + seconds),
    });
    const candles = new ClosedBarCursor(sql, readCandles);
    const indicators = new IndicatorRunner(readCandles);
    this.#scheduler = new Scheduler({
      alarms: this.#alarms,
      leases: this.#leases,
      log: this.#log,
      series: new BarPublisher(candles, new FormingBars(readCandles), indicators, batcher),
      watch: new SourcePolling(this.#room.upstreams),
      tick: this.#room.tick,
      runSessions: this.#room.runSessions,
      onRewind: this.#room.beginEpoch,
      ask: async (about) => void (await this.#room.latest(about)),
    });
    this.#replay = new Replay(this.#log, candles, indicators, readCandles, this.#room.latest, () =>
      this.#state.renewedAt(),
    );
    // What this room did not get round to send before its memory went.
    const kept = batcher.pending();
    if (kept.length > 0) {
      this.#leases.enqueue(this.#known().symbol, kept);
      this.#arm("push", this.#now());
    }
    this.roomClient = {
      renewLease: async (_, interest) => this.renewLease(this.#known(), OWN_SESSIONS, interest),
      replayQuotes: async (_, since) => this.replayQuotes(this.#known(), since),
      replayCandles: async (_, interval, since) => this.replayCandles(this.#known(), interval, since),
      replayIndicator: async (_, indicator, since) => this.replayIndicator(this.#known(), indicator, since),
    };
  }

  /** Notes what an hub wants from now on. */
  async renewLease(instrument: Instrument, hub: string, interest: Interest): Promise<Lease> {
    const lease = this.#scheduler.renewLease(this.#context(instrument), hub, interest, this.#now());
    await this.#clock.wind();
    return lease;
  }

  replayQuotes(instrument: Instrument, since: QuotePosition | null): Promise<QuoteReplay> {
    return this.#replay.quotes(this.#context(instrument), since, this.#now());
  }

  replayCandles(instrument: Instrument, interval: Interval, since: number | null): Promise<BarReplay> {
    return this.#replay.candles(this.#context(instrument), interval, since, this.#now());
  }

  async replayIndicator(
    instrument: Instrument,
    indicator: IndicatorInterest,
    since: number | null,
  ): Promise<BarReplay> {
    const refused = refusalOf(indicator);
    if (refused) return { time: null, recovered: since === null ? null : false, missed: [], refused };
    return this.#replay.indicator(this.#context(instrument), indicator, since, this.#now());
  }

  /** Ensures that the room's own hub is run at a time (unix seconds), even if the room sleeps until then. */
  scheduleSessions(at: number): void {
    this.#arm(SESSIONS, at);
  }

  /** Takes the events of a quote that was stored. */
  onQuote(instrument: Instrument, quote: StoredQuote, events: readonly SymbolEvent[]): void {
    this.#scheduler.onQuote(this.#context(instrument), quote, events, this.#now());
  }

  /** Publishes that the room's epoch was renewed. */
  onEpoch(): void {
    const instrument = this.#state.instrument();
    if (!instrument) return;
    this.#leases.enqueue(instrument.symbol, [{ channel: "epoch", position: this.#log.position() }]);
    this.#arm("push", this.#now());
  }

  /** Takes the stamps of closed candles that were changed. */
  onRevised(interval: Interval, times: readonly number[]): void {
    this.#scheduler.onRevised(this.#context(this.#known()), interval, times, this.#now());
    this.#room.keep(this.#clock.wind());
  }

  /** Sets the alarm again, should it be missing while there is something to do. */
  async checkAlarm(): Promise<void> {
    const instrument = this.#state.instrument();
    if (instrument) this.#scheduler.schedule(this.#context(instrument), this.#now());
    await this.#clock.check();
  }

  /** Does what is due; to be called by the alarm. */
  async onAlarm(): Promise<void> {
    this.#clock.rung();
    await this.#scheduler.runDue(this.#context(this.#known()), this.#now());
    await this.#clock.wind();
  }

  #now(): number {
    return Date.now() / 1000;
  }

  #context(instrument: Instrument): InstrumentContext {
    return contextOf(instrument, this.#room.sourcesOf(instrument));
  }

  /** Sets a deadline from where no client waits. */
  #arm(name: string, at: number): void {
    this.#alarms.set(name, at);
    this.#room.keep(this.#clock.wind());
  }

  #known(): Instrument {
    const instrument = this.#state.instrument();
    if (!instrument) throw new Error("a room is notified of its symbol before anyone listens");
    return instrument;
  }
}
