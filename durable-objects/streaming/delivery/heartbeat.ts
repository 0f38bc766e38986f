import { marketOf } from "../../../core/market-calendar/markets.ts";
import { marketStatus } from "../../../core/market-calendar/sessions.ts";
import type { SymbolChannel } from "../subscriptions/channel.ts";
import type { Session } from "../subscriptions/registry.ts";

/** Every that many beats report all symbols, the others of those whose state changed. */
const FULL_STATUS_EVERY = 10;

/** How a symbol fares: what its market does, and whether events come as often as they should. */
export interface FeedStatus {
  /** As it stands in a heartbeat, in JSON. */
  text: string;
  /** What clients learn again only when it changes. */
  state: string;
}

/** How a symbol fares at `now` (unix seconds), so that a quiet market and a dead feed can be distinguished. */
export function feedStatusOf(channel: SymbolChannel, now: number): FeedStatus {
  const { lease, position } = channel;
  const status = marketStatus(marketOf(channel.instrument.primary_exchange), now);
  const known = lease?.lastEventAt ?? null;
  const lastEventAt = Math.max(channel.lastEventAt ?? 0, known === null ? 0 : Date.parse(known)) / 1000;
  const isActive = lease !== null && Math.abs(now - lastEventAt) <= lease.expectedInterval;
  const expected = status !== "open" ? "closed" : isActive ? "active" : "quiet";
  const text = JSON.stringify({
    seq: position?.seq ?? null,
    last_event_at: lastEventAt > 0 ? new Date(lastEventAt * 1000).toISOString() : null,
    market_status: status,
    expected,
  });
  return { text, state: `${expected} ${status}` };
}

/** Which symbols a beat reports to a session. */
export function symbolsToReport(session: Session, beat: number, changed: ReadonlySet<string>): string[] {
  const symbols = new Set(Array.from(session.subscribers.values(), ({ subscription }) => subscription.symbol));
  if (beat % FULL_STATUS_EVERY === 0) return [...symbols];
  return [...symbols].filter((symbol) => changed.has(symbol) || session.unreported.has(symbol));
}

/** The frame of a heartbeat. */
export function heartbeatFrame(
  info: { beat: number; connections: number; subscriptions: number },
  symbols: readonly string[],
  statuses: ReadonlyMap<string, FeedStatus>,
): string {
  const head = JSON.stringify({ type: "heartbeat", timestamp: new Date().toISOString(), ...info });
  const sessions = symbols.flatMap((symbol) => {
    const known = statuses.get(symbol);
    return known ? [`${JSON.stringify(symbol)}:${known.text}`] : [];
  });
  return `${head.slice(0, -1)},"symbols":{${sessions.join()}}}`;
}
