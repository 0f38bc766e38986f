import type { Subscribe } from "../../contracts/stream.ts";
import { logError } from "../../observability/log.ts";
import type { Attending } from "./attending.ts";
import type { Attendance, Feed, WantedIndicator } from "./feed.ts";
import { confirmationFrame } from "./frames.ts";
import type { HistoryDesk } from "./history.ts";
import { checkRoom, joinersOf, type Rejection } from "./joiners.ts";
import type { Listener } from "./listener.ts";
import { type Allowance, fullAllowance, type Position, positionAfter, type Since } from "./positions.ts";
import { type Member, type Roster, subscriptionsOf } from "./roster.ts";
import { type Subject, type Subscription, subjectKey } from "./subscription.ts";
import type { Refusal, SymbolBook } from "./symbol-book.ts";
import type { Tally } from "./tally.ts";
import type { Topic } from "./topic.ts";

/** Lets sockets begin to listen: not one event before its confirmation, and not one lost between the two. */
export interface Joining {
  /** @throws MessageError where the message cannot be carried out at all */
  subscribe(member: Member, message: Subscribe, subjects: readonly Subject[]): Promise<void>;
  /**
   * Sends a symbol's subscribers a fresh confirmation that nothing was recovered: those of quotes with a snapshot, and unless
   * `onlyConflated` those of bars, too.
   */
  startAgain(topic: Topic, onlyConflated: boolean): Promise<void>;
}

/** One symbol of a message, its listeners holding back what happens. */
interface Joined {
  symbol: string;
  since: Since;
  listeners: Listener[];
}

/** Answers with what was missed may be large: so many are asked for at once. */
const RESUMED_AT_ONCE = 5;

const isRefusal = (answer: Position | Refusal): answer is Refusal => "code" in answer;

const unavailable = (symbol: string): Refusal => ({
  code: "stream.unavailable",
  detail: `The stream of ${symbol} does not answer now. Subscribe again in a moment.`,
});

/** Why a feed does not deliver one of these subscriptions; null where it delivers all. */
function refusalOf({ refused = [] }: Attendance, subscriptions: readonly Subscription[]): Refusal | null {
  const isMeant = ({ interval, spec }: WantedIndicator): boolean =>
    subscriptions.some(
      (each) => each.channel === "indicators" && each.interval === interval && each.indicator === spec,
    );
  return refused.find(isMeant) ?? null;
}

function* groupsOf(joined: readonly Joined[]): Generator<readonly Joined[]> {
  const size = joined.some(({ since }) => since !== null) ? RESUMED_AT_ONCE : joined.length;
  for (let i = 0; i < joined.length; i += size) yield joined.slice(i, i + size);
}

