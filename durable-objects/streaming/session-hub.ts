import { CLOSE, type ConnectionAnswer } from "../../contracts/stream.ts";
import type { Instrument } from "../../contracts/symbol.ts";
import { keyedQueue } from "../../core/concurrency/keyed-queue.ts";
import { SingleFlight } from "../../core/concurrency/single-flight.ts";
import { logError } from "../../observability/log.ts";
import type { Interest, QuoteReplay, RoomClient, SymbolEvent } from "../symbol-events/symbol-events.ts";
import { openDispatcher } from "./commands/dispatcher.ts";
import type { HistoryAccess } from "./commands/history-access.ts";
import { openSubscriptions } from "./commands/subscribe.ts";
import type { SymbolResolver } from "./commands/symbol-resolver.ts";
import { accept, reject } from "./connections/handshake.ts";
import { readHandshake } from "./connections/handshake-request.ts";
import type { StreamLimits } from "./connections/limits.ts";
import { newStreamCounts, type StreamCounts, takeStreamCounts } from "./connections/metrics.ts";
import { WriteBatcher } from "./connections/write-batcher.ts";
import { openFanOut } from "./delivery/fan-out.ts";
import { openHeartbeat } from "./delivery/heartbeat-loop.ts";
import { openRoomLeases } from "./delivery/room-lease.ts";
import { connectedFrame, frame, PONG } from "./protocol/server-frames.ts";
import type { SymbolChannel } from "./subscriptions/channel.ts";
import { connectionsOf, subscribersOf } from "./subscriptions/listing.ts";
import { openSubscriptionRegistry, type Session, type SubscriptionRegistry } from "./subscriptions/registry.ts";
import { openSubscriptionStore } from "./subscriptions/subscription-store.ts";

/** What an audience needs of the object that it sits in. */
export interface SessionHubHost {
  ctx: DurableObjectState;
  /** The object's name, as `/connections` tells it. */
  name: string;
  /** Where it hears of symbols. */
  room: () => RoomClient;
  resolver: SymbolResolver;
  limits: StreamLimits;
  historyAccess: HistoryAccess;
  /** Sees to it that `run` is called at that time (unix seconds) or soon after, even if the object sleeps until then. */
  schedule(at: number): void;
  /** Told when the first socket comes, when the last one leaves, and now and then while there are any; one after the other. */
  onPresence(isPresent: boolean): Promise<void>;
}

/** How many there are, and who listens to what. */
export interface StreamStats {
  connections: number;
  subscriptions: number;
  /** Sockets by symbol. */
  symbols: Record<string, number>;
}

/** How many there are now, and what has been done since this was last taken. */
export interface StreamMetrics extends StreamCounts {
  connections: number;
  subscriptions: number;
}

/** The sockets of an object, what they listen to, and the way on which events reach them. */
export interface SessionHub {
  /** Answers the upgrade of a socket that the Worker hands on, once others can find out that it is here. */
  accept(request: Request): Promise<Response>;
  /** A frame from a client. */
  onMessage(socket: WebSocket, data: string | ArrayBuffer): void;
  /** A socket has closed or failed. */
  onClose(socket: WebSocket): void;
  /** Hands on what happened to a symbol; false where nobody listens to it. */
  publish(symbol: string, events: readonly SymbolEvent[]): Promise<boolean>;
  /** Does what is due; for the object's alarm. */
  runDue(): Promise<void>;
  /** The registry row of a symbol that somebody listens to, or did a moment ago. */
  instrumentOf(symbol: string): Instrument;
  stats(): StreamStats;
  /** What has been done since this was last asked. */
  takeCounts(): StreamCounts;
  /** Sees to it that `run` is called in time, should what was scheduled have been lost. */
  checkSchedule(): void;
  connections(): ConnectionAnswer[];
  /** The ids of the sockets that carry each symbol, at most `most` of each. */
  subscribers(limit: number): Record<string, string[]>;
  /** Sends a message to everyone; gives the number of sockets. */
  broadcast(message: string): number;
  /** Closes the sockets of a caller, whose key is no longer good; gives their number. */
  closeCaller(caller: string): number;
}

/** A socket waits no longer (milliseconds) for others to know of it. */
const MAX_ANNOUNCEMENT_MS = 2_000;

const NOTHING: Interest = { quotes: false, candles: [], indicators: [] };

/** Waits for an announcement, though not for ever; no timer is left behind, so that the object can hibernate. */
async function waitAtMost(announced: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, MAX_ANNOUNCEMENT_MS);
  await Promise.race([announced, late.promise]);
  clearTimeout(timer);
}

