import type { Instrument } from "../../contracts/symbol.ts";
import { announcePresence } from "../stream-directory/presence.ts";
import { HistoryAccess } from "../streaming/commands/history-access.ts";
import { singleSymbolResolver } from "../streaming/commands/symbol-resolver.ts";
import { streamLimits } from "../streaming/connections/limits.ts";
import { SessionHub } from "../streaming/session-hub.ts";
import type { RoomClient } from "../symbol-events/symbol-events.ts";
import { acquireFromKey } from "../usage-meter/payment.ts";
import { OWN_SESSIONS } from "./publishing/hub-leases.ts";
import type { Publisher } from "./publishing/publisher.ts";
import type { RoomState } from "./room-state.ts";

/** The room of a room's own sockets: itself, without a call between objects. */
function ownRoom(state: RoomState, publisher: Publisher): RoomClient {
  const instrument = (): Instrument => {
    const known = state.instrument();
    if (!known) throw new Error("a room knows its symbol before a socket opens");
    return known;
  };
  return {
    renewLease: async (_, interest) => publisher.renewLease(instrument(), OWN_SESSIONS, interest),
    replayQuotes: async (_, since) => publisher.replayQuotes(instrument(), since),
    replayCandles: async (_, interval, since) => publisher.replayCandles(instrument(), interval, since),
    replayIndicator: async (_, indicator, since) => publisher.replayIndicator(instrument(), indicator, since),
  };
}

/** The sessions of a room's own sockets, which carry its symbol and no other. */
export function openRoomSockets(ctx: DurableObjectState, env: Env, state: RoomState, publisher: Publisher): SessionHub {
  const name = ctx.id.name ?? "";
  const room = ownRoom(state, publisher);
  return new SessionHub({
    ctx,
    name,
    room,
    resolver: singleSymbolResolver(() => state.instrument()),
    limits: streamLimits(env),
    historyAccess: new HistoryAccess((key, cost) => acquireFromKey(env, key, cost, (work) => ctx.waitUntil(work))),
    schedule: (at) => publisher.scheduleSessions(at),
    onPresence: (isPresent) => announcePresence(env, { kind: "room", name }, isPresent),
  });
}
