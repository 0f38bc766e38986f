import type { Subscribe } from "../../../contracts/stream.ts";
import { logError } from "../../../observability/log.ts";
import type { IndicatorInterest, Lease, RoomClient } from "../../symbol-events/symbol-events.ts";
import type { StreamCounts } from "../connections/metrics.ts";
import { fullBudget, type ResumeBudget, type ResumeResult, resume, type Since } from "../delivery/resume.ts";
import type { RoomLeases } from "../delivery/room-lease.ts";
import { confirmationFrame } from "../protocol/server-frames.ts";
import { type Subject, type Subscription, subjectKey } from "../protocol/subscription.ts";
import type { SymbolChannel } from "../subscriptions/channel.ts";
import { type Session, type SubscriptionRegistry, subscriptionsOf } from "../subscriptions/registry.ts";
import type { Subscriber } from "../subscriptions/subscriber.ts";
import type { HistoryAccess } from "./history-access.ts";
import { checkLimits, type RejectedSymbol, resolveRequested } from "./requested-symbols.ts";
import type { Rejection, SymbolResolver } from "./symbol-resolver.ts";

/** One symbol of a message, its listeners holding back what happens. */
interface PendingSubscription {
  symbol: string;
  since: Since;
  subscribers: Subscriber[];
}

/** Answers with what was missed may be large: so many are asked for at once. */
const RESUMES_AT_ONCE = 5;

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

/** Lets sockets begin to listen: not one event before its confirmation, and not one lost between the two. */
export class Subscriptions {
  readonly #registry: () => SubscriptionRegistry;
  readonly #room: RoomClient;
  readonly #resolver: SymbolResolver;
  readonly #leases: RoomLeases;
  readonly #counts: StreamCounts;
  readonly #historyAccess: HistoryAccess;

  constructor(
    registry: () => SubscriptionRegistry,
    room: RoomClient,
    resolver: SymbolResolver,
    leases: RoomLeases,
    counts: StreamCounts,
    historyAccess: HistoryAccess,
  ) {
    this.#registry = registry;
    this.#room = room;
    this.#resolver = resolver;
    this.#leases = leases;
    this.#counts = counts;
    this.#historyAccess = historyAccess;
  }

