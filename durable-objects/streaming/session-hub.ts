import { CLOSE, type ConnectionAnswer } from "../../contracts/stream.ts";
import type { Instrument } from "../../contracts/symbol.ts";
import { keyedQueue } from "../../core/concurrency/keyed-queue.ts";
import { SingleFlight } from "../../core/concurrency/single-flight.ts";
import { logError } from "../../observability/log.ts";
import type { Interest, QuoteReplay, RoomClient } from "../symbol-events/symbol-events.ts";
import { Dispatcher } from "./commands/dispatcher.ts";
import type { HistoryAccess } from "./commands/history-access.ts";
import { Subscriptions } from "./commands/subscribe.ts";
import type { SymbolResolver } from "./commands/symbol-resolver.ts";
import { accept, reject } from "./connections/handshake.ts";
import { readHandshake } from "./connections/handshake-request.ts";
import type { StreamLimits } from "./connections/limits.ts";
import { newStreamCounts, type StreamCounts, takeStreamCounts } from "./connections/metrics.ts";
import { WriteBatcher } from "./connections/write-batcher.ts";
import { FanOut } from "./delivery/fan-out.ts";
import { Heartbeat } from "./delivery/heartbeat-loop.ts";
import { RoomLeases } from "./delivery/room-lease.ts";
import { connectedFrame, frame, PONG } from "./protocol/server-frames.ts";
import type { SymbolChannel } from "./subscriptions/channel.ts";
import { connectionsOf, subscribersOf } from "./subscriptions/listing.ts";
import { type Session, SubscriptionRegistry } from "./subscriptions/registry.ts";
import { SubscriptionStore } from "./subscriptions/subscription-store.ts";

/** What a hub needs of its object. */
export interface SessionHubHost {
  ctx: DurableObjectState;
  /** The object's name, as `/connections` says it. */
  name: string;
  /** Where it receives events from. */
  room: RoomClient;
  resolver: SymbolResolver;
  limits: StreamLimits;
  historyAccess: HistoryAccess;
  /** Ensures that `run` is called at that time (unix seconds) or soon after, even if the object sleeps until then. */
  schedule(at: number): void;
  /** Called when the first socket comes, when the last one leaves, and now and then while there are any; one after the other. */
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

/** The sockets of an object, what they listen to, and the way on which events reach them. */
export class SessionHub {
  readonly #host: SessionHubHost;
  readonly #ctx: DurableObjectState<unknown>;
  readonly #limits: StreamLimits;
  readonly #inOrder = keyedQueue();
  readonly #counts = newStreamCounts();
  /** Publishes events of symbols to the subscribers. */
  readonly fanOut: FanOut;
  readonly #registry: SubscriptionRegistry;
  /** Symbols without subscribers whose leases are being released, by how many releases. */
  readonly #releasing = new Map<string, { instrument: Instrument; releases: number }>();
  readonly #heartbeat: Heartbeat;
  #announced = Promise.resolve();
  readonly #dispatcher: Dispatcher;

  constructor(host: SessionHubHost) {
    this.#host = host;
    this.#ctx = host.ctx;
    this.#limits = host.limits;
    const replays = new SingleFlight<QuoteReplay>();
    const room: RoomClient = {
      // One call may overtake another on its way: what was wanted last must arrive last.
      renewLease: (symbol, interest) => this.#inOrder(symbol, () => this.#host.room.renewLease(symbol, interest)),
      // After a restart very many sockets come back at once, from much the same place.
      replayQuotes: (symbol, since) =>
        replays.run(`${symbol} ${since?.epoch} ${since?.seq}`, () => this.#host.room.replayQuotes(symbol, since)),
      replayCandles: (symbol, interval, since) => this.#host.room.replayCandles(symbol, interval, since),
      replayIndicator: (symbol, indicator, since) => this.#host.room.replayIndicator(symbol, indicator, since),
    };
    const store = new SubscriptionStore(this.#ctx.storage.sql);
    const batcher = new WriteBatcher();
    const leases = new RoomLeases(room);
    const subscriptions = new Subscriptions(
      () => this.#registry,
      room,
      this.#host.resolver,
      leases,
      this.#counts,
      this.#host.historyAccess,
    );
    this.fanOut = new FanOut(
      room,
      (symbol) => this.#registry.channels.get(symbol),
      (channel, onlyConflated) => subscriptions.resubscribe(channel, onlyConflated),
      batcher,
    );
    this.#registry = new SubscriptionRegistry(this.#ctx, store, this.#limits, this.#counts, batcher, {
      onEmpty: (channel) => {
        if (channel.isLeased) this.#ctx.waitUntil(this.#releaseLease(channel));
      },
      onStop: () => this.checkSchedule(),
    });
    this.#heartbeat = new Heartbeat(this.#registry, store, leases, this.fanOut);
    this.checkSchedule();
    this.#dispatcher = new Dispatcher(this.#registry, subscriptions, this.#host.resolver, (session, code, reason) =>
      this.#disconnect(session, code, reason),
    );
    this.#ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair('{"action":"ping"}', PONG));
  }

