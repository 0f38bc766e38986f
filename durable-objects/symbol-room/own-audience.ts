import { openSessionHub, type SessionHub } from "../audience/audience.ts";
import { openHistoryAccess } from "../audience/history.ts";
import { streamLimits } from "../audience/settings.ts";
import { singleSymbolResolver } from "../audience/symbol-book.ts";
import { announcePresence } from "../stream-directory/presence.ts";
import { acquireFromKey } from "../usage-meter/payment.ts";
import type { RoomState } from "./facts.ts";
import type { Publisher } from "./room-life.ts";

/** Opens the audience of a room's own sockets, which hear of its symbol and no other. */
export function openRoomSockets(ctx: DurableObjectState, env: Env, state: RoomState, publisher: Publisher): SessionHub {
  const name = ctx.id.name ?? "";
  return openSessionHub({
    ctx,
    name,
    room: () => publisher.roomClient,
    resolver: singleSymbolResolver(state.instrument),
    limits: streamLimits(env),
    historyAccess: openHistoryAccess((key, cost) => acquireFromKey(env, key, cost, (work) => ctx.waitUntil(work))),
    schedule: publisher.scheduleSessions,
    onPresence: (isPresent) => announcePresence(env, { kind: "room", name }, isPresent),
  });
}
