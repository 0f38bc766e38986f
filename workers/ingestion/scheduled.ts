import { marketModeOf } from "../../contracts/provider.ts";
import type { SymbolRecord } from "../../contracts/symbol.ts";
import type { Interval } from "../../core/interval.ts";
import { marketOf } from "../../core/market-calendar/markets.ts";
import { isOpen, openSecondsBetween } from "../../core/market-calendar/sessions.ts";
import { DAY, HOUR, isoTime, MINUTE } from "../../core/time.ts";
import { reportNow } from "../../durable-objects/telemetry/report.ts";
import { logInfo } from "../../observability/log.ts";
import { currentTraceparent } from "../../observability/span.ts";
import { withSpan } from "../../observability/trace.ts";
import { isUpstream } from "../../providers/catalogue.ts";
import { type Database, openPrimary, openReplica } from "../../storage/database.ts";
import { deleteDemand, symbolsInDemand } from "../../storage/demand.ts";
import { deleteExpiredKeys } from "../../storage/idempotency.ts";
import { deleteDecisions } from "../../storage/quality-log.ts";
import { unlessUnreachable } from "../../storage/registry/failures.ts";
import { resolveSymbols } from "../../storage/registry/resolve.ts";
import { listSymbols } from "../../storage/registry/search.ts";
import { continueDeletions } from "../admin/delete-import.ts";
import { checkGates } from "../rooms/providers.ts";
import { forEachReachable } from "../streaming/socket-objects.ts";
import { type IngestionMessage, SYMBOLS_PER_MESSAGE } from "./messages.ts";

/** As `[triggers]` in wrangler.toml has them. */
const EVERY_MINUTE = "* * * * *";
const EVERY_QUARTER = "*/15 * * * *";
const DAILY = "17 3 * * *";

/** What a client asked for as recently as this is kept fresh. */
const DEMAND_SECONDS = 6 * HOUR;
const DECISION_RETENTION_SECONDS = 30 * DAY;
const DEMAND_RETENTION_SECONDS = 7 * DAY;

/** The candles that are fetched without anyone asking for them at the moment. */
const REFRESHED_INTERVALS: readonly Interval[] = ["1h", "1d"];

/**
 * The cron that a call is for, null where it is no one's to make. A development server lets everyone who reaches it call: there the
 * start script passes the Worker a `CRON_TOKEN`, and puts it before the cron.
 */
function cronOf({ cron }: ScheduledController, { CRON_TOKEN }: Env): string | null {
  if (!CRON_TOKEN) return cron;
  return cron.startsWith(`${CRON_TOKEN} `) ? cron.slice(CRON_TOKEN.length + 1) : null;
}

/** Does what is due at a cron's time, or now where that lies ahead: nothing is forgotten before its time. */
export async function runScheduled(controller: ScheduledController, env: Env): Promise<void> {
  const cron = cronOf(controller, env);
  if (cron === null) return;
  const at = Math.min(controller.scheduledTime, Date.now());
  await withSpan("cron", { cron }, () => runCron(cron, at, env));
  await reportNow(env);
}

async function runCron(cron: string, at: number, env: Env): Promise<void> {
  const now = at / 1000;
  switch (cron) {
    case EVERY_MINUTE:
      await checkStreams(env);
      await unlessUnreachable("deleting expired idempotency keys", () => deleteExpiredKeys(openPrimary(env.DB), at));
      await enqueueQuotes(env, now);
      return unlessUnreachable("deleting imports", () => continueDeletions(env, openPrimary(env.DB), now));
    case EVERY_QUARTER:
      return enqueueCandles(env, now);
    case DAILY:
      await unlessUnreachable("deleting old records", () => prune(openPrimary(env.DB), now));
      if (marketModeOf(env) === "live") await checkGates(env);
      return enqueueRegistry(env);
    default:
      logInfo("a cron without work", { cron });
  }
}

/** Records of active symbols that a client asked for lately and that real providers serve. */
async function inDemand(env: Env, now: number): Promise<SymbolRecord[]> {
  if (marketModeOf(env) !== "live") return [];
  const registry = openReplica(env.DB);
  const resolutions = await resolveSymbols(registry, await symbolsInDemand(registry, now - DEMAND_SECONDS));
  return [...resolutions.values()].flatMap((meaning) =>
    meaning.kind === "found" && meaning.record.is_active && meaning.record.data_sources.some(isUpstream)
      ? [meaning.record]
      : [],
  );
}

/** Whether trading went on within the last `seconds`: outside an exchange's session nothing is polled. */
function tradedWithin(record: SymbolRecord, seconds: number, now: number): boolean {
  const market = marketOf(record.primary_exchange);
  return isOpen(market, now) || openSecondsBetween(market, now - seconds, now) > 0;
}

async function enqueueQuotes(env: Env, now: number): Promise<void> {
  const due = (await inDemand(env, now)).filter((record) => tradedWithin(record, 2 * MINUTE, now));
  await enqueue(env, due, (symbols) => ({ kind: "quotes", symbols }));
}

async function enqueueCandles(env: Env, now: number): Promise<void> {
  const due = (await inDemand(env, now)).filter((record) => tradedWithin(record, HOUR, now));
  for (const interval of REFRESHED_INTERVALS)
    await enqueue(env, due, (symbols) => ({ kind: "candles", symbols, interval }));
}

/** Forgets what is kept for a time only. */
async function prune(registry: Database, now: number): Promise<void> {
  await deleteDecisions(registry, isoTime(now - DECISION_RETENTION_SECONDS));
  await deleteDemand(registry, now - DEMAND_RETENTION_SECONDS);
}

/**
 * Lets a caller that holds sockets set its alarm again, should it be missing: without one, no heartbeat goes out. Every minute, for the
 * directory forgets in a few who is silent.
 */
async function checkStreams(env: Env): Promise<void> {
  await forEachReachable(env, (holder) => holder.checkAlarm());
}

/** Puts every symbol's registry row on its way to its room, which then looks after its alarm and its old candles, too, and asks for unknown company facts. */
async function enqueueRegistry(env: Env): Promise<void> {
  const registry = openReplica(env.DB);
  const scheduler = marketModeOf(env) === "live";
  let after: string | undefined;
  let more = true;
  while (more) {
    const page = await listSymbols(registry, { limit: SYMBOLS_PER_MESSAGE, after });
    await enqueue(env, page.records, (symbols) => ({ kind: "reconcile", symbols }));
    const unknown = page.records.filter((record) => record.type === "stock" && record.description === null);
    if (scheduler) await enqueue(env, unknown, (symbols) => ({ kind: "profiles", symbols }));
    after = page.records.at(-1)?.symbol;
    more = page.more;
  }
}

async function enqueue(
  env: Env,
  records: readonly SymbolRecord[],
  messageOf: (symbols: string[]) => IngestionMessage,
): Promise<void> {
  for (let i = 0; i < records.length; i += SYMBOLS_PER_MESSAGE) {
    const message = messageOf(records.slice(i, i + SYMBOLS_PER_MESSAGE).map((record) => record.symbol));
    await env.INGESTION.send({ ...message, traceparent: currentTraceparent() });
  }
}
