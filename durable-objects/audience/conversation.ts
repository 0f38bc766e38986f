import type { ProblemCode } from "../../contracts/problem.ts";
import { CLOSE, type ClientMessage, MESSAGE_BYTES, MOST_SYMBOLS, type Unsubscribe } from "../../contracts/stream.ts";
import { normaliseSymbol } from "../../core/symbol.ts";
import { logError } from "../../observability/log.ts";
import { errorFrame, frame, PONG } from "./frames.ts";
import type { Joining } from "./joining.ts";
import { isTooLarge, MessageError, readMessage, subjectsOf } from "./message.ts";
import { type Member, type Roster, subscriptionsOf } from "./roster.ts";
import { isSelected } from "./subscription.ts";
import type { SymbolBook } from "./symbol-book.ts";

/** What comes of the messages of clients. A bad one gets an error and never costs the connection, unless there are too many. */
export interface Conversation {
  /** A frame from a client. */
  hear(member: Member, data: string | ArrayBuffer): void;
  /** Carries a message out, after those of the same socket before it. */
  enqueue(member: Member, message: ClientMessage): void;
}

/** Messages of one socket that may wait for their turn. */
const MOST_WAITING = 50;

/** Opens the conversation with an audience's clients; `dismiss` closes a socket. */
export function openConversation(
  roster: Roster,
  joining: Joining,
  book: SymbolBook,
  dismiss: (member: Member, code: number, reason: string) => void,
): Conversation {
  const complain = (member: Member, code: ProblemCode, detail: string, id: unknown): void => {
    member.connection.send(errorFrame(code, detail, id));
    if (member.pace.strike(Date.now())) dismiss(member, CLOSE.policy, "too many bad messages");
  };

  /** The symbols that a client means, by the names that it subscribed with. */
  const symbolsMeant = async (member: Member, names: readonly string[]): Promise<Set<string>> => {
    const known = new Set(subscriptionsOf(member).map(({ symbol }) => symbol));
    const meant = new Set(names.map(normaliseSymbol));
    const others = [...meant].filter((name) => !known.has(name)).slice(0, MOST_SYMBOLS);
    if (known.size === 0 || others.length === 0) return meant;
    for (const meaning of (await book(others)).values()) if (!("code" in meaning)) meant.add(meaning.symbol);
    return meant;
  };

  const unsubscribe = async (member: Member, message: Unsubscribe): Promise<void> => {
    const { symbols, interval, indicators, id } = message;
    const selection = {
      symbols: symbols ? await symbolsMeant(member, symbols) : null,
      channel: message.channel ?? (symbols ? "quotes" : null),
      interval: interval ?? null,
      indicators: indicators ? new Set(indicators.map((spec) => spec.trim().toLowerCase())) : null,
    };
    const ended = [...member.listeners.values()].filter(({ subscription }) => isSelected(subscription, selection));
    for (const listener of ended) roster.leave(member, listener);
    if (ended.length > 0) roster.keep(member);
    const left = [...new Set(ended.map(({ subscription }) => subscription.symbol))];
    const body = { id: id ?? null, symbols: left, subscriptions: subscriptionsOf(member) };
    member.connection.send(frame("unsubscription_confirmed", body));
  };

  const carryOut = async (member: Member, message: ClientMessage): Promise<void> => {
    switch (message.action) {
      case "subscribe":
        return joining.subscribe(member, message, subjectsOf(message));
      case "unsubscribe":
        return unsubscribe(member, message);
      case "list": {
        const body = { id: message.id ?? null, subscriptions: subscriptionsOf(member) };
        return member.connection.send(frame("subscriptions", body));
      }
      case "ping":
        return member.connection.send(PONG);
      case "ack":
        return member.connection.acknowledge(message.beat);
    }
  };

  /** Carries a message out after those before it; whatever comes of it, the connection stays. */
  const inTurn = async (member: Member, before: Promise<void>, message: ClientMessage): Promise<void> => {
    await before;
    if (!roster.members.has(member.connection.id)) return;
    try {
      await carryOut(member, message);
    } catch (error) {
      if (error instanceof MessageError) return complain(member, error.code, error.message, message.id);
      logError("a message failed", error, { action: message.action });
      const detail = "Something went wrong on our side. It is logged.";
      member.connection.send(errorFrame("internal", detail, message.id));
    } finally {
      member.waitingTurns--;
    }
  };

  const enqueue = (member: Member, message: ClientMessage): void => {
    member.waitingTurns++;
    member.turn = inTurn(member, member.turn, message);
  };

  const obey = (member: Member, message: ClientMessage): void => {
    if (message.action === "ping") member.connection.send(PONG);
    else if (message.action === "ack") member.connection.acknowledge(message.beat);
    else if (member.waitingTurns < MOST_WAITING) enqueue(member, message);
    else complain(member, "rate_limit.exceeded", "Too many messages wait to be worked on.", message.id);
  };

  return {
    enqueue,
    hear(member, data) {
      const { connection, pace } = member;
      if (isTooLarge(data)) {
        const detail = `Messages may hold ${MESSAGE_BYTES} bytes.`;
        connection.send(errorFrame("stream.message_too_large", detail, null));
        return dismiss(member, CLOSE.tooBig, "the message is too large");
      }
      if (!pace.take(Date.now())) {
        connection.hear();
        return complain(member, "rate_limit.exceeded", "Send at most 10 messages a second.", null);
      }
      const reading = readMessage(data);
      if (!("message" in reading && reading.message.action === "ack")) connection.hear();
      if ("message" in reading) obey(member, reading.message);
      else complain(member, reading.error.code, reading.error.message, reading.id);
    },
  };
}
