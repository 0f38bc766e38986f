import { setAlarmNoLaterThan } from "../rpc/alarm.ts";
import { announcePresence } from "../stream-directory/presence.ts";
import { HistoryAccess } from "../streaming/commands/history-access.ts";
import { registryResolver } from "../streaming/commands/symbol-resolver.ts";
import { streamLimits } from "../streaming/connections/limits.ts";
import { reportStreamCounts } from "../streaming/connections/metrics.ts";
import { SessionHub } from "../streaming/session-hub.ts";
import { StreamingObject } from "../streaming/streaming-object.ts";
import type { SymbolEvent } from "../symbol-events/symbol-events.ts";
import { reportWhenDue } from "../telemetry/report.ts";
import { acquireUnits } from "../usage-meter/payment.ts";
import { reportStreamUse } from "../usage-meter/stream-use.ts";
import { roomClient } from "./room-client.ts";

/** Sockets of one address at a hub that its meter is not asked about: an address is nearly always at one hub alone. */
const UNMETERED_SOCKETS = 4;

/** Many symbols on one socket. Hubs are shards by region and number, `hub:{region}:{n}`; each is the hub of the rooms of its symbols. */
export class StreamHub extends StreamingObject {
  protected readonly sessions: SessionHub;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const name = ctx.id.name;
    if (name === undefined) throw new Error("a hub is named by its region and number");
    const room = roomClient(
      () => this.env,
      name,
      (symbol) => this.sessions.instrumentOf(symbol),
    );
    this.sessions = new SessionHub({
      ctx,
      name,
      room,
      resolver: registryResolver(env.DB),
      limits: streamLimits(env),
      historyAccess: new HistoryAccess((payer, cost) => acquireUnits(env, payer, cost, (work) => ctx.waitUntil(work))),
      reportUse: (account, use) => reportStreamUse(env, name, account, use),
      unmeteredSockets: UNMETERED_SOCKETS,
      schedule: (at) => ctx.waitUntil(setAlarmNoLaterThan(ctx.storage, at)),
      onPresence: (isPresent) => {
        this.#report();
        return announcePresence(env, { kind: "hub", name }, isPresent);
      },
    });
  }

  /** Events of a symbol, from its room; false where no one here listens to it any more. */
  push(symbol: string, events: SymbolEvent[]): Promise<boolean> {
    return this.sessions.fanOut.publish(symbol, events);
  }

  override async alarm(): Promise<void> {
    await this.sessions.runDue();
  }

  async checkAlarm(): Promise<void> {
    this.sessions.checkSchedule();
  }

  /** Counts what was done, when the first socket comes, at each heartbeat and when the last one leaves. */
  #report(): void {
    reportStreamCounts(this.sessions.takeCounts());
    reportWhenDue(this.env, this.ctx);
  }
}
