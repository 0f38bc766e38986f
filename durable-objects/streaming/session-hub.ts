import { CLOSE, type ConnectionAnswer } from "../../contracts/stream.ts";
import type { Instrument } from "../../contracts/symbol.ts";
import { keyedQueue } from "../../core/concurrency/keyed-queue.ts";
import { SingleFlight } from "../../core/concurrency/single-flight.ts";
import { logError } from "../../observability/log.ts";
import type { BarReplay, Interest, QuoteReplay, RoomClient } from "../symbol-events/symbol-events.ts";
import { Dispatcher } from "./commands/dispatcher.ts";
import type { HistoryAccess } from "./commands/history-access.ts";
import { Subscriptions } from "./commands/subscribe.ts";
import type { SymbolResolver } from "./commands/symbol-resolver.ts";
import { CallerLeases, type ReportStreamUse } from "./connections/caller-leases.ts";
import type { Connection } from "./connections/connection.ts";
import { accept, type LimitReached, reject } from "./connections/handshake.ts";
import { type HandshakeRequest, readHandshake } from "./connections/handshake-request.ts";
import { type StreamLimits, socketsWithoutKey } from "./connections/limits.ts";
import { newStreamCounts, type StreamCounts, takeStreamCounts } from "./connections/metrics.ts";
import { type LoadLevel, StreamLoad } from "./connections/stream-load.ts";
import { WriteBatcher } from "./connections/write-batcher.ts";
import { FanOut } from "./delivery/fan-out.ts";
import { Heartbeat } from "./delivery/heartbeat-loop.ts";
import { RoomLeases } from "./delivery/room-lease.ts";
import { Shedding } from "./delivery/shedding.ts";
import { connectedFrame, frame } from "./protocol/server-frames.ts";
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
  /** What a caller uses in all objects. */
  reportUse: ReportStreamUse;
  /** Sockets of one address that no meter is asked about. */
  unmeteredSockets: number;
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
  load: LoadLevel;
  /** What sockets that lag have not acknowledged, in characters. */
  unacknowledgedBytes: number;
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
  /** How much there is to do. */
  readonly load: StreamLoad;
  readonly #shedding: Shedding;
  readonly #callers: CallerLeases;
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
    const quoteReplays = new SingleFlight<QuoteReplay>();
    const barReplays = new SingleFlight<BarReplay[]>();
    const room: RoomClient = {
      // One call may overtake another on its way: what was wanted last must arrive last.
      renewLease: (symbol, interest) => this.#inOrder(symbol, () => this.#host.room.renewLease(symbol, interest)),
      // After a restart very many sockets come back at once, from much the same place.
      replayQuotes: (symbol, since) =>
        quoteReplays.run(`${symbol} ${since?.epoch} ${since?.seq}`, () => this.#host.room.replayQuotes(symbol, since)),
      replayCandles: async (symbol, interval, since) => {
        const [replay] = await barReplays.run(`${symbol} ${interval} ${since}`, async () => [
          await this.#host.room.replayCandles(symbol, interval, since),
        ]);
        return replay;
      },
      replayIndicators: (symbol, interval, specs, since) =>
        barReplays.run(`${symbol} ${interval} ${since} ${specs.join()}`, () =>
          this.#host.room.replayIndicators(symbol, interval, specs, since),
        ),
    };
    this.load = new StreamLoad(this.#limits.queuedFrames);
    this.#shedding = new Shedding(
      () => this.#registry,
      this.load,
      (session, code, reason) => this.#disconnect(session, code, reason),
    );
    this.#callers = new CallerLeases(
      this.#host.reportUse,
      { socketsPerAddress: this.#limits.socketsPerAddress, unmeteredSockets: this.#host.unmeteredSockets },
      (account, bytes) => this.#shedding.closeLargestOf(account, bytes),
      (work) => this.#ctx.waitUntil(work),
    );
    const store = new SubscriptionStore(this.#ctx.storage.sql);
    const batcher = new WriteBatcher();
    const leases = new RoomLeases(room);
    const subscriptions = new Subscriptions(
      () => this.#registry,
      room,
      this.#host.resolver,
      leases,
      this.#counts,
      this.load,
      this.#host.historyAccess,
      (channel) => this.#shedding.closeLaggingOf(channel),
    );
    this.fanOut = new FanOut(
      room,
      (symbol) => this.#registry.channels.get(symbol),
      (channel, onlyConflated) => subscriptions.resubscribe(channel, onlyConflated),
      batcher,
      () => this.#shedding.closeLongestQueues(),
    );
    const { unacknowledgedBytes, unacknowledgedBytesPerObject } = this.#limits;
    this.#registry = new SubscriptionRegistry(
      this.#ctx,
      store,
      { socket: unacknowledgedBytes, object: unacknowledgedBytesPerObject },
      { counts: this.#counts, batcher, load: this.load, onCounted: (connection) => this.#onCounted(connection) },
      {
        onEmpty: (channel) => this.#dropEmpty([channel], this.#registry.sessions.size === 0),
        onGone: ({ account }) => this.#callers.onReleased(account),
      },
    );
    this.#heartbeat = new Heartbeat(this.#registry, store, leases, this.fanOut, this.#callers);
    this.checkSchedule();
    this.#dispatcher = new Dispatcher(
      this.#registry,
      subscriptions,
      this.#host.resolver,
      this.load,
      (session, code, reason) => this.#disconnect(session, code, reason),
    );
  }

  /** Answers the upgrade of a socket that the Worker hands on, once others can find out that it is here. */
  async accept(request: Request): Promise<Response> {
    const handshake = readHandshake(request);
    const refusal = this.#refusalOf(handshake);
    if (refusal !== null) return this.#reject(refusal);
    const connected = await this.#callers.admit(handshake, this.#registry.accounts, () => this.#connect(handshake));
    if (connected === null) return this.#reject("address");
    await waitAtMost(this.#announced);
    return connected;
  }

  /** Takes a socket in; returns the answer to its upgrade. */
  #connect(handshake: HandshakeRequest): Response {
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
    return response;
  }

  /** A frame from a client. */
  onMessage(socket: WebSocket, data: string | ArrayBuffer): void {
    const session = this.#registry.sessionOf(socket);
    if (session) this.#dispatcher.handleMessage(session, data);
  }

  /** A socket has closed or failed. */
  onClose(socket: WebSocket): void {
    const session = this.#registry.sessionOf(socket);
    if (session) this.#remove(session, true);
    else this.#registry.confirmClose(socket);
  }

  /** Does what is due; for the object's alarm. */
  async runDue(): Promise<void> {
    const wasPresent = this.#registry.sessions.size > 0;
    this.#dropEmpty([...this.#registry.channels.values()], false);
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
    for (const channel of this.#registry.channels.values())
      if (!channel.isEmpty) symbols[channel.symbol] = channel.connectionSet.size;
    let subscriptions = 0;
    for (const { subscribers } of this.#registry.sessions.values()) subscriptions += subscribers.size;
    return { connections: this.#registry.sessions.size, subscriptions, symbols };
  }

  /** What sockets that lag have not acknowledged, in characters. */
  get unacknowledgedBytes(): number {
    return this.#registry.ledger.total;
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

  /**
   * Forgets symbols that have had no subscriber for a while, or those that have none now. Until then they keep their leases: a client
   * that comes and goes must not have rooms asked each time.
   */
  #dropEmpty(channels: Iterable<SymbolChannel>, atOnce: boolean): void {
    for (const channel of channels) {
      if (!channel.isEmpty || (!atOnce && channel.isLeased && !channel.isAbandoned(Date.now()))) continue;
      if (this.#registry.dropEmpty(channel) && channel.isLeased) this.#ctx.waitUntil(this.#releaseLease(channel));
    }
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
    this.#remove(session, false);
  }

  #remove(session: Session, isGone: boolean): void {
    this.#registry.remove(session, isGone);
    if (this.#registry.sessions.size > 0) return;
    this.#dropEmpty([...this.#registry.channels.values()], true);
    this.#announce(false);
  }

  /** Why a socket is not let in; null where it is, as far as this object knows. */
  #refusalOf(handshake: HandshakeRequest): LimitReached | null {
    const sockets = this.#registry.socketCount + this.#callers.admitting;
    if (sockets >= (handshake.anonymous ? socketsWithoutKey(this.#limits) : this.#limits.sockets)) return "full";
    if (this.#registry.ledger.isFull || this.load.isAtLeast("no_joins")) return "overloaded";
    const { kind, sockets: own } = this.#registry.accounts.of(handshake);
    return kind === "key" && own >= this.#limits.socketsPerKey ? "key" : null;
  }

  #reject(refusal: LimitReached): Response {
    this.#counts.refused[refusal === "overloaded" || refusal === "full" ? "overloaded" : "share"]++;
    return reject(refusal);
  }

  #onCounted(connection: Connection): void {
    this.#shedding.onCounted(connection);
    this.#callers.onWritten(connection.account);
  }

  #announce(isPresent: boolean): void {
    this.#announced = this.#announced.then(() => this.#host.onPresence(isPresent));
    this.#ctx.waitUntil(this.#announced);
  }
}
