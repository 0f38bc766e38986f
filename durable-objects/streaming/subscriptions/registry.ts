import type { Instrument } from "../../../contracts/symbol.ts";
import { ConflationTimer } from "../connections/conflation.ts";
import { type Attachment, Connection, type ConnectionHooks } from "../connections/connection.ts";
import { ConnectionQuota } from "../connections/connection-quota.ts";
import type { StreamLimits } from "../connections/limits.ts";
import { MessageRateLimiter } from "../connections/message-rate.ts";
import type { StreamCounts } from "../connections/metrics.ts";
import type { WriteBatcher } from "../connections/write-batcher.ts";
import { type Subscription, subjectKey } from "../protocol/subscription.ts";
import { SymbolChannel } from "./channel.ts";
import { Subscriber } from "./subscriber.ts";
import type { StoredSubscriptions, SubscriptionStore } from "./subscription-store.ts";

/** A socket with what it listens to. */
export interface Session {
  readonly connection: Connection;
  /** By symbol and subject. */
  readonly subscribers: Map<string, Subscriber>;
  readonly rateLimiter: MessageRateLimiter;
  /** The messages that are being worked on, one after the other. */
  lastMessage: Promise<void>;
  pendingMessages: number;
  /** Symbols that its client has been told nothing of by a heartbeat. */
  readonly unreported: Set<string>;
}

/** Who is here, and who listens to what. */
export interface SubscriptionRegistry {
  readonly sessions: ReadonlyMap<string, Session>;
  readonly channels: ReadonlyMap<string, SymbolChannel>;
  /** Whose sockets they are. */
  readonly quota: ConnectionQuota;
  /** The member behind a socket; null where it has left. */
  sessionOf(socket: WebSocket): Session | null;
  connect(socket: WebSocket, attachment: Attachment): Session;
  /** Adds a subscription, in place of an equal one; it holds events back until it is released. */
  subscribe(session: Session, instrument: Instrument, subscription: Subscription): Subscriber;
  /** Ends a subscription. */
  unsubscribe(session: Session, subscriber: Subscriber): void;
  /** Forgets a socket and all that it listens to. */
  remove(session: Session): void;
  /** Writes a member's subscriptions down, after they have changed. */
  save(session: Session): void;
}

/** What a roster tells of. */
export interface RegistryEvents {
  /** Nobody listens to a symbol any more. */
  onEmpty: (topic: SymbolChannel) => void;
  /** Sending to a socket has stopped. */
  onStop: (connection: Connection) => void;
}

const subscriptionKey = (subscription: Subscription): string => `${subscription.symbol} ${subjectKey(subscription)}`;

/** What a member is subscribed to. */
export const subscriptionsOf = (session: Session): Subscription[] =>
  Array.from(session.subscribers.values(), ({ subscription }) => subscription);

