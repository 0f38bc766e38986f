import type { ConnectionAnswer } from "../../contracts/stream.ts";
import type { Roster } from "./roster.ts";

/** The connections of an object, for those who run the platform. `name` is the object's. */
export function connectionsOf(roster: Roster, name: string): ConnectionAnswer[] {
  return Array.from(roster.members.values(), ({ connection, listeners }) => ({
    connection_id: connection.id,
    at: name,
    connected_at: new Date(connection.facts.connectedAt * 1000).toISOString(),
    address: connection.facts.address,
    caller: connection.facts.caller,
    subscriptions: [...new Set(Array.from(listeners.values(), ({ subscription }) => subscription.symbol))],
    subscription_count: listeners.size,
    last_ping: new Date(connection.lastHeardAt).toISOString(),
  }));
}

/** The ids of the connections that carry each symbol, at most `most` of each. */
export function subscribersOf(roster: Roster, most: number): Record<string, string[]> {
  const ids: Record<string, string[]> = {};
  for (const topic of roster.topics.values()) {
    ids[topic.symbol] = Array.from(topic.audience, ({ id }) => id).slice(0, most);
  }
  return ids;
}