  /** Answers the upgrade of a socket that the Worker hands on, once others can find out that it is here. */
  async accept(request: Request): Promise<Response> {
    const handshake = readHandshake(request);
    const refusal =
      this.#registry.sessions.size >= this.#limits.sockets ? "full" : this.#registry.quota.exceeded(handshake);
    if (refusal !== null) return reject(refusal);
    const { response, socket, attachment } = accept(handshake);
    const session = this.#registry.connect(socket, attachment);
    session.connection.send(connectedFrame(attachment.id, this.#limits.unacknowledgedBytes));
    if (this.#registry.sessions.size === 1) {
      this.#heartbeat.start(Date.now() / 1000);
      this.#announce(true);
    }
    this.checkSchedule();
    if (handshake.symbol !== null) {
      const symbols = [handshake.symbol];
      const delivery = { mode: "all" } as const;
      this.#dispatcher.enqueue(session, { action: "subscribe", symbols, channel: "quotes", interval: "1h", delivery });
    }
    await waitAtMost(this.#announced);
    return response;
  }

  /** A frame from a client. */
  onMessage(socket: WebSocket, data: string | ArrayBuffer): void {
    const session = this.#registry.sessionOf(socket);
    // A connection that has been given up is closed soon.
    if (session?.connection.isWritable) this.#dispatcher.handleMessage(session, data);
  }

  /** A socket has closed or failed. */
  onClose(socket: WebSocket): void {
    const session = this.#registry.sessionOf(socket);
    if (session) this.#remove(session);
  }

  /** Does what is due; for the object's alarm. */
  async runDue(): Promise<void> {
    const wasPresent = this.#registry.sessions.size > 0;
    await this.#heartbeat.runDue(Date.now() / 1000);
    if (wasPresent) this.#announce(this.#registry.sessions.size > 0);
    this.checkSchedule();
  }

  /** The registry row of a symbol that a client listens to, or did a moment ago. */
  instrumentOf(symbol: string): Instrument {
    const instrument = this.#registry.channels.get(symbol)?.instrument ?? this.#releasing.get(symbol)?.instrument;
    if (!instrument) throw new Error("no client listens to this symbol");
    return instrument;
  }

  stats(): StreamStats {
    const symbols: Record<string, number> = {};
    for (const channel of this.#registry.channels.values()) symbols[channel.symbol] = channel.connectionSet.size;
    let subscriptions = 0;
    for (const { subscribers } of this.#registry.sessions.values()) subscriptions += subscribers.size;
    return { connections: this.#registry.sessions.size, subscriptions, symbols };
  }

  /** What has been done since this was last asked. */
  takeCounts(): StreamCounts {
    return takeStreamCounts(this.#counts);
  }

  /** Ensures that `run` is called in time, should what was scheduled have been lost. */
  checkSchedule(): void {
    const next = this.#heartbeat.nextAt();
    if (next !== null) this.#host.schedule(next);
  }

  connections(): ConnectionAnswer[] {
    return connectionsOf(this.#registry, this.#host.name);
  }

  /** The ids of the sockets that carry each symbol, at most `most` of each. */
  subscribers(most: number): Record<string, string[]> {
    return subscribersOf(this.#registry, most);
  }

  /** Sends a message to everyone; returns the number of sockets. */
  broadcast(message: string): number {
    const text = frame("broadcast", { message, data: { message } });
    for (const { connection } of this.#registry.sessions.values()) connection.send(text);
    return this.#registry.sessions.size;
  }

  /** Closes the sockets of a caller, whose key is no longer good; returns their number. */
  closeCaller(caller: string): number {
    const theirs = [...this.#registry.sessions.values()].filter(({ connection }) => connection.info.caller === caller);
    for (const session of theirs) this.#disconnect(session, CLOSE.policy, "the key is no longer valid");
    return theirs.length;
  }

  async #releaseLease({ symbol, instrument }: SymbolChannel): Promise<void> {
    const left = this.#releasing.get(symbol) ?? { instrument, releases: 0 };
    left.releases++;
    this.#releasing.set(symbol, left);
    try {
      await this.#inOrder(symbol, async () => {
        if (!this.#registry.channels.has(symbol)) await this.#host.room.renewLease(symbol, NOTHING);
      });
    } catch (error) {
      // The feed forgets a caller that does not come back.
      logError("a lease was not released", error, { symbol });
    } finally {
      if (--left.releases === 0) this.#releasing.delete(symbol);
    }
  }

  #disconnect(session: Session, code: number, reason: string): void {
    session.connection.close(code, reason);
    this.#remove(session);
  }

  #remove(session: Session): void {
    this.#registry.remove(session);
    if (this.#registry.sessions.size === 0) this.#announce(false);
  }

  #announce(isPresent: boolean): void {
    this.#announced = this.#announced.then(() => this.#host.onPresence(isPresent));
    this.#ctx.waitUntil(this.#announced);
  }
}
