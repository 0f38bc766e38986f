import { announcePresence } from "../stream-directory/presence.ts";
import { HistoryAccess } from "../streaming/commands/history-access.ts";
import { singleSymbolResolver } from "../streaming/commands/symbol-resolver.ts";
import { streamLimits } from "../streaming/connections/limits.ts";
import { SessionHub } from "../streaming/session-hub.ts";
import { acquireFromKey } from "../usage-meter/payment.ts";
import type { Publisher } from "./publishing/publisher.ts";
import type { RoomState } from "./room-state.ts";

/** Opens the hub of a room's own sockets, which receives of its symbol and no other. */
export function openRoomSockets(ctx: DurableObjectState, env: Env, state: RoomState, publisher: Publisher): SessionHub {
  const name = ctx.id.name ?? "";
  return new SessionHub({
    ctx,
    name,
    room: () => publisher.roomClient,
    resolver: singleSymbolResolver(() => state.instrument()),
    limits: streamLimits(env),
    historyAccess: new HistoryAccess((key, cost) => acquireFromKey(env, key, cost, (work) => ctx.waitUntil(work))),
    schedule: (at) => publisher.scheduleSessions(at),
    onPresence: (isPresent) => announcePresence(env, { kind: "room", name }, isPresent),
  });
}
