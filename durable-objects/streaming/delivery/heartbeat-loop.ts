import { CLOSE, HEARTBEAT_INTERVAL } from "../../../contracts/stream.ts";
import { isWithin } from "../../../core/time.ts";
import { logError } from "../../../observability/log.ts";
import type { SymbolChannel } from "../subscriptions/channel.ts";
import type { SubscriptionRegistry } from "../subscriptions/registry.ts";
import type { SubscriptionStore } from "../subscriptions/subscription-store.ts";
import type { FanOut } from "./fan-out.ts";
import { type FeedStatus, feedStatusOf, heartbeatFrame, symbolsToReport } from "./heartbeat.ts";
import type { RoomLeases } from "./room-lease.ts";

/** Seconds from the moment that sending to a socket stopped until it is closed. */
export const SLOW_CONSUMER_SECONDS = 60;

/** Feeds that are told at once. */
const RENEWALS_AT_ONCE = 50;

/** What an audience does at times of its own: heartbeats, renewals, closing who is too slow or whose key has expired. */
export interface Heartbeat {
  /** Does what is due at `now`, unix seconds. */
  runDue(now: number): Promise<void>;
  /** Begins to count when the first socket comes. */
  start(now: number): void;
  /** When something is due next, unix seconds; null where nobody is here. */
  nextAt(): number | null;
}

/** Opens an audience's heartbeat. */
export function openHeartbeat(
  registry: SubscriptionRegistry,
  store: SubscriptionStore,
  leases: RoomLeases,
  fanOut: FanOut,
): Heartbeat {
  const renew = async (topic: SymbolChannel): Promise<void> => {
    try {
      const { position } = await leases.renew(topic);
      await fanOut.catchUp(topic, position);
    } catch (error) {
      logError("an attendance was not renewed", error, { symbol: topic.symbol });
    }
  };

  const renewAll = async (now: number): Promise<void> => {
    const due = [...registry.channels.values()].filter((topic) => leases.isDue(topic, now));
    for (let i = 0; i < due.length; i += RENEWALS_AT_ONCE)
      await Promise.all(due.slice(i, i + RENEWALS_AT_ONCE).map(renew));
  };

  const closeSlowAndExpired = (now: number): void => {
    for (const member of [...registry.sessions.values()]) {
      const { connection } = member;
      // One that has gone without a word.
      const isGone = connection.socket.readyState !== WebSocket.READY_STATE_OPEN;
      const { stoppedAt, expiresAt } = connection.info;
      const isSlow = stoppedAt !== null && !isWithin(SLOW_CONSUMER_SECONDS, stoppedAt, now);
      const isExpired = expiresAt !== null && now >= expiresAt;
      if (!isGone && !isSlow && !isExpired) continue;
      if (!isGone && isExpired) connection.close(CLOSE.policy, "the key has expired");
      else if (!isGone) connection.close(CLOSE.slowConsumer, "too much was sent that you did not read");
      registry.remove(member);
    }
  };

  const collectStatus = (now: number): { liveness: Map<string, FeedStatus>; changed: Set<string> } => {
    const told = store.reportedStates();
    const liveness = new Map<string, FeedStatus>();
    const changed = new Set<string>();
    for (const topic of registry.channels.values()) {
      const life = feedStatusOf(topic, now);
      liveness.set(topic.symbol, life);
      if (told.get(topic.symbol) === life.state) continue;
      changed.add(topic.symbol);
      store.saveReportedState(topic.symbol, life.state);
    }
    return { liveness, changed };
  };

  const sendHeartbeat = (now: number): void => {
    const number = store.lastHeartbeat().beat + 1;
    store.saveHeartbeat({ beat: number, at: now });
    const { liveness, changed } = collectStatus(now);
    let subscriptions = 0;
    for (const { subscribers } of registry.sessions.values()) subscriptions += subscribers.size;
    const facts = { beat: number, connections: registry.sessions.size, subscriptions };
    for (const member of registry.sessions.values()) {
      const text = heartbeatFrame(facts, symbolsToReport(member, number, changed), liveness);
      member.unreported.clear();
      member.connection.sendHeartbeat(number, text);
    }
  };

  const nextHeartbeatAt = (now: number): number => {
    const { beat, at } = store.lastHeartbeat();
    // The clock was set back.
    if (at > now) store.saveHeartbeat({ beat, at: now });
    return store.lastHeartbeat().at + HEARTBEAT_INTERVAL;
  };

  return {
    async runDue(now) {
      closeSlowAndExpired(now);
      if (registry.sessions.size === 0 || now < nextHeartbeatAt(now)) return;
      await renewAll(now);
      sendHeartbeat(now);
    },
    start(now) {
      store.saveHeartbeat({ beat: store.lastHeartbeat().beat, at: now });
    },
    nextAt() {
      if (registry.sessions.size === 0) return null;
      const now = Date.now() / 1000;
      let next = Math.max(nextHeartbeatAt(now), now);
      for (const { connection } of registry.sessions.values()) {
        const { stoppedAt, expiresAt } = connection.info;
        if (stoppedAt !== null) next = Math.min(next, stoppedAt + SLOW_CONSUMER_SECONDS);
        if (expiresAt !== null) next = Math.min(next, expiresAt);
      }
      return next;
    },
  };
}
