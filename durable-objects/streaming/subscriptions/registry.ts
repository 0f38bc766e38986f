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
  /** Symbols that no heartbeat has reported to its client yet. */
  readonly unreported: Set<string>;
}

/** What a registry reports. */
export interface RegistryEvents {
  /** A symbol has no subscriber any more. */
  onEmpty: (channel: SymbolChannel) => void;
  /** Sending to a socket has stopped. */
  onStop: (connection: Connection) => void;
}

const subscriptionKey = (subscription: Subscription): string => `${subscription.symbol} ${subjectKey(subscription)}`;

/** What a session is subscribed to. */
export const subscriptionsOf = (session: Session): Subscription[] =>
  Array.from(session.subscribers.values(), ({ subscription }) => subscription);

/** Who is here, and who listens to what. */
export class SubscriptionRegistry {
  readonly #ctx: DurableObjectState;
  readonly #store: SubscriptionStore;
  readonly #limits: StreamLimits;
  readonly #onEmpty: RegistryEvents["onEmpty"];
  readonly sessions = new Map<string, Session>();
  readonly #bySocket = new WeakMap<WebSocket, Session>();
  readonly channels = new Map<string, SymbolChannel>();
  readonly quota: ConnectionQuota;
  readonly #conflationTimer = new ConflationTimer();
  readonly #hooks: ConnectionHooks;

  constructor(
    ctx: DurableObjectState,
    store: SubscriptionStore,
    limits: StreamLimits,
    counts: StreamCounts,
    batcher: WriteBatcher,
    { onEmpty, onStop }: RegistryEvents,
  ) {
    this.#ctx = ctx;
    this.#store = store;
    this.#limits = limits;
    this.#onEmpty = onEmpty;
    this.quota = new ConnectionQuota({ address: limits.socketsPerAddress, key: limits.socketsPerKey });
    this.#hooks = {
      counts,
      batcher,
      onStop,
      pingedAt: (socket) => ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? 0,
    };
    this.#restore();
  }

  /** The session of a socket; null if it has left. */
  sessionOf(socket: WebSocket): Session | null {
    const session = this.#bySocket.get(socket);
    return session && this.sessions.has(session.connection.id) ? session : null;
  }

  connect(socket: WebSocket, attachment: Attachment): Session {
    this.#ctx.acceptWebSocket(socket);
    socket.serializeAttachment(attachment);
    return this.#addSession(new Connection(socket, attachment, this.#limits, this.#hooks));
  }

  /** Adds a subscription, in place of an equal one; it holds events back until it is released. */
  subscribe(session: Session, instrument: Instrument, subscription: Subscription): Subscriber {
    const subscriber = this.#addSubscriber(session, this.#channelOf(instrument), subscription);
    subscriber.startBuffering();
    session.unreported.add(subscription.symbol);
    return subscriber;
  }

  /** Ends a subscription. */
  unsubscribe(session: Session, subscriber: Subscriber): void {
    subscriber.end();
    const key = subscriptionKey(subscriber.subscription);
    if (session.subscribers.get(key) === subscriber) session.subscribers.delete(key);
    const channel = this.channels.get(subscriber.subscription.symbol);
    if (!channel) return;
    channel.remove(subscriber);
    if (!channel.hasConnection(session.connection)) channel.releasePosition(session.connection);
    if (!channel.isEmpty) return;
    this.channels.delete(channel.symbol);
    this.#store.deleteSymbol(channel.symbol);
    this.#onEmpty(channel);
  }

  /** Forgets a socket and all that it listens to. */
  remove(session: Session): void {
    if (!this.sessions.delete(session.connection.id)) return;
    this.quota.remove(session.connection.info);
    for (const subscriber of session.subscribers.values()) this.unsubscribe(session, subscriber);
    this.#store.deleteConnection(session.connection.id);
  }

  /** Saves a session's subscriptions, after they have changed. */
  save(session: Session): void {
    this.#store.saveSubscriptions(session.connection.id, subscriptionsOf(session));
  }

  #addSession(connection: Connection): Session {
    const session: Session = {
      connection,
      subscribers: new Map(),
      rateLimiter: new MessageRateLimiter(),
      lastMessage: Promise.resolve(),
      pendingMessages: 0,
      unreported: new Set(),
    };
    this.sessions.set(connection.id, session);
    this.quota.add(connection.info);
    this.#bySocket.set(connection.socket, session);
    return session;
  }

  #channelOf(instrument: Instrument): SymbolChannel {
    const known = this.channels.get(instrument.symbol);
    if (known) return known;
    const channel = new SymbolChannel(instrument);
    this.channels.set(instrument.symbol, channel);
    this.#store.saveInstrument(instrument);
    return channel;
  }

  #addSubscriber(session: Session, channel: SymbolChannel, subscription: Subscription): Subscriber {
    const subscriber = new Subscriber(session.connection, subscription, this.#conflationTimer);
    session.subscribers.get(subscriptionKey(subscription))?.end();
    session.subscribers.set(subscriptionKey(subscription), subscriber);
    channel.add(subscriber);
    return subscriber;
  }

  /** Lets a socket in again that outlived the object's memory. */
  #restoreSession(socket: WebSocket, kept: ReadonlyMap<string, StoredSubscriptions>): string {
    const attachment: Attachment = socket.deserializeAttachment();
    const session = this.#addSession(new Connection(socket, attachment, this.#limits, this.#hooks));
    const { subscriptions, beat } = kept.get(attachment.id) ?? { subscriptions: [], beat: 0 };
    for (const subscription of subscriptions) {
      const channel = this.channels.get(subscription.symbol);
      if (!channel) continue;
      if (this.#addSubscriber(session, channel, subscription).isConflated) channel.noteResumed();
      if (beat === this.#store.lastHeartbeat().beat) session.unreported.add(subscription.symbol);
    }
    for (const [symbol, position] of Object.entries(attachment.positions)) {
      this.channels.get(symbol)?.restorePosition(session.connection, position);
    }
    return attachment.id;
  }

  #restore(): void {
    const sockets = this.#ctx.getWebSockets().filter((socket) => socket.readyState === WebSocket.READY_STATE_OPEN);
    if (sockets.length === 0) return;
    const kept = this.#store.subscriptions();
    for (const instrument of this.#store.instruments())
      this.channels.set(instrument.symbol, new SymbolChannel(instrument));
    const present = new Set(sockets.map((socket) => this.#restoreSession(socket, kept)));
    // Those whose sockets were lost with a deployment or a crash.
    for (const id of kept.keys()) if (!present.has(id)) this.#store.deleteConnection(id);
    for (const channel of [...this.channels.values()]) {
      if (!channel.isEmpty) continue;
      this.channels.delete(channel.symbol);
      this.#store.deleteSymbol(channel.symbol);
    }
  }
}
