import type { ProblemCode } from "../../../contracts/problem.ts";
import {
  CLOSE,
  type ClientMessage,
  MAX_MESSAGE_BYTES,
  MAX_SYMBOLS,
  type Unsubscribe,
} from "../../../contracts/stream.ts";
import { normaliseSymbol } from "../../../core/symbol.ts";
import { logError } from "../../../observability/log.ts";
import type { StreamLoad } from "../connections/stream-load.ts";
import { isTooLarge, MessageError, readMessage, subjectsOf } from "../protocol/client-message.ts";
import { errorFrame, frame, PONG } from "../protocol/server-frames.ts";
import { isSelected } from "../protocol/subscription.ts";
import { type Session, type SubscriptionRegistry, subscriptionsOf } from "../subscriptions/registry.ts";
import type { Subscriptions } from "./subscribe.ts";
import type { SymbolResolver } from "./symbol-resolver.ts";

/** Pending messages of one socket at most. */
const MAX_PENDING_MESSAGES = 50;

/** What becomes of the messages of clients. A bad one gets an error and never costs the connection, unless there are too many. */
export class Dispatcher {
  readonly #registry: SubscriptionRegistry;
  readonly #subscriptions: Subscriptions;
  readonly #resolver: SymbolResolver;
  readonly #load: StreamLoad;
  readonly #disconnect: (session: Session, code: number, reason: string) => void;

  constructor(
    registry: SubscriptionRegistry,
    subscriptions: Subscriptions,
    resolver: SymbolResolver,
    load: StreamLoad,
    disconnect: (session: Session, code: number, reason: string) => void,
  ) {
    this.#registry = registry;
    this.#subscriptions = subscriptions;
    this.#resolver = resolver;
    this.#load = load;
    this.#disconnect = disconnect;
  }

  /** Carries a message out, after those of the same socket before it. */
  enqueue(session: Session, message: ClientMessage): void {
    session.pendingMessages++;
    this.#load.pendingMessages++;
    session.lastMessage = this.#runInOrder(session, session.lastMessage, message);
  }

  /** A frame from a client. */
  handleMessage(session: Session, data: string | ArrayBuffer): void {
    const { connection, rateLimiter } = session;
    connection.onActivity();
    if (isTooLarge(data)) {
      const detail = `A message must not exceed ${MAX_MESSAGE_BYTES} bytes.`;
      connection.send(errorFrame("stream.message_too_large", detail, null));
      this.#disconnect(session, CLOSE.tooBig, "the message is too large");
      return;
    }
    if (!rateLimiter.acquire(Date.now())) {
      this.#sendError(session, "rate_limit.exceeded", "Send at most 10 messages a second.", null);
      return;
    }
    const reading = readMessage(data);
    if ("message" in reading) this.#handle(session, reading.message);
    else this.#sendError(session, reading.error.code, reading.error.message, reading.id);
  }

  #sendError(session: Session, code: ProblemCode, detail: string, id: unknown): void {
    session.connection.send(errorFrame(code, detail, id));
    if (session.rateLimiter.recordViolation(Date.now()))
      this.#disconnect(session, CLOSE.policy, "too many bad messages");
  }

  /** The symbols that a client means, by the names that it subscribed with. */
  async #resolveSymbols(session: Session, names: readonly string[]): Promise<Set<string>> {
    const known = new Set(subscriptionsOf(session).map(({ symbol }) => symbol));
    const meant = new Set(names.map(normaliseSymbol));
    const others = [...meant].filter((name) => !known.has(name)).slice(0, MAX_SYMBOLS);
    if (known.size === 0 || others.length === 0) return meant;
    for (const meaning of (await this.#resolver(others)).values()) if (!("code" in meaning)) meant.add(meaning.symbol);
    return meant;
  }

  async #unsubscribe(session: Session, message: Unsubscribe): Promise<void> {
    const { symbols, interval, indicators, id } = message;
    const selection = {
      symbols: symbols ? await this.#resolveSymbols(session, symbols) : null,
      channel: message.channel ?? (symbols ? "quotes" : null),
      interval: interval ?? null,
      indicators: indicators ? new Set(indicators.map((spec) => spec.trim().toLowerCase())) : null,
    };
    const ended = [...session.subscribers.values()].filter(({ subscription }) => isSelected(subscription, selection));
    for (const subscriber of ended) this.#registry.unsubscribe(session, subscriber);
    if (ended.length > 0) this.#registry.save(session);
    const left = [...new Set(ended.map(({ subscription }) => subscription.symbol))];
    const body = { id: id ?? null, symbols: left, subscriptions: subscriptionsOf(session) };
    session.connection.send(frame("unsubscription_confirmed", body));
  }

  /** @throws MessageError where the messages of a caller name more symbols than they may */
  #checkSymbolRate(session: Session, named: number): void {
    const wait = session.connection.account.symbolRate.acquire(named, Date.now());
    if (wait === 0) return;
    const detail = `Your messages have named too many symbols lately. Send this one again in ${wait} seconds.`;
    throw new MessageError("rate_limit.exceeded", detail);
  }

  async #dispatch(session: Session, message: ClientMessage): Promise<void> {
    switch (message.action) {
      case "subscribe":
        this.#checkSymbolRate(session, Math.min(MAX_SYMBOLS, message.symbols.length));
        return this.#subscriptions.subscribe(session, message, subjectsOf(message));
      case "unsubscribe":
        this.#checkSymbolRate(session, Math.min(MAX_SYMBOLS, message.symbols?.length ?? session.subscribers.size));
        return this.#unsubscribe(session, message);
      case "list": {
        const body = { id: message.id ?? null, subscriptions: subscriptionsOf(session) };
        return session.connection.send(frame("subscriptions", body));
      }
      case "ping":
        return session.connection.send(PONG);
      case "ack":
        return session.connection.acknowledge(message.beat);
    }
  }

  /** Carries a message out after those before it; whatever comes of it, the connection stays. */
  async #runInOrder(session: Session, before: Promise<void>, message: ClientMessage): Promise<void> {
    await before;
    try {
      if (this.#registry.sessions.has(session.connection.id)) await this.#dispatch(session, message);
    } catch (error) {
      if (error instanceof MessageError) {
        // That there is too much to do here is no fault of the message.
        if (error.code === "stream.overloaded")
          return session.connection.send(errorFrame(error.code, error.message, message.id));
        return this.#sendError(session, error.code, error.message, message.id);
      }
      logError("a message failed", error, { action: message.action });
      const detail = "Something went wrong on our side. It is logged.";
      session.connection.send(errorFrame("internal", detail, message.id));
    } finally {
      session.pendingMessages--;
      this.#load.pendingMessages--;
    }
  }

  #handle(session: Session, message: ClientMessage): void {
    if (message.action === "ping") session.connection.send(PONG);
    else if (message.action === "ack") session.connection.acknowledge(message.beat);
    else if (session.pendingMessages < MAX_PENDING_MESSAGES) this.enqueue(session, message);
    else this.#sendError(session, "rate_limit.exceeded", "Too many pending messages.", message.id);
  }
}