/** Opens the roster with the sockets that outlived the object's memory. */
export function openSubscriptionRegistry(
  ctx: DurableObjectState,
  store: SubscriptionStore,
  limits: StreamLimits,
  counts: StreamCounts,
  batcher: WriteBatcher,
  { onEmpty, onStop }: RegistryEvents,
): SubscriptionRegistry {
  const sessions = new Map<string, Session>();
  const bySocket = new WeakMap<WebSocket, Session>();
  const channels = new Map<string, SymbolChannel>();
  const quota = new ConnectionQuota({ address: limits.socketsPerAddress, key: limits.socketsPerKey });
  const conflationTimer = new ConflationTimer();
  const hooks: ConnectionHooks = {
    counts,
    batcher,
    onStop,
    pingedAt: (socket) => ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? 0,
  };

  const addSession = (connection: Connection): Session => {
    const member: Session = {
      connection,
      subscribers: new Map(),
      rateLimiter: new MessageRateLimiter(),
      lastMessage: Promise.resolve(),
      pendingMessages: 0,
      unreported: new Set(),
    };
    sessions.set(connection.id, member);
    quota.add(connection.info);
    bySocket.set(connection.socket, member);
    return member;
  };

  const channelOf = (instrument: Instrument): SymbolChannel => {
    const known = channels.get(instrument.symbol);
    if (known) return known;
    const topic = new SymbolChannel(instrument);
    channels.set(instrument.symbol, topic);
    store.saveInstrument(instrument);
    return topic;
  };

  const addSubscriber = (member: Session, topic: SymbolChannel, subscription: Subscription): Subscriber => {
    const listener = new Subscriber(member.connection, subscription, conflationTimer);
    member.subscribers.get(subscriptionKey(subscription))?.end();
    member.subscribers.set(subscriptionKey(subscription), listener);
    topic.add(listener);
    return listener;
  };

  const unsubscribe = (member: Session, listener: Subscriber): void => {
    listener.end();
    const key = subscriptionKey(listener.subscription);
    if (member.subscribers.get(key) === listener) member.subscribers.delete(key);
    const topic = channels.get(listener.subscription.symbol);
    if (!topic) return;
    topic.remove(listener);
    if (!topic.hasConnection(member.connection)) topic.releasePosition(member.connection);
    if (!topic.isEmpty) return;
    channels.delete(topic.symbol);
    store.deleteSymbol(topic.symbol);
    onEmpty(topic);
  };

  /** Lets a socket in again that outlived the object's memory. */
  const restoreSession = (socket: WebSocket, kept: ReadonlyMap<string, StoredSubscriptions>): string => {
    const attachment: Attachment = socket.deserializeAttachment();
    const member = addSession(new Connection(socket, attachment, limits, hooks));
    const { subscriptions, beat } = kept.get(attachment.id) ?? { subscriptions: [], beat: 0 };
    for (const subscription of subscriptions) {
      const topic = channels.get(subscription.symbol);
      if (!topic) continue;
      if (addSubscriber(member, topic, subscription).isConflated) topic.resumedFromHibernation = true;
      if (beat === store.lastHeartbeat().beat) member.unreported.add(subscription.symbol);
    }
    for (const [symbol, place] of Object.entries(attachment.places)) {
      channels.get(symbol)?.restorePosition(member.connection, place);
    }
    return attachment.id;
  };

  const restore = (): void => {
    const sockets = ctx.getWebSockets().filter((socket) => socket.readyState === WebSocket.READY_STATE_OPEN);
    if (sockets.length === 0) return;
    const kept = store.subscriptions();
    for (const instrument of store.instruments()) channels.set(instrument.symbol, new SymbolChannel(instrument));
    const present = new Set(sockets.map((socket) => restoreSession(socket, kept)));
    // Those whose sockets went with a deployment or a crash.
    for (const id of kept.keys()) if (!present.has(id)) store.deleteConnection(id);
    for (const topic of [...channels.values()]) {
      if (!topic.isEmpty) continue;
      channels.delete(topic.symbol);
      store.deleteSymbol(topic.symbol);
    }
  };
  restore();

  return {
    sessions,
    channels,
    quota,
    sessionOf(socket) {
      const member = bySocket.get(socket);
      return member && sessions.has(member.connection.id) ? member : null;
    },
    connect(socket, attachment) {
      ctx.acceptWebSocket(socket);
      socket.serializeAttachment(attachment);
      return addSession(new Connection(socket, attachment, limits, hooks));
    },
    subscribe(member, instrument, subscription) {
      const listener = addSubscriber(member, channelOf(instrument), subscription);
      listener.startBuffering();
      member.unreported.add(subscription.symbol);
      return listener;
    },
    unsubscribe,
    remove(member) {
      if (!sessions.delete(member.connection.id)) return;
      quota.remove(member.connection.info);
      for (const listener of member.subscribers.values()) unsubscribe(member, listener);
      store.deleteConnection(member.connection.id);
    },
    save(member) {
      store.saveSubscriptions(member.connection.id, subscriptionsOf(member));
    },
  };
}
