import { liveSources } from "../../../contracts/provider.ts";
import type { StoredQuote } from "../../../contracts/quote.ts";
import { HEARTBEAT_SECONDS } from "../../../contracts/stream.ts";
import type { Instrument } from "../../../contracts/symbol.ts";
import { bucketAt, bucketStamped } from "../../../core/buckets.ts";
import { INTERVALS, type Interval, isMultipleOf } from "../../../core/interval.ts";
import { marketOf } from "../../../core/market-calendar/markets.ts";
import { isoTime } from "../../../core/time.ts";
import { freshnessPolicyOf } from "../../../providers/freshness-policy.ts";
import type { SessionHub } from "../../streaming/session-hub.ts";
import type {
  BarReplay,
  Interest,
  Lease,
  QuotePosition,
  QuoteReplay,
  SymbolEvent,
} from "../../symbol-events/symbol-events.ts";
import { type Alarm, Alarms } from "../alarms.ts";
import type { HistoryWork } from "../candles/reading/history-work.ts";
import type { InstrumentContext } from "../instrument-context.ts";
import type { QuoteLog } from "../quotes/quote-log.ts";
import type { RoomState } from "../room-state.ts";
import type { Upstreams } from "../upstreams.ts";
import { BarOutbox } from "./bar-outbox.ts";
import { BarPublisher } from "./bar-publisher.ts";
import { ClosedBarCursor } from "./closed-bars.ts";
import { FormingBars } from "./forming-bars.ts";
import { HubLeases, MAX_RETRY_SECONDS } from "./hub-leases.ts";
import { IndicatorRunner } from "./indicator-runner.ts";
import { Replay } from "./replay.ts";
import { POLLING_RENEWAL_SECONDS, SourcePolling } from "./source-polling.ts";
import { limitInterest } from "./subscription-limits.ts";

/** Seconds after which closing is tried again if no source answers. */
const CLOSE_AGAIN = 5;
/** Revised bars that are published one by one; beyond it a reset stands for all of them. */
const MAX_REVISED = 100;
/** Silence is expected after this part of the span after which the price would be stale. */
const QUIET_SHARE = 1 / 10;

/** What the publisher needs of its room. */
export interface PublisherHost {
  storage: DurableObjectStorage;
  state: RoomState;
  log: QuoteLog;
  upstreams: Upstreams;
  /** The history that is read for clients at the moment. */
  historyWork: HistoryWork;
  contextOf(instrument: Instrument): InstrumentContext;
  /** The quote to answer with, asked of the sources if the last one is not recent. */
  latest(context: InstrumentContext): Promise<StoredQuote | null>;
  /** Stores what a source does by itself at `now`. */
  tick(context: InstrumentContext, now: number): void;
  /** When there is something to be done for candles without a request, unix seconds; null if there is not. */
  nextUpkeep(instrument: Instrument, now: number): number | null;
  /** Does some of it. */
  keepCandles(instrument: Instrument): Promise<void>;
  /** The hubs of the platform. */
  hubs(): Env["STREAM_HUB"];
  /** The sessions of the room's own sockets. */
  ownSessions(): SessionHub;
  /** Begins a new epoch: what clients have is not what the room has. */
  beginEpoch(): void;
  /** Keeps the object alive until some work is done. */
  keep(work: Promise<void>): void;
}

/** Publishes a symbol's quotes, bars and indicator values to the hubs that hold leases, and runs what is due for that. */
export class Publisher {
  readonly #host: PublisherHost;
  readonly #alarms: Alarms;
  readonly #leases: HubLeases;
  readonly #bars: BarPublisher;
  readonly #polling: SourcePolling;
  readonly #replay: Replay;

