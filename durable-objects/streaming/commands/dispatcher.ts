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
import { isTooLarge, MessageError, readMessage, subjectsOf } from "../protocol/client-message.ts";
import { errorFrame, frame, PONG } from "../protocol/server-frames.ts";
import { isSelected } from "../protocol/subscription.ts";
import { type Session, type SubscriptionRegistry, subscriptionsOf } from "../subscriptions/registry.ts";
import type { Subscriptions } from "./subscribe.ts";
import type { SymbolResolver } from "./symbol-resolver.ts";

/** Messages of one socket that may wait for their turn. */
const MAX_PENDING_MESSAGES = 50;

/** What comes of the messages of clients. A bad one gets an error and never costs the connection, unless there are too many. */
export class Dispatcher {
  readonly #registry: SubscriptionRegistry;
  readonly #subscriptions: Subscriptions;
  readonly #resolver: SymbolResolver;
  readonly #disconnect: (member: Session, code: number, reason: string) => void;

  constructor(
    registry: SubscriptionRegistry,
    subscriptions: Subscriptions,
    resolver: SymbolResolver,
    disconnect: (member: Session, code: number, reason: string) => void,
  ) {
    this.#registry = registry;
    this.#subscriptions = subscriptions;
    this.#resolver = resolver;
    this.#disconnect = disconnect;
  }

  /** Carries a message out, after those of the same socket before it. */
  enqueue(member: Session, message: ClientMessage): void {
    member.pendingMessages++;
    member.lastMessage = this.#runInOrder(member, member.lastMessage, message);
  }

  /** A frame from a client. */
  handleMessage(member: Session, data: string | ArrayBuffer): void {
    const { connection, rateLimiter } = member;
    if (isTooLarge(data)) {
      const detail = `Messages may hold ${MAX_MESSAGE_BYTES} bytes.`;
      connection.send(errorFrame("stream.message_too_large", detail, null));
      this.#disconnect(member, CLOSE.tooBig, "the message is too large");
      return;
    }
    if (!rateLimiter.acquire(Date.now())) {
      connection.onActivity();
      this.#sendError(member, "rate_limit.exceeded", "Send at most 10 messages a second.", null);
      return;
    }
    const reading = readMessage(data);
    if (!("message" in reading && reading.message.action === "ack")) connection.onActivity();
    if ("message" in reading) this.#handle(member, reading.message);
    else this.#sendError(member, reading.error.code, reading.error.message, reading.id);
  }

  #sendError(member: Session, code: ProblemCode, detail: string, id: unknown): void {
    member.connection.send(errorFrame(code, detail, id));
    if (member.rateLimiter.recordViolation(Date.now())) this.#disconnect(member, CLOSE.policy, "too many bad messages");
  }

  /** The symbols that a client means, by the names that it subscribed with. */
  async #resolveSymbols(member: Session, names: readonly string[]): Promise<Set<string>> {
    const known = new Set(subscriptionsOf(member).map(({ symbol }) => symbol));
    const meant = new Set(names.map(normaliseSymbol));
    const others = [...meant].filter((name) => !known.has(name)).slice(0, MAX_SYMBOLS);
    if (known.size === 0 || others.length === 0) return meant;
    for (const meaning of (await this.#resolver(others)).values()) if (!("code" in meaning)) meant.add(meaning.symbol);
    return meant;
  }

  async #unsubscribe(member: Session, message: Unsubscribe): Promise<void> {
    const { symbols, interval, indicators, id } = message;
    const selection = {
      symbols: symbols ? await this.#resolveSymbols(member, symbols) : null,
      channel: message.channel ?? (symbols ? "quotes" : null),
      interval: interval ?? null,
      indicators: indicators ? new Set(indicators.map((spec) => spec.trim().toLowerCase())) : null,
    };
    const ended = [...member.subscribers.values()].filter(({ subscription }) => isSelected(subscription, selection));
    for (const listener of ended) this.#registry.unsubscribe(member, listener);
    if (ended.length > 0) this.#registry.save(member);
    const left = [...new Set(ended.map(({ subscription }) => subscription.symbol))];
    const body = { id: id ?? null, symbols: left, subscriptions: subscriptionsOf(member) };
    member.connection.send(frame("unsubscription_confirmed", body));
  }

  async #dispatch(member: Session, message: ClientMessage): Promise<void> {
    switch (message.action) {
      case "subscribe":
        return this.#subscriptions.subscribe(member, message, subjectsOf(message));
      case "unsubscribe":
        return this.#unsubscribe(member, message);
      case "list": {
        const body = { id: message.id ?? null, subscriptions: subscriptionsOf(member) };
        return member.connection.send(frame("subscriptions", body));
      }
      case "ping":
        return member.connection.send(PONG);
      case "ack":
        return member.connection.acknowledge(message.beat);
    }
  }

  /** Carries a message out after those before it; whatever comes of it, the connection stays. */
  async #runInOrder(member: Session, before: Promise<void>, message: ClientMessage): Promise<void> {
    await before;
    if (!this.#registry.sessions.has(member.connection.id)) return;
    try {
      await this.#dispatch(member, message);
    } catch (error) {
      if (error instanceof MessageError) return this.#sendError(member, error.code, error.message, message.id);
      logError("a message failed", error, { action: message.action });
      const detail = "Something went wrong on our side. It is logged.";
      member.connection.send(errorFrame("internal", detail, message.id));
    } finally {
      member.pendingMessages--;
    }
  }

  #handle(member: Session, message: ClientMessage): void {
    if (message.action === "ping") member.connection.send(PONG);
    else if (message.action === "ack") member.connection.acknowledge(message.beat);
    else if (member.pendingMessages < MAX_PENDING_MESSAGES) this.enqueue(member, message);
    else this.#sendError(member, "rate_limit.exceeded", "Too many messages wait to be worked on.", message.id);
  }
}
