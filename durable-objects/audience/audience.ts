import { CLOSE, type ConnectionAnswer } from "../../contracts/stream.ts";
import type { Instrument } from "../../contracts/symbol.ts";
import { logError } from "../../observability/log.ts";
import { admissionOf } from "./admission.ts";
import { AskedTogether } from "./asked-together.ts";
import { openAttending } from "./attending.ts";
import { openAudienceStore } from "./audience-store.ts";
import { openBeating } from "./beating.ts";
import { openConversation } from "./conversation.ts";
import { openDelivery } from "./delivery.ts";
import { refuse, takeIn } from "./door.ts";
import type { Feed, FeedEvent, MissedQuotes, Wants } from "./feed.ts";
import { frame, PONG, welcomeFrame } from "./frames.ts";
import type { HistoryDesk } from "./history.ts";
import { openJoining } from "./joining.ts";
import { connectionsOf, subscribersOf } from "./listing.ts";
import { Outbox } from "./outbox.ts";
import { type Member, openRoster, type Roster } from "./roster.ts";
import type { AudienceSettings } from "./settings.ts";
import type { SymbolBook } from "./symbol-book.ts";
import { newTally, type Tally, takeTally } from "./tally.ts";
import type { Topic } from "./topic.ts";
import { openTurns } from "./turns.ts";

/** What an audience needs of the object that it sits in. */
export interface Surroundings {
  ctx: DurableObjectState;
  /** The object's name, as `/connections` tells it. */
  name: string;
  /** Where it hears of symbols. */
  feed: () => Feed;
  book: SymbolBook;
  settings: AudienceSettings;
  history: HistoryDesk;
  /** Sees to it that `run` is called at that time (unix seconds) or soon after, even if the object sleeps until then. */
  schedule(at: number): void;
  /** Told when the first socket comes, when the last one leaves, and now and then while there are any; one after the other. */
  onPresence(isPresent: boolean): Promise<void>;
}

/** How many there are, and who listens to what. */
export interface AudienceStats {
  connections: number;
  subscriptions: number;
  /** Sockets by symbol. */
  symbols: Record<string, number>;
}

/** How many there are now, and what has been done since this was last taken. */
export interface AudienceReading extends Tally {
  connections: number;
  subscriptions: number;
}

/** The sockets of an object, what they listen to, and the way on which events reach them. */
export interface Audience {
  /** Answers the upgrade of a socket that the Worker hands on, once others can find out that it is here. */
  admit(request: Request): Promise<Response>;
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
  /** What has been done since this was last asked. */
  takeTally(): Tally;
  /** Sees to it that `run` is called in time, should what was scheduled have been lost. */
  keepGoing(): void;
  connections(): ConnectionAnswer[];
  /** The ids of the sockets that carry each symbol, at most `most` of each. */
  subscribers(most: number): Record<string, string[]>;
  /** Sends a message to everyone; gives the number of sockets. */
  broadcast(message: string): number;
  /** Closes the sockets of a caller, whose key is no longer good; gives their number. */
  closeCaller(caller: string): number;
}

/** A socket waits no longer (milliseconds) for others to know of it. */
const ANNOUNCED_WITHIN_MS = 2_000;

const NOTHING: Wants = { quotes: false, candles: [], indicators: [] };

/** Waits for an announcement, though not for ever; no timer is left behind, so that the object can hibernate. */
async function inTime(announced: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, ANNOUNCED_WITHIN_MS);
  await Promise.race([announced, late.promise]);
  clearTimeout(timer);
}