  constructor(host: PublisherHost) {
    this.#host = host;
    const { sql } = host.storage;
    const outbox = new BarOutbox(sql);
    const closed = new ClosedBarCursor(sql);
    const indicators = new IndicatorRunner();
    this.#alarms = new Alarms(host.storage);
    this.#leases = new HubLeases(sql, {
      hubs: () => host.hubs(),
      ownSessions: () => host.ownSessions(),
      onReleased: () => this.#alarmAt({ kind: "expire-leases" }, this.#now()),
      onAllTaken: (order) => outbox.clear(order),
      retryIn: (seconds) => this.#alarmAt({ kind: "retry-push" }, this.#now() + seconds),
    });
    this.#bars = new BarPublisher(closed, new FormingBars(), indicators, outbox);
    this.#polling = new SourcePolling(host.upstreams);
    this.#replay = new Replay(
      host.log,
      closed,
      indicators,
      host.historyWork,
      (context) => host.latest(context),
      () => host.state.renewedAt(),
    );
    // What was not pushed before the room's memory went.
    const pending = outbox.pending();
    if (pending.length > 0) {
      this.#leases.enqueue(this.#instrument().symbol, pending);
      this.#alarmAt({ kind: "retry-push" }, this.#now());
    }
  }

  /** Sets what a hub is interested in from now on, in place of what it was, and renews its lease. */
  async renewLease(instrument: Instrument, hub: string, interest: Interest): Promise<Lease> {
    const now = this.#now();
    const context = this.#host.contextOf(instrument);
    const { accepted, refused } = limitInterest(
      interest,
      this.#leases.indicatorsOfOthers(hub),
      this.#leases.indicatorsOf(hub),
    );
    const until = this.#leases.renew(hub, accepted, now);
    this.#schedule(context, now);
    const [first] = [...liveSources(context.sources), ...context.sources];
    const { staleAfter, delay } = freshnessPolicyOf(first);
    const lastAt = this.#host.log.lastAt();
    const lease = {
      position: this.#host.log.position(),
      lastEventAt: lastAt === null ? null : isoTime(lastAt),
      exchange: instrument.primary_exchange,
      expectedInterval: (staleAfter - delay) * QUIET_SHARE,
      until,
      refused,
    };
    await this.#alarms.arm();
    return lease;
  }

  /** The quotes that came after a position, or a snapshot. */
  replayQuotes(instrument: Instrument, since: QuotePosition | null): Promise<QuoteReplay> {
    return this.#replay.quotes(this.#host.contextOf(instrument), since, this.#now());
  }

  /** The bars that closed after the one stamped `since`. */
  replayCandles(instrument: Instrument, interval: Interval, since: number | null): Promise<BarReplay> {
    return this.#replay.candles(this.#host.contextOf(instrument), interval, since, this.#now());
  }

  /** The values of each of several indicators at the bars that closed after the one stamped `since`. */
  async replayIndicators(
    instrument: Instrument,
    interval: Interval,
    specs: readonly string[],
    since: number | null,
  ): Promise<BarReplay[]> {
    return this.#replay.indicators(this.#host.contextOf(instrument), interval, specs, since, this.#now());
  }

  /** Publishes the events of a quote that was stored, and what it makes of the bars that form. */
  onQuote(instrument: Instrument, quote: StoredQuote, events: readonly SymbolEvent[]): void {
    if (this.#leases.nextExpiry() === null) return;
    const { symbol } = instrument;
    this.#leases.publish(symbol, events);
    this.#leases.publish(symbol, this.#bars.form(this.#host.contextOf(instrument), quote, this.#now()));
  }

  /** Publishes that the room's epoch was renewed. */
  onEpoch(): void {
    this.#bars.forgetKept();
    const instrument = this.#host.state.instrument();
    if (!instrument) return;
    this.#leases.enqueue(instrument.symbol, [{ channel: "epoch", position: this.#host.log.position() }]);
    this.#alarmAt({ kind: "retry-push" }, this.#now());
  }

  /** Publishes closed bars of an interval that were changed or came late (by their stamps), and those that are made of them. */
  onRevised(interval: Interval, times: readonly number[]): void {
    this.#bars.forgetKept();
    const instrument = this.#host.state.instrument();
    if (!instrument) return;
    const market = marketOf(instrument.primary_exchange);
    for (const coarser of INTERVALS) {
      if (coarser !== interval && !isMultipleOf(interval, coarser)) continue;
      const closed = this.#bars.closed(coarser);
      if (closed === null) continue;
      const stamps = new Set<number>();
      for (const time of times) {
        const stamp = coarser === interval ? time : bucketAt(market, coarser, time)?.time;
        if (stamp !== undefined && stamp <= closed) stamps.add(stamp);
      }
      const first = [...stamps].reduce((a, b) => Math.min(a, b), closed);
      if (stamps.size > MAX_REVISED)
        this.#alarms.set({ kind: "reset-bars", interval: coarser, time: first }, this.#now());
      else for (const time of stamps) this.#alarms.set({ kind: "revise-bar", interval: coarser, time }, this.#now());
    }
    this.#host.keep(this.#alarms.arm());
  }

  /** There is something to be done for the room's candles without a request. */
  scheduleUpkeep(): void {
    const instrument = this.#host.state.instrument();
    const at = instrument && this.#host.nextUpkeep(instrument, this.#now());
    if (at !== null) this.#alarmAt({ kind: "keep-candles" }, at);
  }

  /** Candles were imported, or dropped for imported ones. */
  onImported(): void {
    this.#bars.forgetKept();
  }

  /** Runs the room's own sockets at a time (unix seconds), even if the room sleeps until then. */
  scheduleSessions(at: number): void {
    this.#alarmAt({ kind: "run-sessions" }, at);
  }

  /** Sets the platform's alarm again if it is missing while there is something to do. */
  async checkAlarm(): Promise<void> {
    const instrument = this.#host.state.instrument();
    if (instrument) this.#schedule(this.#host.contextOf(instrument), this.#now());
    await this.#alarms.check();
  }

  /** Runs what is due; for the platform's alarm. */
  async onAlarm(): Promise<void> {
    this.#alarms.onFired();
    const context = this.#host.contextOf(this.#instrument());
    const now = this.#now();
    // After a start nothing that is watched is in memory yet.
    this.#schedule(context, now);
    for (const alarm of this.#alarms.due(now)) {
      const at = this.#alarms.at(alarm);
      await this.#run(context, alarm, now);
      if (this.#alarms.at(alarm) === at) this.#alarms.clear(alarm);
    }
    this.#schedule(context, now);
    await this.#alarms.arm();
  }

  /** Sets the alarm of everything that must happen, if it has none or one that lies further ahead than it can. */
  #schedule(context: InstrumentContext, now: number): void {
    this.#leases.capExpiry(now);
    if (this.#bars.rewind(context, now)) this.#host.beginEpoch();
    this.#alarms.cap({ kind: "retry-push" }, now + MAX_RETRY_SECONDS);
    this.#alarms.cap({ kind: "run-sessions" }, now + HEARTBEAT_SECONDS);
    const expiry = this.#leases.nextExpiry();
    const starting = this.#bars.watch(context, this.#leases.interest(), now);
    this.#alarms.ensure({ kind: "keep-candles" }, this.#host.nextUpkeep(context.instrument, now));
    if (expiry === null) {
      const isPolled = this.#alarms.at({ kind: "renew-polling" }) !== null;
      this.#alarms.clearAllBut({ kind: "run-sessions" }, { kind: "stop-polling" }, { kind: "keep-candles" });
      if (isPolled) this.#alarms.set({ kind: "stop-polling" }, now);
      return;
    }
    this.#alarms.set({ kind: "expire-leases" }, expiry);
    this.#alarms.clear({ kind: "stop-polling" });
    for (const interval of starting) this.#alarms.ensure({ kind: "start-bars", interval }, now, now + CLOSE_AGAIN);
    for (const interval of INTERVALS) {
      const closes = this.#bars.closesAt(context, interval);
      this.#alarms.ensure({ kind: "close-bar", interval }, closes, Math.max(closes ?? now, now + CLOSE_AGAIN));
    }
    this.#alarms.ensure({ kind: "tick" }, context.source.nextTickAt(now));
    this.#alarms.ensure({ kind: "renew-polling" }, context.source.isPolled ? now : null, now + POLLING_RENEWAL_SECONDS);
  }

  async #run(context: InstrumentContext, alarm: Alarm, now: number): Promise<void> {
    switch (alarm.kind) {
      case "run-sessions":
        return this.#host.ownSessions().runDue();
      case "expire-leases":
        return this.#leases.expire(now);
      case "retry-push":
        return this.#leases.retry();
      case "tick":
        return this.#host.tick(context, now);
      case "renew-polling":
        this.#alarms.set(alarm, now + POLLING_RENEWAL_SECONDS);
        if (!(await this.#polling.renew(context))) await this.#host.latest(context);
        return;
      case "stop-polling":
        return this.#polling.stop(context);
      case "close-bar":
        return this.#closeBar(context, alarm.interval, now);
      case "revise-bar": {
        const events = await this.#bars.revise(context, alarm.interval, alarm.time, now);
        this.#leases.publish(context.instrument.symbol, events);
        return;
      }
      case "reset-bars":
        this.#leases.publish(context.instrument.symbol, this.#bars.reset(context, alarm.interval, alarm.time, now));
        this.#alarms.set({ kind: "start-bars", interval: alarm.interval }, now);
        return;
      case "keep-candles":
        return this.#host.keepCandles(context.instrument);
      case "start-bars":
        if (!(await this.#bars.start(context, alarm.interval, now))) this.#alarms.set(alarm, now + CLOSE_AGAIN);
    }
  }

  async #closeBar(context: InstrumentContext, interval: Interval, now: number): Promise<void> {
    const events = await this.#bars.close(context, interval, now);
    if (!events) {
      this.#alarms.set({ kind: "close-bar", interval }, now + CLOSE_AGAIN);
      return;
    }
    this.#leases.publish(context.instrument.symbol, events);
    const { revisesAfter } = context.source;
    if (revisesAfter === null) return;
    for (const event of events) {
      if (event.channel !== "candles") continue;
      const closes = bucketStamped(context.market, interval, event.time)?.closes ?? now;
      this.#alarms.set({ kind: "revise-bar", interval, time: event.time }, closes + revisesAfter);
    }
  }

  #now(): number {
    return Date.now() / 1000;
  }

  /** Sets an alarm outside of a request that waits for it. */
  #alarmAt(alarm: Alarm, at: number): void {
    this.#alarms.set(alarm, at);
    this.#host.keep(this.#alarms.arm());
  }

  #instrument(): Instrument {
    const instrument = this.#host.state.instrument();
    if (!instrument) throw new Error("a room knows its symbol before a hub holds a lease");
    return instrument;
  }
}
