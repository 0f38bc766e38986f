import type { Instrument } from "../../contracts/symbol.ts";
import type { AudienceStore, KeptSubscriptions } from "./audience-store.ts";
import { Waiting } from "./conflation.ts";
import { type Attachment, Connection, type ConnectionHooks } from "./connection.ts";
import { Listener } from "./listener.ts";
import { MessagePace } from "./message-pace.ts";
import type { Outbox } from "./outbox.ts";
import type { AudienceSettings } from "./settings.ts";
import { Shares } from "./shares.ts";
import { type Subscription, subjectKey } from "./subscription.ts";
import type { Tally } from "./tally.ts";
import { Topic } from "./topic.ts";

/** A socket with what it listens to. */
export interface Member {
  readonly connection: Connection;
  /** By symbol and subject. */
  readonly listeners: Map<string, Listener>;
  readonly pace: MessagePace;
  /** The messages that are being worked on, one after the other. */
  turn: Promise<void>;
  waitingTurns: number;
  /** Symbols that its client has been told nothing of by a heartbeat. */
  readonly untold: Set<string>;
}

/** Who is here, and who listens to what. */
export interface Roster {
  readonly members: ReadonlyMap<string, Member>;
  readonly topics: ReadonlyMap<string, Topic>;
  /** Whose sockets they are. */
  readonly shares: Shares;
  /** The member behind a socket; null where it has left. */
  memberOf(socket: WebSocket): Member | null;
  welcome(socket: WebSocket, attachment: Attachment): Member;
  /** Adds a subscription, in place of an equal one; it holds events back until it is released. */
  join(member: Member, instrument: Instrument, subscription: Subscription): Listener;
  /** Ends a subscription. */
  leave(member: Member, listener: Listener): void;
  /** Forgets a socket and all that it listens to. */
  remove(member: Member): void;
  /** Writes a member's subscriptions down, after they have changed. */
  keep(member: Member): void;
}

/** What a roster tells of. */
export interface RosterEvents {
  /** Nobody listens to a symbol any more. */
  onEmpty: (topic: Topic) => void;
  /** Sending to a socket has stopped. */
  onStop: (connection: Connection) => void;
}

const listenerKey = (subscription: Subscription): string => `${subscription.symbol} ${subjectKey(subscription)}`;

/** What a member is subscribed to. */
export const subscriptionsOf = (member: Member): Subscription[] =>
  Array.from(member.listeners.values(), ({ subscription }) => subscription);

/** Opens the roster with the sockets that outlived the object's memory. */
export function openRoster(
  ctx: DurableObjectState,
  store: AudienceStore,
  settings: AudienceSettings,
  tally: Tally,
  outbox: Outbox,
  { onEmpty, onStop }: RosterEvents,
): Roster {
  const members = new Map<string, Member>();
  const bySocket = new WeakMap<WebSocket, Member>();
  const topics = new Map<string, Topic>();
  const shares = new Shares({ address: settings.socketsPerAddress, key: settings.socketsPerKey });
  const waiting = new Waiting();
  const hooks: ConnectionHooks = {
    tally,
    outbox,
    onStop,
    pingedAt: (socket) => ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? 0,
  };

  const enter = (connection: Connection): Member => {
    const member: Member = {
      connection,
      listeners: new Map(),
      pace: new MessagePace(),
      turn: Promise.resolve(),
      waitingTurns: 0,
      untold: new Set(),
    };
    members.set(connection.id, member);
    shares.add(connection.facts);
    bySocket.set(connection.socket, member);
    return member;
  };

  const topicOf = (instrument: Instrument): Topic => {
    const known = topics.get(instrument.symbol);
    if (known) return known;
    const topic = new Topic(instrument);
    topics.set(instrument.symbol, topic);
    store.keepInstrument(instrument);
    return topic;
  };

  const listen = (member: Member, topic: Topic, subscription: Subscription): Listener => {
    const listener = new Listener(member.connection, subscription, waiting);
    member.listeners.get(listenerKey(subscription))?.end();
    member.listeners.set(listenerKey(subscription), listener);
    topic.add(listener);
    return listener;
  };

  const leave = (member: Member, listener: Listener): void => {
    listener.end();
    const key = listenerKey(listener.subscription);
    if (member.listeners.get(key) === listener) member.listeners.delete(key);
    const topic = topics.get(listener.subscription.symbol);
    if (!topic) return;
    topic.remove(listener);
    if (!topic.isHeardBy(member.connection)) topic.leave(member.connection);
    if (!topic.isEmpty) return;
    topics.delete(topic.symbol);
    store.forgetSymbol(topic.symbol);
    onEmpty(topic);
  };

  /** Lets a socket in again that outlived the object's memory. */
  const restoreMember = (socket: WebSocket, kept: ReadonlyMap<string, KeptSubscriptions>): string => {
    const attachment: Attachment = socket.deserializeAttachment();
    const member = enter(new Connection(socket, attachment, settings, hooks));
    const { subscriptions, beat } = kept.get(attachment.id) ?? { subscriptions: [], beat: 0 };
    for (const subscription of subscriptions) {
      const topic = topics.get(subscription.symbol);
      if (!topic) continue;
      if (listen(member, topic, subscription).conflates) topic.isWoken = true;
      if (beat === store.lastBeat().beat) member.untold.add(subscription.symbol);
    }
    for (const [symbol, place] of Object.entries(attachment.places)) {
      topics.get(symbol)?.restorePlace(member.connection, place);
    }
    return attachment.id;
  };

  const restore = (): void => {
    const sockets = ctx.getWebSockets().filter((socket) => socket.readyState === WebSocket.READY_STATE_OPEN);
    if (sockets.length === 0) return;
    const kept = store.subscriptions();
    for (const instrument of store.instruments()) topics.set(instrument.symbol, new Topic(instrument));
    const present = new Set(sockets.map((socket) => restoreMember(socket, kept)));
    // Those whose sockets went with a deployment or a crash.
    for (const id of kept.keys()) if (!present.has(id)) store.forgetConnection(id);
    for (const topic of [...topics.values()]) {
      if (!topic.isEmpty) continue;
      topics.delete(topic.symbol);
      store.forgetSymbol(topic.symbol);
    }
  };
  restore();

  return {
    members,
    topics,
    shares,
    memberOf(socket) {
      const member = bySocket.get(socket);
      return member && members.has(member.connection.id) ? member : null;
    },
    welcome(socket, attachment) {
      ctx.acceptWebSocket(socket);
      socket.serializeAttachment(attachment);
      return enter(new Connection(socket, attachment, settings, hooks));
    },
    join(member, instrument, subscription) {
      const listener = listen(member, topicOf(instrument), subscription);
      listener.hold();
      member.untold.add(subscription.symbol);
      return listener;
    },
    leave,
    remove(member) {
      if (!members.delete(member.connection.id)) return;
      shares.remove(member.connection.facts);
      for (const listener of member.listeners.values()) leave(member, listener);
      store.forgetConnection(member.connection.id);
    },
    keep(member) {
      store.keepSubscriptions(member.connection.id, subscriptionsOf(member));
    },
  };
}
