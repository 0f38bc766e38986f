import { CLOSE, HEARTBEAT_SECONDS } from "../../../contracts/stream.ts";
import { logError } from "../../../observability/log.ts";
import type { CallerLeases } from "../connections/caller-leases.ts";
import type { SymbolChannel } from "../subscriptions/channel.ts";
import type { SubscriptionRegistry } from "../subscriptions/registry.ts";
import type { SubscriptionStore } from "../subscriptions/subscription-store.ts";
import type { FanOut } from "./fan-out.ts";
import { type FeedStatus, feedStatusOf, heartbeatFrame, symbolsToReport } from "./heartbeat.ts";
import type { RoomLeases } from "./room-lease.ts";

/** Leases that are renewed at once. */
const RENEWALS_AT_ONCE = 50;

/** What a hub does at times of its own: heartbeats, renewals, closing sockets whose key has expired. */
export class Heartbeat {
  readonly #registry: SubscriptionRegistry;
  readonly #store: SubscriptionStore;
  readonly #leases: RoomLeases;
  readonly #fanOut: FanOut;
  readonly #callers: CallerLeases;

  constructor(
    registry: SubscriptionRegistry,
    store: SubscriptionStore,
    leases: RoomLeases,
    fanOut: FanOut,
    callers: CallerLeases,
  ) {
    this.#registry = registry;
    this.#store = store;
    this.#leases = leases;
    this.#fanOut = fanOut;
    this.#callers = callers;
  }

  /** Does what is due at `now`, unix seconds. */
  async runDue(now: number): Promise<void> {
    this.#closeExpired(now);
    if (this.#registry.sessions.size === 0 || now < this.#nextHeartbeatAt(now)) return;
    await this.#renewAll(now);
    this.#registry.sweepClosed();
    this.#callers.renew();
    this.#sendHeartbeat(now);
  }

  /** Begins to count when the first socket comes. */
  start(now: number): void {
    this.#store.saveHeartbeat({ beat: this.#store.lastHeartbeat().beat, at: now });
  }

  /** When something is due next, unix seconds; null where no one is here. */
  nextAt(): number | null {
    if (this.#registry.sessions.size === 0) return null;
    const now = Date.now() / 1000;
    let next = Math.max(this.#nextHeartbeatAt(now), now);
    for (const { connection } of this.#registry.sessions.values()) {
      const { expiresAt } = connection.info;
      if (expiresAt !== null) next = Math.min(next, expiresAt);
    }
    return next;
  }

  async #renew(channel: SymbolChannel): Promise<void> {
    try {
      const { position } = await this.#leases.renew(channel);
      await this.#fanOut.catchUp(channel, position);
    } catch (error) {
      logError("a lease was not renewed", error, { symbol: channel.symbol });
    }
  }

  async #renewAll(now: number): Promise<void> {
    const due = [...this.#registry.channels.values()].filter(
      (channel) => !channel.isEmpty && this.#leases.isDue(channel, now),
    );
    for (let i = 0; i < due.length; i += RENEWALS_AT_ONCE)
      await Promise.all(due.slice(i, i + RENEWALS_AT_ONCE).map((channel) => this.#renew(channel)));
  }

  #closeExpired(now: number): void {
    for (const session of [...this.#registry.sessions.values()]) {
      const { connection } = session;
      // One that has gone without a word.
      const isGone = connection.socket.readyState !== WebSocket.READY_STATE_OPEN;
      const { expiresAt } = connection.info;
      const isExpired = expiresAt !== null && now >= expiresAt;
      if (!isGone && !isExpired) continue;
      if (!isGone) connection.close(CLOSE.policy, "the key has expired");
      this.#registry.remove(session, isGone);
    }
  }

  #collectStatus(now: number): { liveness: Map<string, FeedStatus>; changed: Set<string> } {
    const known = this.#store.reportedStates();
    const liveness = new Map<string, FeedStatus>();
    const changed = new Set<string>();
    for (const channel of this.#registry.channels.values()) {
      const life = feedStatusOf(channel, now);
      liveness.set(channel.symbol, life);
      if (known.get(channel.symbol) === life.state) continue;
      changed.add(channel.symbol);
      this.#store.saveReportedState(channel.symbol, life.state);
    }
    return { liveness, changed };
  }

  #sendHeartbeat(now: number): void {
    const number = this.#store.lastHeartbeat().beat + 1;
    this.#store.saveHeartbeat({ beat: number, at: now });
    const { liveness, changed } = this.#collectStatus(now);
    let subscriptions = 0;
    for (const { subscribers } of this.#registry.sessions.values()) subscriptions += subscribers.size;
    const facts = { beat: number, connections: this.#registry.sessions.size, subscriptions };
    for (const session of this.#registry.sessions.values()) {
      const text = heartbeatFrame(facts, symbolsToReport(session, number, changed), liveness);
      session.unreported.clear();
      session.connection.sendHeartbeat(number, text);
    }
  }

  #nextHeartbeatAt(now: number): number {
    const { beat, at } = this.#store.lastHeartbeat();
    // The clock was set back.
    if (at > now) this.#store.saveHeartbeat({ beat, at: now });
    return this.#store.lastHeartbeat().at + HEARTBEAT_SECONDS;
  }
}
