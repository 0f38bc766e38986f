import type { Instrument } from "../../../contracts/symbol.ts";
import { FairShare } from "../../../core/concurrency/fair-share.ts";
import { CallerAccounts } from "../connections/caller-accounts.ts";
import { ConflationTimer } from "../connections/conflation.ts";
import { type Attachment, Connection, type ConnectionHooks } from "../connections/connection.ts";
import { MessageRateLimiter } from "../connections/message-rate.ts";
import { SendLedger, type SendLimits } from "../connections/send-ledger.ts";
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
  /** A symbol has no subscriber any more; it is kept until `dropEmpty`. */
  onEmpty: (channel: SymbolChannel) => void;
  /** A socket is gone, or its client has confirmed that it was closed. */
  onGone: (connection: Connection) => void;
}

/** The subscriptions of one object. */
const SUBSCRIPTIONS = { total: 100_000, perCaller: 25_000, reservedForKeys: 25_000 } as const;

const subscriptionKey = (subscription: Subscription): string => `${subscription.symbol} ${subjectKey(subscription)}`;

/** What a session is subscribed to. */
export const subscriptionsOf = (session: Session): Subscription[] =>
  Array.from(session.subscribers.values(), ({ subscription }) => subscription);

/** Who is here, and who listens to what. */
export class SubscriptionRegistry {
  readonly #ctx: DurableObjectState;
  readonly #store: SubscriptionStore;
  readonly #events: RegistryEvents;
  readonly sessions = new Map<string, Session>();
  readonly #bySocket = new WeakMap<WebSocket, Session>();
  /** Sockets that were closed from here and whose clients have not confirmed it: the runtime keeps what is queued for them. */
  readonly #closing = new Map<WebSocket, Connection>();
  readonly channels = new Map<string, SymbolChannel>();
  readonly accounts = new CallerAccounts();
  readonly ledger: SendLedger<Connection>;
  /** The subscriptions of each caller. */
  readonly subscriptionShare = new FairShare(SUBSCRIPTIONS);
  readonly #conflationTimer = new ConflationTimer();
  readonly #hooks: ConnectionHooks;

  constructor(
    ctx: DurableObjectState,
    store: SubscriptionStore,
    limits: SendLimits,
    hooks: ConnectionHooks,
    events: RegistryEvents,
  ) {
    this.#ctx = ctx;
    this.#store = store;
    this.#events = events;
    this.ledger = new SendLedger(limits);
    this.#hooks = hooks;
    this.#restore();
  }

  /** The sockets that there are, closed ones included whose clients have not confirmed it. */
  get socketCount(): number {
    return this.sessions.size + this.#closing.size;
  }

  /** The session of a socket; null if it has left. */
  sessionOf(socket: WebSocket): Session | null {
    const session = this.#bySocket.get(socket);
    return session && this.sessions.has(session.connection.id) ? session : null;
  }

  connect(socket: WebSocket, attachment: Attachment): Session {
    this.#ctx.acceptWebSocket(socket);
    socket.serializeAttachment(attachment);
    return this.#addSession(this.#connectionOf(socket, attachment));
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
    if (session.subscribers.get(key) === subscriber) {
      session.subscribers.delete(key);
      this.subscriptionShare.release(session.connection.account, 1);
    }
    const channel = this.channels.get(subscriber.subscription.symbol);
    if (!channel) return;
    channel.remove(subscriber);
    if (!channel.hasConnection(session.connection)) channel.releasePosition(session.connection);
    if (channel.isEmpty) this.#events.onEmpty(channel);
  }

  /** Forgets a symbol that still has no subscriber; returns whether it had none. */
  dropEmpty(channel: SymbolChannel): boolean {
    if (!channel.isEmpty || this.channels.get(channel.symbol) !== channel) return false;
    this.channels.delete(channel.symbol);
    this.#store.deleteSymbol(channel.symbol);
    return true;
  }

  /**
   * Forgets a socket and all that it listens to. One that was closed from here counts until its client has confirmed it.
   * @param isGone whether the socket is closed at both ends
   */
  remove(session: Session, isGone: boolean): void {
    const { connection } = session;
    if (!this.sessions.delete(connection.id)) return;
    for (const subscriber of session.subscribers.values()) this.unsubscribe(session, subscriber);
    this.#store.deleteConnection(connection.id);
    if (isGone || connection.closedAt === null) this.#forget(connection);
    else this.#closing.set(connection.socket, connection);
  }

  /** A client has confirmed that its socket was closed, or is gone. */
  confirmClose(socket: WebSocket): void {
    const connection = this.#closing.get(socket);
    if (!connection) return;
    this.#closing.delete(socket);
    this.#forget(connection);
  }

  /** Forgets closed sockets that are gone without an event. */
  sweepClosed(): void {
    for (const socket of this.#closing.keys())
      if (socket.readyState === WebSocket.READY_STATE_CLOSED) this.confirmClose(socket);
  }

  /** Saves a session's subscriptions, after they have changed. */
  save(session: Session): void {
    this.#store.saveSubscriptions(session.connection.id, subscriptionsOf(session));
  }

  #connectionOf(socket: WebSocket, attachment: Attachment): Connection {
    const connection = new Connection(socket, attachment, this.accounts.addSocket(attachment), this.#hooks);
    this.ledger.update(connection);
    return connection;
  }

  #forget(connection: Connection): void {
    connection.release();
    this.accounts.removeSocket(connection.account);
    this.ledger.remove(connection);
    this.#events.onGone(connection);
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
    const subscriber = new Subscriber(session.connection, subscription, this.#conflationTimer, this.#hooks.load);
    const key = subscriptionKey(subscription);
    const replaced = session.subscribers.get(key);
    if (replaced) replaced.end();
    else this.subscriptionShare.take(session.connection.account, 1);
    session.subscribers.set(key, subscriber);
    channel.add(subscriber);
    return subscriber;
  }

  /** Lets a socket in again that outlived the object's memory. */
  #restoreSession(socket: WebSocket, kept: ReadonlyMap<string, StoredSubscriptions>): string {
    const attachment: Attachment = socket.deserializeAttachment();
    const session = this.#addSession(this.#connectionOf(socket, attachment));
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
    const all = this.#ctx.getWebSockets();
    for (const socket of all) {
      if (socket.readyState !== WebSocket.READY_STATE_CLOSING) continue;
      this.#closing.set(socket, this.#connectionOf(socket, socket.deserializeAttachment()));
    }
    const sockets = all.filter((socket) => socket.readyState === WebSocket.READY_STATE_OPEN);
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
