import type { ProblemCode } from "../../contracts/problem.ts";
import {
  CLOSE,
  type ClientMessage,
  type ConnectionAnswer,
  MESSAGE_BYTES,
  type Unsubscribe,
} from "../../contracts/stream.ts";
import type { Instrument } from "../../contracts/symbol.ts";
import { normaliseSymbol } from "../../core/symbol.ts";
import { logError } from "../../observability/log.ts";
import { type Admission, admissionOf } from "./admission.ts";
import { openAttending } from "./attending.ts";
import { openAudienceStore } from "./audience-store.ts";
import { openBeating } from "./beating.ts";
import { openDelivery } from "./delivery.ts";
import { refuse, takeIn } from "./door.ts";
import type { Feed, FeedEvent } from "./feed.ts";
import { errorFrame, frame, PONG, welcomeFrame } from "./frames.ts";
import { openJoining } from "./joining.ts";
import { MessageError, readMessage, subjectsOf } from "./message.ts";
import { type Member, openRoster, type Roster, subscriptionsOf } from "./roster.ts";
import type { AudienceSettings } from "./settings.ts";
import { isSelected } from "./subscription.ts";
import type { SymbolBook } from "./symbol-book.ts";
import type { Topic } from "./topic.ts";

/** What an audience needs of the object that it sits in. */
export interface Surroundings {
  ctx: DurableObjectState;
  /** The object's name, as `/connections` tells it. */
  name: string;
  /** Where it hears of symbols. */
  feed: () => Feed;
  book: SymbolBook;
  settings: AudienceSettings;
  /** Sees to it that `run` is called at that time (unix seconds) or soon after, even if the object sleeps until then. */
  schedule(at: number): void;
  /** Told when the first socket comes, when the last one leaves, and now and then while there are any. */
  onPresence(isPresent: boolean): void;
}

/** How many there are, and who listens to what. */
export interface AudienceStats {
  connections: number;
  subscriptions: number;
  /** Sockets by symbol. */
  symbols: Record<string, number>;
}

/** The sockets of an object, what they listen to, and the way on which events reach them. */
export interface Audience {
  /** Answers the upgrade of a socket that the Worker hands on. */
  admit(request: Request): Response;
  /** A frame from a client. */
  hear(socket: WebSocket, data: string | ArrayBuffer): void;
  /** A socket has closed or failed. */
  lose(socket: WebSocket): void;
  /** Hands on what happened to a symbol; false where nobody listens to it. */
  deliver(symbol: string, events: readonly FeedEvent[]): Promise<boolean>;
  /** Does what is due; for the object's alarm. */
  run(): Promise<void>;
  /** The registry row of a symbol that somebody listens to, or did a moment ago. */
  instrumentOf(symbol: string): Instrument;
  stats(): AudienceStats;
  connections(): ConnectionAnswer[];
  /** Sends a message to everyone; gives the number of sockets. */
  broadcast(message: string): number;
  /** Closes the sockets of a caller, whose key is no longer good; gives their number. */
  closeCaller(caller: string): number;
}

/** Messages of one socket that may wait for their turn. */
const MOST_WAITING = 50;

/** Whether a message is longer than allowed; most are so short that nobody need count their bytes. */
function isTooLarge(data: string | ArrayBuffer): boolean {
  if (typeof data !== "string") return data.byteLength > MESSAGE_BYTES;
  if (data.length > MESSAGE_BYTES) return true;
  return data.length * 3 > MESSAGE_BYTES && new TextEncoder().encode(data).byteLength > MESSAGE_BYTES;
}