/** Opens the audience of an object, with the sockets that outlived the object's memory. */
export function openSessionHub(host: SessionHubHost): SessionHub {
  const { ctx, limits } = host;
  const replays = new SingleFlight<QuoteReplay>();
  const inOrder = keyedQueue();
  const feed: RoomClient = {
    // One call may overtake another on its way: what was wanted last must be heard last.
    renewLease: (symbol, wants) => inOrder(symbol, () => host.room().renewLease(symbol, wants)),
    // After a restart very many sockets come back at once, from much the same place.
    replayQuotes: (symbol, since) =>
      replays.run(`${symbol} ${since?.epoch} ${since?.seq}`, () => host.room().replayQuotes(symbol, since)),
    replayCandles: (symbol, interval, since) => host.room().replayCandles(symbol, interval, since),
    replayIndicator: (symbol, wanted, since) => host.room().replayIndicator(symbol, wanted, since),
  };
  const store = openSubscriptionStore(ctx.storage.sql);
  const batcher = new WriteBatcher();
  const leases = openRoomLeases(feed);
  const counts = newStreamCounts();
  const subscriptions = openSubscriptions(() => registry, feed, host.resolver, leases, counts, host.historyAccess);
  const fanOut = openFanOut(feed, subscriptions.resubscribe, batcher);
  const registry: SubscriptionRegistry = openSubscriptionRegistry(ctx, store, limits, counts, batcher, {
    onEmpty: (topic) => {
      if (topic.lease !== null || topic.renewal !== null) ctx.waitUntil(releaseLease(topic));
    },
    onStop: () => schedule(),
  });
  /** Symbols that nobody listens to any more and whose feed is being told so, by as many farewells. */
  const releasing = new Map<string, { instrument: Instrument; farewells: number }>();
  const heartbeat = openHeartbeat(registry, store, leases, fanOut);

  const releaseLease = async ({ symbol, instrument }: SymbolChannel): Promise<void> => {
    const left = releasing.get(symbol) ?? { instrument, farewells: 0 };
    left.farewells++;
    releasing.set(symbol, left);
    try {
      await inOrder(symbol, async () => {
        if (!registry.channels.has(symbol)) await host.room().renewLease(symbol, NOTHING);
      });
    } catch (error) {
      // The feed forgets whoever does not come back.
      logError("a feed was not told that nobody listens", error, { symbol });
    } finally {
      if (--left.farewells === 0) releasing.delete(symbol);
    }
  };

  const schedule = (): void => {
    const next = heartbeat.nextAt();
    if (next !== null) host.schedule(next);
  };
  schedule();

  const disconnect = (member: Session, code: number, reason: string): void => {
    member.connection.close(code, reason);
    remove(member);
  };

  const remove = (member: Session): void => {
    registry.remove(member);
    if (registry.sessions.size === 0) announce(false);
  };

  let announced = Promise.resolve();
  const announce = (isPresent: boolean): void => {
    announced = announced.then(() => host.onPresence(isPresent));
    ctx.waitUntil(announced);
  };

  const dispatcher = openDispatcher(registry, subscriptions, host.resolver, disconnect);

  ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair('{"action":"ping"}', PONG));

  return {
    async accept(request) {
      const admission = readHandshake(request);
      const refusal = registry.sessions.size >= limits.sockets ? "full" : registry.quota.exceeded(admission);
      if (refusal !== null) return reject(refusal);
      const { response, socket, attachment } = accept(admission);
      const member = registry.connect(socket, attachment);
      member.connection.send(connectedFrame(attachment.id, limits.unacknowledgedBytes));
      if (registry.sessions.size === 1) {
        heartbeat.start(Date.now() / 1000);
        announce(true);
      }
      schedule();
      if (admission.symbol !== null) {
        const symbols = [admission.symbol];
        const delivery = { mode: "all" } as const;
        dispatcher.enqueue(member, { action: "subscribe", symbols, channel: "quotes", interval: "1h", delivery });
      }
      await waitAtMost(announced);
      return response;
    },

    onMessage(socket, data) {
      const member = registry.sessionOf(socket);
      // Who has been given up is closed soon.
      if (member?.connection.isWritable) dispatcher.handleMessage(member, data);
    },

    onClose(socket) {
      const member = registry.sessionOf(socket);
      if (member) remove(member);
    },

    async publish(symbol, events) {
      const topic = registry.channels.get(symbol);
      if (!topic || topic.isEmpty) return false;
      await fanOut.publish(topic, events);
      return true;
    },

    async runDue() {
      const wasPresent = registry.sessions.size > 0;
      await heartbeat.runDue(Date.now() / 1000);
      if (wasPresent) announce(registry.sessions.size > 0);
      schedule();
    },

    instrumentOf(symbol) {
      const instrument = registry.channels.get(symbol)?.instrument ?? releasing.get(symbol)?.instrument;
      if (!instrument) throw new Error("nobody listens to this symbol");
      return instrument;
    },

    stats() {
      const symbols: Record<string, number> = {};
      for (const topic of registry.channels.values()) symbols[topic.symbol] = topic.connectionSet.size;
      let subscriptions = 0;
      for (const { subscribers } of registry.sessions.values()) subscriptions += subscribers.size;
      return { connections: registry.sessions.size, subscriptions, symbols };
    },

    takeCounts: () => takeStreamCounts(counts),
    checkSchedule: schedule,

    connections: () => connectionsOf(registry, host.name),
    subscribers: (most) => subscribersOf(registry, most),

    broadcast(message) {
      const text = frame("broadcast", { message, data: { message } });
      for (const { connection } of registry.sessions.values()) connection.send(text);
      return registry.sessions.size;
    },

    closeCaller(caller) {
      const theirs = [...registry.sessions.values()].filter(({ connection }) => connection.info.caller === caller);
      for (const member of theirs) disconnect(member, CLOSE.policy, "the key is no longer valid");
      return theirs.length;
    },
  };
}
