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

  /** The member behind a socket; null where it has left. */
  sessionOf(socket: WebSocket): Session | null {
    const member = this.#bySocket.get(socket);
    return member && this.sessions.has(member.connection.id) ? member : null;
  }

  connect(socket: WebSocket, attachment: Attachment): Session {
    this.#ctx.acceptWebSocket(socket);
    socket.serializeAttachment(attachment);
    return this.#addSession(new Connection(socket, attachment, this.#limits, this.#hooks));
  }

  /** Adds a subscription, in place of an equal one; it holds events back until it is released. */
  subscribe(member: Session, instrument: Instrument, subscription: Subscription): Subscriber {
    const listener = this.#addSubscriber(member, this.#channelOf(instrument), subscription);
    listener.startBuffering();
    member.unreported.add(subscription.symbol);
    return listener;
  }

  /** Ends a subscription. */
  unsubscribe(member: Session, listener: Subscriber): void {
    listener.end();
    const key = subscriptionKey(listener.subscription);
    if (member.subscribers.get(key) === listener) member.subscribers.delete(key);
    const topic = this.channels.get(listener.subscription.symbol);
    if (!topic) return;
    topic.remove(listener);
    if (!topic.hasConnection(member.connection)) topic.releasePosition(member.connection);
    if (!topic.isEmpty) return;
    this.channels.delete(topic.symbol);
    this.#store.deleteSymbol(topic.symbol);
    this.#onEmpty(topic);
  }

  /** Forgets a socket and all that it listens to. */
  remove(member: Session): void {
    if (!this.sessions.delete(member.connection.id)) return;
    this.quota.remove(member.connection.info);
    for (const listener of member.subscribers.values()) this.unsubscribe(member, listener);
    this.#store.deleteConnection(member.connection.id);
  }

  /** Writes a member's subscriptions down, after they have changed. */
  save(member: Session): void {
    this.#store.saveSubscriptions(member.connection.id, subscriptionsOf(member));
  }

  #addSession(connection: Connection): Session {
    const member: Session = {
      connection,
      subscribers: new Map(),
      rateLimiter: new MessageRateLimiter(),
      lastMessage: Promise.resolve(),
      pendingMessages: 0,
      unreported: new Set(),
    };
    this.sessions.set(connection.id, member);
    this.quota.add(connection.info);
    this.#bySocket.set(connection.socket, member);
    return member;
  }

  #channelOf(instrument: Instrument): SymbolChannel {
    const known = this.channels.get(instrument.symbol);
    if (known) return known;
    const topic = new SymbolChannel(instrument);
    this.channels.set(instrument.symbol, topic);
    this.#store.saveInstrument(instrument);
    return topic;
  }

  #addSubscriber(member: Session, topic: SymbolChannel, subscription: Subscription): Subscriber {
    const listener = new Subscriber(member.connection, subscription, this.#conflationTimer);
    member.subscribers.get(subscriptionKey(subscription))?.end();
    member.subscribers.set(subscriptionKey(subscription), listener);
    topic.add(listener);
    return listener;
  }

  /** Lets a socket in again that outlived the object's memory. */
  #restoreSession(socket: WebSocket, kept: ReadonlyMap<string, StoredSubscriptions>): string {
    const attachment: Attachment = socket.deserializeAttachment();
    const member = this.#addSession(new Connection(socket, attachment, this.#limits, this.#hooks));
    const { subscriptions, beat } = kept.get(attachment.id) ?? { subscriptions: [], beat: 0 };
    for (const subscription of subscriptions) {
      const topic = this.channels.get(subscription.symbol);
      if (!topic) continue;
      if (this.#addSubscriber(member, topic, subscription).isConflated) topic.resumedFromHibernation = true;
      if (beat === this.#store.lastHeartbeat().beat) member.unreported.add(subscription.symbol);
    }
    for (const [symbol, place] of Object.entries(attachment.places)) {
      this.channels.get(symbol)?.restorePosition(member.connection, place);
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
    // Those whose sockets went with a deployment or a crash.
    for (const id of kept.keys()) if (!present.has(id)) this.#store.deleteConnection(id);
    for (const topic of [...this.channels.values()]) {
      if (!topic.isEmpty) continue;
      this.channels.delete(topic.symbol);
      this.#store.deleteSymbol(topic.symbol);
    }
  }
}