/** Opens the audience of an object, with the sockets that outlived the object's memory. */
export function openAudience(surroundings: Surroundings): Audience {
  const { ctx, settings } = surroundings;
  const feed: Feed = {
    attend: (symbol, wants) => surroundings.feed().attend(symbol, wants),
    missedQuotes: (symbol, since) => surroundings.feed().missedQuotes(symbol, since),
    missedCandles: (symbol, interval, since) => surroundings.feed().missedCandles(symbol, interval, since),
    missedIndicator: (symbol, wanted, since) => surroundings.feed().missedIndicator(symbol, wanted, since),
  };
  const store = openAudienceStore(ctx.storage.sql);
  const attending = openAttending(feed);
  const joining = openJoining(() => roster, feed, surroundings.book, attending);
  const delivery = openDelivery(feed, joining.startAgain);
  const roster: Roster = openRoster(ctx, store, settings, {
    onEmpty: (topic) => {
      if (topic.attendance !== null) ctx.waitUntil(farewell(topic));
    },
    onStop: () => schedule(),
  });
  const leaving = new Map<string, Instrument>();
  const beating = openBeating(roster, store, attending, delivery);

  const farewell = async ({ symbol, instrument }: Topic): Promise<void> => {
    leaving.set(symbol, instrument);
    try {
      if (!roster.topics.has(symbol)) await feed.attend(symbol, { quotes: false, candles: [], indicators: [] });
    } catch (error) {
      // The feed forgets whoever does not come back.
      logError("a feed was not told that nobody listens", error, { symbol });
    } finally {
      leaving.delete(symbol);
    }
  };

  const schedule = (): void => {
    const next = beating.nextAt();
    if (next !== null) surroundings.schedule(next);
  };
  schedule();

  const dismiss = (member: Member, code: number, reason: string): void => {
    member.connection.close(code, reason);
    part(member);
  };

  const part = (member: Member): void => {
    roster.remove(member);
    if (roster.members.size === 0) surroundings.onPresence(false);
  };

  const complain = (member: Member, code: ProblemCode, detail: string, id: unknown): void => {
    member.connection.send(errorFrame(code, detail, id));
    if (member.pace.strike(Date.now())) dismiss(member, CLOSE.policy, "too many bad messages");
  };

  const unsubscribe = (member: Member, message: Unsubscribe): void => {
    const { symbols, interval, indicators, id } = message;
    const channel = message.channel ?? (symbols ? "quotes" : null);
    const selection = {
      symbols: symbols ? new Set(symbols.map(normaliseSymbol)) : null,
      channel,
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
    const id = "id" in message ? message.id : null;
    try {
      await carryOut(member, message);
    } catch (error) {
      if (error instanceof MessageError) return complain(member, error.code, error.message, id);
      logError("a message failed", error, { action: message.action });
      member.connection.send(errorFrame("internal", "Something went wrong on our side. It is logged.", id));
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

  const isFull = (admission: Admission): "full" | "address" | null => {
    if (roster.members.size >= settings.sockets) return "full";
    if (!admission.anonymous) return null;
    let count = 0;
    for (const { connection } of roster.members.values()) {
      if (connection.facts.anonymous && connection.facts.address === admission.address) count++;
    }
    return count >= settings.socketsPerAddress ? "address" : null;
  };

  ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair('{"action":"ping"}', PONG));

  return {
    admit(request) {
      const admission = admissionOf(request);
      const refusal = isFull(admission);
      if (refusal !== null) return refuse(refusal);
      const { response, socket, attachment } = takeIn(admission);
      const member = roster.welcome(socket, attachment);
      member.connection.send(welcomeFrame(attachment.id, settings.unacknowledgedBytes));
      if (roster.members.size === 1) surroundings.onPresence(true);
      schedule();
      if (admission.symbol !== null) {
        const symbols = [admission.symbol];
        const delivery = { mode: "all" } as const;
        enqueue(member, { action: "subscribe", symbols, channel: "quotes", interval: "1h", delivery });
      }
      return response;
    },

    hear(socket, data) {
      const member = roster.memberOf(socket);
      if (!member?.connection.flows) return;
      if (isTooLarge(data)) {
        const detail = `Messages may hold ${MESSAGE_BYTES} bytes.`;
        member.connection.send(errorFrame("stream.message_too_large", detail, null));
        dismiss(member, CLOSE.tooBig, "the message is too large");
        return;
      }
      if (!member.pace.take(Date.now())) {
        member.connection.hear();
        complain(member, "rate_limit.exceeded", "Send at most 10 messages a second.", null);
        return;
      }
      const reading = readMessage(data);
      if (!("message" in reading && reading.message.action === "ack")) member.connection.hear();
      if ("message" in reading) obey(member, reading.message);
      else complain(member, reading.error.code, reading.error.message, reading.id);
    },

    lose(socket) {
      const member = roster.memberOf(socket);
      if (member) part(member);
    },

    async deliver(symbol, events) {
      const topic = roster.topics.get(symbol);
      if (!topic || topic.isEmpty) return false;
      await delivery.deliver(topic, events);
      return true;
    },

    async run() {
      await beating.run(Date.now() / 1000);
      if (roster.members.size > 0) surroundings.onPresence(true);
      schedule();
    },

    instrumentOf(symbol) {
      const instrument = roster.topics.get(symbol)?.instrument ?? leaving.get(symbol);
      if (!instrument) throw new Error("nobody listens to this symbol");
      return instrument;
    },

    stats() {
      const symbols: Record<string, number> = {};
      for (const topic of roster.topics.values()) symbols[topic.symbol] = topic.audience.size;
      let subscriptions = 0;
      for (const { listeners } of roster.members.values()) subscriptions += listeners.size;
      return { connections: roster.members.size, subscriptions, symbols };
    },

    connections() {
      return Array.from(roster.members.values(), ({ connection, listeners }) => ({
        connection_id: connection.id,
        at: surroundings.name,
        connected_at: new Date(connection.facts.connectedAt * 1000).toISOString(),
        address: connection.facts.address,
        caller: connection.facts.caller,
        subscriptions: listeners.size,
      }));
    },

    broadcast(message) {
      const text = frame("broadcast", { message });
      for (const { connection } of roster.members.values()) connection.send(text);
      return roster.members.size;
    },

    closeCaller(caller) {
      const theirs = [...roster.members.values()].filter(({ connection }) => connection.facts.caller === caller);
      for (const member of theirs) dismiss(member, CLOSE.policy, "the key is no longer valid");
      return theirs.length;
    },
  };
}
