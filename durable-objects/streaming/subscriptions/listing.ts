import type { ConnectionAnswer } from "../../../contracts/stream.ts";
import type { SubscriptionRegistry } from "./registry.ts";

/** The connections of an object, for those who run the platform. `name` is the object's. */
export function connectionsOf(registry: SubscriptionRegistry, name: string): ConnectionAnswer[] {
  return Array.from(registry.sessions.values(), ({ connection, subscribers }) => ({
    connection_id: connection.id,
    at: name,
    connected_at: new Date(connection.info.connectedAt * 1000).toISOString(),
    address: connection.info.address,
    caller: connection.info.caller,
    subscriptions: [...new Set(Array.from(subscribers.values(), ({ subscription }) => subscription.symbol))],
    subscription_count: subscribers.size,
    last_ping: new Date(connection.lastActivityAt).toISOString(),
  }));
}

/** The ids of the connections that carry each symbol, at most `most` of each. */
export function subscribersOf(registry: SubscriptionRegistry, limit: number): Record<string, string[]> {
  const ids: Record<string, string[]> = {};
  for (const channel of registry.channels.values()) {
    if (channel.isEmpty) continue;
    ids[channel.symbol] = Array.from(channel.connectionSet, ({ id }) => id).slice(0, limit);
  }
  return ids;
}
