import { CLOSE, HEARTBEAT_INTERVAL } from "../../contracts/stream.ts";
import { isWithin } from "../../core/time.ts";
import { logError } from "../../observability/log.ts";
import type { Attending } from "./attending.ts";
import type { AudienceStore } from "./audience-store.ts";
import type { Delivery } from "./delivery.ts";
import { heartbeatFrame, type Liveness, livenessOf, symbolsToTell } from "./heartbeat.ts";
import type { Roster } from "./roster.ts";
import type { Topic } from "./topic.ts";

/** Seconds from the moment that sending to a socket stopped until it is closed. */
export const SLOW_FOR = 60;

/** Feeds that are told at once. */
const TOLD_AT_ONCE = 50;

/** What an audience does at times of its own: heartbeats, renewals, closing who is too slow or whose key has expired. */
export interface Beating {
  /** Does what is due at `now`, unix seconds. */
  run(now: number): Promise<void>;
  /** Begins to count when the first socket comes. */
  begin(now: number): void;
  /** When something is due next, unix seconds; null where nobody is here. */
  nextAt(): number | null;
}

/** Opens an audience's heartbeat. */
export function openBeating(roster: Roster, store: AudienceStore, attending: Attending, delivery: Delivery): Beating {
  const renew = async (topic: Topic): Promise<void> => {
    try {
      const { position } = await attending.attend(topic);
      await delivery.catchUp(topic, position);
    } catch (error) {
      logError("an attendance was not renewed", error, { symbol: topic.symbol });
    }
  };

  const renewAll = async (now: number): Promise<void> => {
    const due = [...roster.topics.values()].filter((topic) => attending.isDue(topic, now));
    for (let i = 0; i < due.length; i += TOLD_AT_ONCE) await Promise.all(due.slice(i, i + TOLD_AT_ONCE).map(renew));
  };

  const closeWhoMustGo = (now: number): void => {
    for (const member of [...roster.members.values()]) {
      const { connection } = member;
      // One that has gone without a word.
      const isGone = connection.socket.readyState !== WebSocket.READY_STATE_OPEN;
      const { stoppedAt, expiresAt } = connection.facts;
      const isSlow = stoppedAt !== null && !isWithin(SLOW_FOR, stoppedAt, now);
      const isExpired = expiresAt !== null && now >= expiresAt;
      if (!isGone && !isSlow && !isExpired) continue;
      if (!isGone && isExpired) connection.close(CLOSE.policy, "the key has expired");
      else if (!isGone) connection.close(CLOSE.slowConsumer, "too much was sent that you did not read");
      roster.remove(member);
    }
  };

  const lives = (now: number): { liveness: Map<string, Liveness>; changed: Set<string> } => {
    const told = store.toldStates();
    const liveness = new Map<string, Liveness>();
    const changed = new Set<string>();
    for (const topic of roster.topics.values()) {
      const life = livenessOf(topic, now);
      liveness.set(topic.symbol, life);
      if (told.get(topic.symbol) === life.state) continue;
      changed.add(topic.symbol);
      store.keepToldState(topic.symbol, life.state);
    }
    return { liveness, changed };
  };

  const beat = (now: number): void => {
    const number = store.lastBeat().beat + 1;
    store.keepBeat({ beat: number, at: now });
    const { liveness, changed } = lives(now);
    let subscriptions = 0;
    for (const { listeners } of roster.members.values()) subscriptions += listeners.size;
    const facts = { beat: number, connections: roster.members.size, subscriptions };
    for (const member of roster.members.values()) {
      const text = heartbeatFrame(facts, symbolsToTell(member, number, changed), liveness);
      member.untold.clear();
      member.connection.sendBeat(number, text);
    }
  };

  const nextBeatAt = (now: number): number => {
    const { beat, at } = store.lastBeat();
    // The clock was set back.
    if (at > now) store.keepBeat({ beat, at: now });
    return store.lastBeat().at + HEARTBEAT_INTERVAL;
  };

  return {
    async run(now) {
      closeWhoMustGo(now);
      if (roster.members.size === 0 || now < nextBeatAt(now)) return;
      await renewAll(now);
      beat(now);
    },
    begin(now) {
      store.keepBeat({ beat: store.lastBeat().beat, at: now });
    },
    nextAt() {
      if (roster.members.size === 0) return null;
      const now = Date.now() / 1000;
      let next = Math.max(nextBeatAt(now), now);
      for (const { connection } of roster.members.values()) {
        const { stoppedAt, expiresAt } = connection.facts;
        if (stoppedAt !== null) next = Math.min(next, stoppedAt + SLOW_FOR);
        if (expiresAt !== null) next = Math.min(next, expiresAt);
      }
      return next;
    },
  };
}
