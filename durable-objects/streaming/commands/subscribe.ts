import type { Subscribe } from "../../../contracts/stream.ts";
import { FairQueue } from "../../../core/concurrency/fair-queue.ts";
import { logError } from "../../../observability/log.ts";
import type { IndicatorInterest, Lease, RoomClient } from "../../symbol-events/symbol-events.ts";
import type { RefusalReason, StreamCounts } from "../connections/metrics.ts";
import type { StreamLoad } from "../connections/stream-load.ts";
import { fullBudget, type ResumeBudget, type ResumeResult, resume, type Since } from "../delivery/resume.ts";
import type { RoomLeases } from "../delivery/room-lease.ts";
import { MessageError } from "../protocol/client-message.ts";
import { confirmationFrame } from "../protocol/server-frames.ts";
import { type Subject, type Subscription, subjectKey } from "../protocol/subscription.ts";
import type { SymbolChannel } from "../subscriptions/channel.ts";
import { type Session, type SubscriptionRegistry, subscriptionsOf } from "../subscriptions/registry.ts";
import type { Subscriber } from "../subscriptions/subscriber.ts";
import type { HistoryAccess } from "./history-access.ts";
import { checkLimits, type RejectedSymbol, resolveRequested } from "./requested-symbols.ts";
import type { Rejection, SymbolResolver } from "./symbol-resolver.ts";

/** One symbol of a message, whose subscribers buffer events. */
interface PendingSubscription {
  symbol: string;
  since: Since;
  subscribers: Subscriber[];
}

/** Replies with what was missed may be large: this many are requested at once. */
const RESUMES_AT_ONCE = 2;

const isRefusal = (answer: ResumeResult | Rejection): answer is Rejection => "code" in answer;

const unavailable = (symbol: string): Rejection => ({
  code: "stream.unavailable",
  detail: `The stream of ${symbol} does not answer now. Subscribe again in a moment.`,
});

/** Why a feed does not deliver one of these subscriptions; null where it delivers all. */
function refusalOf({ refused = [] }: Lease, subscriptions: readonly Subscription[]): Rejection | null {
  const isMeant = ({ interval, spec }: IndicatorInterest): boolean =>
    subscriptions.some(
      (each) => each.channel === "indicators" && each.interval === interval && each.indicator === spec,
    );
  return refused.find(isMeant) ?? null;
}

function* groupsOf(pending: readonly PendingSubscription[]): Generator<readonly PendingSubscription[]> {
  const size = pending.some(({ since }) => since !== null) ? RESUMES_AT_ONCE : pending.length;
  for (let i = 0; i < pending.length; i += size) yield pending.slice(i, i + size);
}

/** Messages that have history read at a time, over all sockets of an object: what is read is in memory until it is written. */
const HISTORY_READS = { total: 12, perCaller: 3 } as const;

const OVERLOADED = "There is too much to do here at the moment.";

/** Whether a message needs history: what was missed, or what indicators are started from. */
const needsHistory = ({ channel, since }: Subscribe): boolean =>
  channel === "indicators" || (channel === "candles" && since !== undefined);

/** Lets sockets begin to listen: not one event before its confirmation, and not one lost between the two. */
export class Subscriptions {
  readonly #registry: () => SubscriptionRegistry;
  readonly #room: RoomClient;
  readonly #resolver: SymbolResolver;
  readonly #leases: RoomLeases;
  readonly #counts: StreamCounts;
  readonly #load: StreamLoad;
  readonly #historyAccess: HistoryAccess;
  readonly #historyReads = new FairQueue(HISTORY_READS);
  readonly #evictLagging: (channel: SymbolChannel) => boolean;

  /** @param evictLagging closes the sockets that lag and have live indicators of a symbol; returns whether there were any */
  constructor(
    registry: () => SubscriptionRegistry,
    room: RoomClient,
    resolver: SymbolResolver,
    leases: RoomLeases,
    counts: StreamCounts,
    load: StreamLoad,
    historyAccess: HistoryAccess,
    evictLagging: (channel: SymbolChannel) => boolean,
  ) {
    this.#registry = registry;
    this.#room = room;
    this.#resolver = resolver;
    this.#leases = leases;
    this.#counts = counts;
    this.#load = load;
    this.#historyAccess = historyAccess;
    this.#evictLagging = evictLagging;
  }