  /** @throws MessageError where the message cannot be carried out at all */
  async subscribe(member: Session, message: Subscribe, subjects: readonly Subject[]): Promise<void> {
    const { joiners, rejected } = await resolveRequested(this.#resolver, message);
    if (!this.#isConnected(member)) return;
    checkLimits(member, joiners, subjects.length);
    const refused = await this.#historyAccess.acquire(member.connection.info, joiners, subjects);
    if (!this.#isConnected(member)) return;
    rejected.push(...refused);
    const without = new Set(refused.map(({ symbol }) => symbol));
    const admitted = joiners.filter(({ instrument }) => !without.has(instrument.symbol));
    const joined = admitted.map(({ instrument, since }): PendingSubscription => {
      const { symbol } = instrument;
      const subscribers = subjects.map((subject) =>
        this.#registry().subscribe(member, instrument, { symbol, ...subject, delivery: message.delivery }),
      );
      return { symbol, since, subscribers };
    });
    const answers = await this.#resumeAll(joined);
    if (!this.#isConnected(member)) return;
    const positions = new Map<PendingSubscription, ResumeResult>();
    for (const [one, answer] of answers) {
      if (!isRefusal(answer)) {
        positions.set(one, answer);
        continue;
      }
      for (const listener of one.subscribers) this.#registry().unsubscribe(member, listener);
      rejected.push({ symbol: one.symbol, code: answer.code, detail: answer.detail });
    }
    this.#confirm(member, message, rejected, positions);
  }

  /**
   * Sends a symbol's subscribers a fresh confirmation that nothing was recovered: those of quotes with a snapshot, and unless
   * `onlyConflated` those of bars, too.
   */
  async resubscribe(topic: SymbolChannel, onlyConflated: boolean): Promise<void> {
    const behind = [...topic.allSubscribers()].filter(
      ({ isBuffering, isConflated, subscription: { channel } }) =>
        !isBuffering && (!onlyConflated || (isConflated && channel === "quotes")),
    );
    for (const listener of behind) listener.startBuffering();
    const channels = Map.groupBy(behind, ({ subscription }) => subscription.channel);
    for (const [channel, listeners] of channels) await this.#confirmAgain(topic.symbol, channel, listeners);
  }

  /** Where a symbol's listeners go on, or why they cannot. */
  async #resumeOne(
    symbol: string,
    listeners: readonly Subscriber[],
    since: Since,
    allowance: ResumeBudget,
  ): Promise<ResumeResult | Rejection> {
    const topic = this.#registry().channels.get(symbol);
    if (!topic) return unavailable(symbol);
    try {
      const subscriptions = listeners.map(({ subscription }) => subscription);
      const refusal = refusalOf(await this.#leases.renew(topic), subscriptions);
      if (refusal) return refusal;
      return await resume(this.#room, symbol, subscriptions, since, allowance);
    } catch (error) {
      // Whoever asked has left meanwhile.
      if (!this.#registry().channels.has(symbol)) return unavailable(symbol);
      logError("a symbol's feed failed", error, { symbol });
      return unavailable(symbol);
    }
  }

  async #takeSnapshot(symbol: string, listeners: readonly Subscriber[]): Promise<ResumeResult | Rejection> {
    const position = await this.#resumeOne(symbol, listeners, null, fullBudget());
    if (isRefusal(position)) return position;
    return { ...position, recovered: false, text: position.text.replace('"recovered":null', '"recovered":false') };
  }

  #stopBuffering(listener: Subscriber, position: ResumeResult): void {
    const topic = this.#registry().channels.get(listener.subscription.symbol);
    listener.stopBuffering(position.start, topic?.position?.epoch ?? null);
  }

  /** The positions of all that join, within what one confirmation may hold, or why they cannot. */
  async #resumeAll(
    joined: readonly PendingSubscription[],
  ): Promise<Map<PendingSubscription, ResumeResult | Rejection>> {
    const positions = new Map<PendingSubscription, ResumeResult | Rejection>();
    const left = fullBudget();
    for (const group of groupsOf(joined)) {
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
    member: Session,
    { id, channel }: Subscribe,
    rejected: RejectedSymbol[],
    positions: ReadonlyMap<PendingSubscription, ResumeResult>,
  ): void {
    this.#registry().save(member);
    const texts = new Map(Array.from(positions, ([{ symbol }, { text }]) => [symbol, text]));
    const subscriptions = subscriptionsOf(member);
    member.connection.sendReply(confirmationFrame({ id, channel, rejected, positions: texts, subscriptions }));
    for (const [{ subscribers }, position] of positions) {
      if (position.recovered) this.#counts.recovered++;
      else if (position.recovered === false) this.#counts.snapshots++;
      for (const listener of subscribers) this.#stopBuffering(listener, position);
    }
  }

  async #confirmAgain(
    symbol: string,
    channel: Subscription["channel"],
    listeners: readonly Subscriber[],
  ): Promise<void> {
    const bySubject = new Map(listeners.map((listener) => [subjectKey(listener.subscription), listener]));
    const position = await this.#takeSnapshot(symbol, [...bySubject.values()]);
    const confirmed = new Set<Session>();
    for (const listener of listeners) {
      const member = this.#registry().sessions.get(listener.connection.id);
      if (!member) continue;
      if (isRefusal(position)) {
        // Nothing true can be said of where it stands: its client comes back with the position that it has.
        listener.connection.close(1012, "the symbol's stream does not answer");
        continue;
      }
      if (!confirmed.has(member)) {
        const positions = new Map([[symbol, position.text]]);
        const subscriptions = subscriptionsOf(member);
        member.connection.sendReply(confirmationFrame({ id: null, channel, rejected: [], positions, subscriptions }));
        confirmed.add(member);
      }
      this.#stopBuffering(listener, position);
    }
  }

  #isConnected(member: Session): boolean {
    return this.#registry().sessions.has(member.connection.id);
  }
}
