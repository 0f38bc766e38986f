import type { Instrument } from "../../contracts/symbol.ts";
import { announcePresence } from "../stream-directory/presence.ts";
import { HistoryAccess } from "../streaming/commands/history-access.ts";
import { singleSymbolResolver } from "../streaming/commands/symbol-resolver.ts";
import { streamLimits } from "../streaming/connections/limits.ts";
import { SessionHub } from "../streaming/session-hub.ts";
import type { RoomClient } from "../symbol-events/symbol-events.ts";
import { acquireUnits } from "../usage-meter/payment.ts";
import { reportStreamUse } from "../usage-meter/stream-use.ts";
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
    replayIndicators: async (_, interval, specs, since) =>
      publisher.replayIndicators(instrument(), interval, specs, since),
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
    historyAccess: new HistoryAccess((payer, cost) => acquireUnits(env, payer, cost, (work) => ctx.waitUntil(work))),
    reportUse: (account, use) => reportStreamUse(env, `room:${name}`, account, use),
    // There is a room for each symbol, so that each socket counts.
    unmeteredSockets: 0,
    schedule: (at) => publisher.scheduleSessions(at),
    onPresence: (isPresent) => announcePresence(env, { kind: "room", name }, isPresent),
  });
}
