import { marketOf } from "../../core/market-calendar/markets.ts";
import { marketStatus } from "../../core/market-calendar/sessions.ts";
import type { Member } from "./roster.ts";
import type { Topic } from "./topic.ts";

/** Every so many beats tell of all symbols, the others of those whose state changed. */
const TELL_ALL_EVERY = 10;

/** How a symbol fares: what its market does, and whether events come as often as they should. */
export interface Liveness {
  /** As it stands in a heartbeat, in JSON. */
  text: string;
  /** What clients are told of again only when it changes. */
  state: string;
}

/** How a symbol fares at `now` (unix seconds), so that a quiet market and a dead feed can be told apart. */
export function livenessOf(topic: Topic, now: number): Liveness {
  const { attendance, place } = topic;
  const status = marketStatus(marketOf(topic.instrument.primary_exchange), now);
  const told = attendance?.lastEventAt ?? null;
  const lastEventAt = Math.max(topic.lastEventAt ?? 0, told === null ? 0 : Date.parse(told)) / 1000;
  const isActive = attendance !== null && Math.abs(now - lastEventAt) <= attendance.pace;
  const expected = status !== "open" ? "closed" : isActive ? "active" : "quiet";
  const text = JSON.stringify({
    seq: place?.seq ?? null,
    last_event_at: lastEventAt > 0 ? new Date(lastEventAt * 1000).toISOString() : null,
    market_status: status,
    expected,
  });
  return { text, state: `${expected} ${status}` };
}

/** Which symbols a beat tells a member of. */
export function symbolsToTell(member: Member, beat: number, changed: ReadonlySet<string>): string[] {
  const symbols = new Set(Array.from(member.listeners.values(), ({ subscription }) => subscription.symbol));
  if (beat % TELL_ALL_EVERY === 0) return [...symbols];
  return [...symbols].filter((symbol) => changed.has(symbol) || member.untold.has(symbol));
}

/** The frame of a beat. */
export function heartbeatFrame(
  facts: { beat: number; connections: number; subscriptions: number },
  symbols: readonly string[],
  liveness: ReadonlyMap<string, Liveness>,
): string {
  const head = JSON.stringify({ type: "heartbeat", timestamp: new Date().toISOString(), ...facts });
  const members = symbols.flatMap((symbol) => {
    const known = liveness.get(symbol);
    return known ? [`${JSON.stringify(symbol)}:${known.text}`] : [];
  });
  return `${head.slice(0, -1)},"symbols":{${members.join()}}}`;
}