  /** @throws MessageError where the message cannot be carried out at all */
  async subscribe(session: Session, message: Subscribe, subjects: readonly Subject[]): Promise<void> {
    this.#checkLoad(message);
    if (!needsHistory(message)) return this.#subscribe(session, message, subjects);
    const { kind, name } = session.connection.account;
    return this.#historyReads.run(`${kind} ${name}`, () => this.#subscribe(session, message, subjects));
  }

  async #subscribe(session: Session, message: Subscribe, subjects: readonly Subject[]): Promise<void> {
    if (!this.#isConnected(session)) return;
    const { joiners: requested, rejected } = await resolveRequested(this.#resolver, message);
    if (!this.#isConnected(session)) return;
    checkLimits(session, requested, subjects.length);
    this.#checkShare(session, requested.length * subjects.length);
    const refused = await this.#historyAccess.acquire(session.connection.info, requested, subjects);
    if (!this.#isConnected(session)) return;
    rejected.push(...refused);
    const without = new Set(refused.map(({ symbol }) => symbol));
    const admitted = requested.filter(({ instrument }) => !without.has(instrument.symbol));
    const pending = admitted.map(({ instrument, since }): PendingSubscription => {
      const { symbol } = instrument;
      const subscribers = subjects.map((context) =>
        this.#registry().subscribe(session, instrument, { symbol, ...context, delivery: message.delivery }),
      );
      return { symbol, since, subscribers };
    });
    const answers = await this.#resumeAll(pending);
    if (!this.#isConnected(session)) return;
    const positions = new Map<PendingSubscription, ResumeResult>();
    for (const [one, answer] of answers) {
      if (!isRefusal(answer)) {
        positions.set(one, answer);
        continue;
      }
      for (const subscriber of one.subscribers) this.#registry().unsubscribe(session, subscriber);
      rejected.push({ symbol: one.symbol, code: answer.code, detail: answer.detail });
    }
    this.#confirm(session, message, rejected, positions);
  }

  /**
   * Sends a symbol's subscribers a fresh confirmation that nothing was recovered: those of quotes with a snapshot, and unless
   * `onlyConflated` those of bars, too.
   */
  async resubscribe(symbolChannel: SymbolChannel, onlyConflated: boolean): Promise<void> {
    const behind = [...symbolChannel.allSubscribers()].filter(
      ({ isBuffering, isConflated, subscription: { channel } }) =>
        !isBuffering && (!onlyConflated || (isConflated && channel === "quotes")),
    );
    for (const subscriber of behind) subscriber.startBuffering();
    const channels = Map.groupBy(behind, ({ subscription }) => subscription.channel);
    for (const [channel, subscribers] of channels) await this.#confirmAgain(symbolChannel.symbol, channel, subscribers);
  }

  /** Where a symbol's subscribers go on, or why they cannot. */
  async #resumeOne(
    symbol: string,
    subscribers: readonly Subscriber[],
    since: Since,
    allowance: ResumeBudget,
  ): Promise<ResumeResult | Rejection> {
    const channel = this.#registry().channels.get(symbol);
    if (!channel) return unavailable(symbol);
    try {
      const subscriptions = subscribers.map(({ subscription }) => subscription);
      let refusal = refusalOf(await this.#leases.renew(channel), subscriptions);
      if (refusal?.code === "stream.too_many_subscriptions" && this.#evictLagging(channel))
        refusal = refusalOf(await this.#leases.renew(channel), subscriptions);
      if (refusal) return refusal;
      return await resume(this.#room, symbol, subscriptions, since, allowance);
    } catch (error) {
      // A caller that asked has left meanwhile.
      if (!this.#registry().channels.has(symbol)) return unavailable(symbol);
      logError("a symbol's feed failed", error, { symbol });
      return unavailable(symbol);
    }
  }

  async #takeSnapshot(symbol: string, subscribers: readonly Subscriber[]): Promise<ResumeResult | Rejection> {
    const position = await this.#resumeOne(symbol, subscribers, null, fullBudget());
    if (isRefusal(position)) return position;
    return { ...position, recovered: false, text: position.text.replace('"recovered":null', '"recovered":false') };
  }

  #stopBuffering(subscriber: Subscriber, position: ResumeResult): void {
    const channel = this.#registry().channels.get(subscriber.subscription.symbol);
    subscriber.stopBuffering(position.start, channel?.position?.epoch ?? null);
  }

  /** The positions of all that join, within what one confirmation may hold, or why they cannot. */
  async #resumeAll(
    pending: readonly PendingSubscription[],
  ): Promise<Map<PendingSubscription, ResumeResult | Rejection>> {
    const positions = new Map<PendingSubscription, ResumeResult | Rejection>();
    const left = fullBudget();
    for (const group of groupsOf(pending)) {
      const allowance = { ...left };
      const answers = await Promise.all(
        group.map(async (one) => ({
          one,
          position: await this.#resumeOne(one.symbol, one.subscribers, one.since, allowance),
        })),
      );
      for (const { one, position } of answers) {
        const isTooMuch = !isRefusal(position) && (position.events > left.events || position.bytes > left.bytes);
        const fitting = isTooMuch ? await this.#takeSnapshot(one.symbol, one.subscribers) : position;
        positions.set(one, fitting);
        if (isRefusal(fitting)) continue;
        left.events -= fitting.events;
        left.bytes -= fitting.bytes;
      }
    }
    return positions;
  }

  #confirm(
    session: Session,
    { id, channel }: Subscribe,
    rejected: RejectedSymbol[],
    positions: ReadonlyMap<PendingSubscription, ResumeResult>,
  ): void {
    this.#registry().save(session);
    const texts = new Map(Array.from(positions, ([{ symbol }, { text }]) => [symbol, text]));
    const subscriptions = subscriptionsOf(session);
    session.connection.send(confirmationFrame({ id, channel, rejected, positions: texts, subscriptions }));
    for (const [{ subscribers }, position] of positions) {
      if (position.recovered) this.#counts.recovered++;
      else if (position.recovered === false) this.#counts.snapshots++;
      for (const subscriber of subscribers) this.#stopBuffering(subscriber, position);
    }
  }

  async #confirmAgain(
    symbol: string,
    channel: Subscription["channel"],
    subscribers: readonly Subscriber[],
  ): Promise<void> {
    const bySubject = new Map(subscribers.map((subscriber) => [subjectKey(subscriber.subscription), subscriber]));
    const position = await this.#takeSnapshot(symbol, [...bySubject.values()]);
    const confirmed = new Set<Session>();
    for (const subscriber of subscribers) {
      const session = this.#registry().sessions.get(subscriber.connection.id);
      if (!session) continue;
      if (isRefusal(position)) {
        // Nothing true can be said of where it stands: its client comes back with the position that it has.
        subscriber.connection.close(1012, "the symbol's stream does not answer");
        continue;
      }
      if (!confirmed.has(session)) {
        const positions = new Map([[symbol, position.text]]);
        const subscriptions = subscriptionsOf(session);
        session.connection.send(confirmationFrame({ id: null, channel, rejected: [], positions, subscriptions }));
        confirmed.add(session);
      }
      this.#stopBuffering(subscriber, position);
    }
  }

  /** @throws MessageError where the object takes no such work now */
  #checkLoad(message: Subscribe): void {
    if (this.#load.isAtLeast("no_joins") || this.#registry().ledger.isFull)
      throw this.#refuse("overloaded", `${OVERLOADED} Subscribe again in a moment.`);
    if (needsHistory(message) && this.#load.isAtLeast("no_history"))
      throw this.#refuse("overloaded", `${OVERLOADED} Ask for indicators and history again in a moment.`);
  }

  /** @throws MessageError where a caller would have too many of the object's subscriptions */
  #checkShare(session: Session, more: number): void {
    const refusal = this.#registry().subscriptionShare.refusal(session.connection.account, more);
    if (refusal === "full") throw this.#refuse("overloaded", `${OVERLOADED} It has all the subscriptions that it may.`);
    if (refusal === "caller")
      throw this.#refuse("share", "You have all the subscriptions that one caller may have here. End some of them.");
  }

  /** Counts a refusal that is no fault of the message; returns it. */
  #refuse(reason: RefusalReason, detail: string): MessageError {
    this.#counts.refused[reason]++;
    return new MessageError(reason === "share" ? "stream.share_exceeded" : "stream.overloaded", detail);
  }

  #isConnected(session: Session): boolean {
    return this.#registry().sessions.has(session.connection.id);
  }
}