/** Opens the joining of an audience. */
export function openJoining(
  roster: () => Roster,
  feed: Feed,
  book: SymbolBook,
  attending: Attending,
  tally: Tally,
  history: HistoryDesk,
): Joining {
  /** Where a symbol's listeners go on, or why they cannot. */
  const positionOf = async (
    symbol: string,
    listeners: readonly Listener[],
    since: Since,
    allowance: Allowance,
  ): Promise<Position | Refusal> => {
    const topic = roster().topics.get(symbol);
    if (!topic) return unavailable(symbol);
    try {
      const subscriptions = listeners.map(({ subscription }) => subscription);
      const refusal = refusalOf(await attending.attend(topic), subscriptions);
      if (refusal) return refusal;
      return await positionAfter(feed, symbol, subscriptions, since, allowance);
    } catch (error) {
      // Whoever asked has left meanwhile.
      if (!roster().topics.has(symbol)) return unavailable(symbol);
      logError("a symbol's feed failed", error, { symbol });
      return unavailable(symbol);
    }
  };

  const snapshotOf = async (symbol: string, listeners: readonly Listener[]): Promise<Position | Refusal> => {
    const position = await positionOf(symbol, listeners, null, fullAllowance());
    if (isRefusal(position)) return position;
    return { ...position, recovered: false, text: position.text.replace('"recovered":null', '"recovered":false') };
  };

  const release = (listener: Listener, position: Position): void => {
    const topic = roster().topics.get(listener.subscription.symbol);
    listener.release(position.start, topic?.place?.epoch ?? null);
  };

  /** The positions of all that join, within what one confirmation may hold, or why they cannot. */
  const positionsOf = async (joined: readonly Joined[]): Promise<Map<Joined, Position | Refusal>> => {
    const positions = new Map<Joined, Position | Refusal>();
    const left = fullAllowance();
    for (const group of groupsOf(joined)) {
      const allowance = { ...left };
      const answers = await Promise.all(
        group.map(async (one) => ({
          one,
          position: await positionOf(one.symbol, one.listeners, one.since, allowance),
        })),
      );
      for (const { one, position } of answers) {
        const isTooMuch = !isRefusal(position) && (position.events > left.events || position.bytes > left.bytes);
        const fitting = isTooMuch ? await snapshotOf(one.symbol, one.listeners) : position;
        positions.set(one, fitting);
        if (isRefusal(fitting)) continue;
        left.events -= fitting.events;
        left.bytes -= fitting.bytes;
      }
    }
    return positions;
  };

  const confirm = (
    member: Member,
    { id, channel }: Subscribe,
    rejected: Rejection[],
    positions: ReadonlyMap<Joined, Position>,
  ): void => {
    roster().keep(member);
    const texts = new Map(Array.from(positions, ([{ symbol }, { text }]) => [symbol, text]));
    const subscriptions = subscriptionsOf(member);
    member.connection.sendAnswer(confirmationFrame({ id, channel, rejected, positions: texts, subscriptions }));
    for (const [{ listeners }, position] of positions) {
      if (position.recovered) tally.recovered++;
      else if (position.recovered === false) tally.snapshots++;
      for (const listener of listeners) release(listener, position);
    }
  };

  const confirmAgain = async (
    symbol: string,
    channel: Subscription["channel"],
    listeners: readonly Listener[],
  ): Promise<void> => {
    const bySubject = new Map(listeners.map((listener) => [subjectKey(listener.subscription), listener]));
    const position = await snapshotOf(symbol, [...bySubject.values()]);
    const confirmed = new Set<Member>();
    for (const listener of listeners) {
      const member = roster().members.get(listener.connection.id);
      if (!member) continue;
      if (isRefusal(position)) {
        // Nothing true can be said of where it stands: its client comes back with the position that it has.
        listener.connection.close(1012, "the symbol's stream does not answer");
        continue;
      }
      if (!confirmed.has(member)) {
        const positions = new Map([[symbol, position.text]]);
        const subscriptions = subscriptionsOf(member);
        member.connection.sendAnswer(confirmationFrame({ id: null, channel, rejected: [], positions, subscriptions }));
        confirmed.add(member);
      }
      release(listener, position);
    }
  };

  const isHere = (member: Member): boolean => roster().members.has(member.connection.id);

  return {
    async subscribe(member, message, subjects) {
      const { joiners, rejected } = await joinersOf(book, message);
      if (!isHere(member)) return;
      checkRoom(member, joiners, subjects.length);
      const refused = await history.refused(member.connection.facts, joiners, subjects);
      if (!isHere(member)) return;
      rejected.push(...refused);
      const without = new Set(refused.map(({ symbol }) => symbol));
      const admitted = joiners.filter(({ instrument }) => !without.has(instrument.symbol));
      const joined = admitted.map(({ instrument, since }): Joined => {
        const { symbol } = instrument;
        const listeners = subjects.map((subject) =>
          roster().join(member, instrument, { symbol, ...subject, delivery: message.delivery }),
        );
        return { symbol, since, listeners };
      });
      const answers = await positionsOf(joined);
      if (!isHere(member)) return;
      const positions = new Map<Joined, Position>();
      for (const [one, answer] of answers) {
        if (!isRefusal(answer)) {
          positions.set(one, answer);
          continue;
        }
        for (const listener of one.listeners) roster().leave(member, listener);
        rejected.push({ symbol: one.symbol, code: answer.code, detail: answer.detail });
      }
      confirm(member, message, rejected, positions);
    },

    async startAgain(topic, onlyConflated) {
      const behind = [...topic.all()].filter(
        ({ isHeld, conflates, subscription: { channel } }) =>
          !isHeld && (!onlyConflated || (conflates && channel === "quotes")),
      );
      for (const listener of behind) listener.hold();
      const channels = Map.groupBy(behind, ({ subscription }) => subscription.channel);
      for (const [channel, listeners] of channels) await confirmAgain(topic.symbol, channel, listeners);
    },
  };
}