/** Opens the audience of an object, with the sockets that outlived the object's memory. */
export function openAudience(surroundings: Surroundings): Audience {
  const { ctx, settings } = surroundings;
  const together = new AskedTogether<MissedQuotes>();
  const inTurn = openTurns();
  const feed: Feed = {
    // One call may overtake another on its way: what was wanted last must be heard last.
    attend: (symbol, wants) => inTurn(symbol, () => surroundings.feed().attend(symbol, wants)),
    // After a restart very many sockets come back at once, from much the same place.
    missedQuotes: (symbol, since) =>
      together.ask(`${symbol} ${since?.epoch} ${since?.seq}`, () => surroundings.feed().missedQuotes(symbol, since)),
    missedCandles: (symbol, interval, since) => surroundings.feed().missedCandles(symbol, interval, since),
    missedIndicator: (symbol, wanted, since) => surroundings.feed().missedIndicator(symbol, wanted, since),
  };
  const store = openAudienceStore(ctx.storage.sql);
  const outbox = new Outbox();
  const attending = openAttending(feed);
  const tally = newTally();
  const joining = openJoining(() => roster, feed, surroundings.book, attending, tally, surroundings.history);
  const delivery = openDelivery(feed, joining.startAgain, outbox);
  const roster: Roster = openRoster(ctx, store, settings, tally, outbox, {
    onEmpty: (topic) => {
      if (topic.attendance !== null || topic.telling !== null) ctx.waitUntil(farewell(topic));
    },
    onStop: () => schedule(),
  });
  /** Symbols that nobody listens to any more and whose feed is being told so, by as many farewells. */
  const leaving = new Map<string, { instrument: Instrument; farewells: number }>();
  const beating = openBeating(roster, store, attending, delivery);

  const farewell = async ({ symbol, instrument }: Topic): Promise<void> => {
    const left = leaving.get(symbol) ?? { instrument, farewells: 0 };
    left.farewells++;
    leaving.set(symbol, left);
    try {
      await inTurn(symbol, async () => {
        if (!roster.topics.has(symbol)) await surroundings.feed().attend(symbol, NOTHING);
      });
    } catch (error) {
      // The feed forgets whoever does not come back.
      logError("a feed was not told that nobody listens", error, { symbol });
    } finally {
      if (--left.farewells === 0) leaving.delete(symbol);
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
    if (roster.members.size === 0) announce(false);
  };

  let announced = Promise.resolve();
  const announce = (isPresent: boolean): void => {
    announced = announced.then(() => surroundings.onPresence(isPresent));
    ctx.waitUntil(announced);
  };

  const conversation = openConversation(roster, joining, surroundings.book, dismiss);

  ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair('{"action":"ping"}', PONG));

  return {
    async admit(request) {
      const admission = admissionOf(request);
      const refusal = roster.members.size >= settings.sockets ? "full" : roster.shares.usedUp(admission);
      if (refusal !== null) return refuse(refusal);
      const { response, socket, attachment } = takeIn(admission);
      const member = roster.welcome(socket, attachment);
      member.connection.send(welcomeFrame(attachment.id, settings.unacknowledgedBytes));
      if (roster.members.size === 1) {
        beating.begin(Date.now() / 1000);
        announce(true);
      }
      schedule();
      if (admission.symbol !== null) {
        const symbols = [admission.symbol];
        const delivery = { mode: "all" } as const;
        conversation.enqueue(member, { action: "subscribe", symbols, channel: "quotes", interval: "1h", delivery });
      }
      await inTime(announced);
      return response;
    },

    hear(socket, data) {
      const member = roster.memberOf(socket);
      // Who has been given up is closed soon.
      if (member?.connection.flows) conversation.hear(member, data);
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
      const wasPresent = roster.members.size > 0;
      await beating.run(Date.now() / 1000);
      if (wasPresent) announce(roster.members.size > 0);
      schedule();
    },

    instrumentOf(symbol) {
      const instrument = roster.topics.get(symbol)?.instrument ?? leaving.get(symbol)?.instrument;
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

    takeTally: () => takeTally(tally),
    keepGoing: schedule,

    connections: () => connectionsOf(roster, surroundings.name),
    subscribers: (most) => subscribersOf(roster, most),

    broadcast(message) {
      const text = frame("broadcast", { message, data: { message } });
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
