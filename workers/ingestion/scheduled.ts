import { marketModeOf } from "../../contracts/provider.ts";
import type { SymbolRecord } from "../../contracts/symbol.ts";
import type { Interval } from "../../core/interval.ts";
import { marketOf } from "../../core/market-calendar/markets.ts";
import { isOpen, openSecondsBetween } from "../../core/market-calendar/sessions.ts";
import { DAY, HOUR, isoTime, MINUTE } from "../../core/time.ts";
import { reportNow } from "../../durable-objects/telemetry/report.ts";
import { hop } from "../../observability/hop.ts";
import { logInfo } from "../../observability/log.ts";
import { currentTraceparent } from "../../observability/span.ts";
import { forgetDemand, symbolsInDemand } from "../../storage/demand.ts";
import { forgetOldKeys } from "../../storage/idempotency.ts";
import { forgetDecisions } from "../../storage/quality-log.ts";
import { type Registry, readRegistry, writeRegistry } from "../../storage/registry/database.ts";
import { unlessUnreachable } from "../../storage/registry/failures.ts";
import { resolveSymbols } from "../../storage/registry/resolve.ts";
import { listSymbols } from "../../storage/registry/search.ts";
import { checkGates } from "../gates.ts";
import { eachReachable } from "../streaming/holders.ts";
import { type IngestionMessage, SYMBOLS_PER_MESSAGE } from "./messages.ts";

/** As `[triggers]` in wrangler.toml has them. */
const EVERY_MINUTE = "* * * * *";
const EVERY_QUARTER = "*/15 * * * *";
const DAILY = "17 3 * * *";

/** What somebody asked for this recently is kept fresh. */
const DEMAND_FOR = 6 * HOUR;
const DECISIONS_KEPT_FOR = 30 * DAY;
const DEMAND_KEPT_FOR = 7 * DAY;

/** The candles that are fetched without anyone asking for them at the moment. */
const KEPT_INTERVALS: readonly Interval[] = ["1h", "1d"];

/**
 * The cron that a call is for, null where it is nobody's to make. A development server lets everyone who reaches it call: there the
 * start script gives the Worker a `CRON_TOKEN`, and puts it before the cron.
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
  await hop("cron", { cron }, () => doWhatIsDue(cron, at, env));
  await reportNow(env);
}

async function doWhatIsDue(cron: string, at: number, env: Env): Promise<void> {
  const now = at / 1000;
  switch (cron) {
    case EVERY_MINUTE:
      await checkStreams(env);
      await unlessUnreachable("forgetting old idempotency keys", () => forgetOldKeys(writeRegistry(env.DB), at));
      return enqueueQuotes(env, now);
    case EVERY_QUARTER:
      return enqueueCandles(env, now);
    case DAILY:
      await unlessUnreachable("forgetting old records", () => prune(writeRegistry(env.DB), now));
      if (marketModeOf(env) === "live") await checkGates(env);
      return enqueueRegistry(env);
    default:
      logInfo("a cron without work", { cron });
  }
}

/** Records of active symbols that somebody asked for lately and that real providers serve. */
async function inDemand(env: Env, now: number): Promise<SymbolRecord[]> {
  if (marketModeOf(env) !== "live") return [];
  const registry = readRegistry(env.DB);
  const meanings = await resolveSymbols(registry, await symbolsInDemand(registry, now - DEMAND_FOR));
  return [...meanings.values()].flatMap((meaning) =>
    meaning.kind === "found" && meaning.record.is_active && !meaning.record.data_sources.includes("import")
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
  await send(env, due, (symbols) => ({ kind: "quotes", symbols }));
}

async function enqueueCandles(env: Env, now: number): Promise<void> {
  const due = (await inDemand(env, now)).filter((record) => tradedWithin(record, HOUR, now));
  for (const interval of KEPT_INTERVALS) await send(env, due, (symbols) => ({ kind: "candles", symbols, interval }));
}

/** Forgets what is kept for a time only. */
async function prune(registry: Registry, now: number): Promise<void> {
  await forgetDecisions(registry, isoTime(now - DECISIONS_KEPT_FOR));
  await forgetDemand(registry, now - DEMAND_KEPT_FOR);
}

/**
 * Lets whoever holds sockets set its alarm again, should it be missing: without one, no heartbeat goes out. Every minute, for the
 * directory forgets in a few whoever is silent.
 */
async function checkStreams(env: Env): Promise<void> {
  await eachReachable(env, (holder) => holder.checkAlarm());
}

/** Puts every symbol's registry row on its way to its room, which then looks after its alarm, too, and asks for unknown company facts. */
async function enqueueRegistry(env: Env): Promise<void> {
  const registry = readRegistry(env.DB);
  const live = marketModeOf(env) === "live";
  let after: string | undefined;
  let more = true;
  while (more) {
    const page = await listSymbols(registry, { limit: SYMBOLS_PER_MESSAGE, after });
    await send(env, page.records, (symbols) => ({ kind: "reconcile", symbols }));
    const unknown = page.records.filter((record) => record.type === "stock" && record.description === null);
    if (live) await send(env, unknown, (symbols) => ({ kind: "profiles", symbols }));
    after = page.records.at(-1)?.symbol;
    more = page.more;
  }
}

async function send(
  env: Env,
  records: readonly SymbolRecord[],
  messageOf: (symbols: string[]) => IngestionMessage,
): Promise<void> {
  for (let i = 0; i < records.length; i += SYMBOLS_PER_MESSAGE) {
    const message = messageOf(records.slice(i, i + SYMBOLS_PER_MESSAGE).map((record) => record.symbol));
    await env.INGESTION.send({ ...message, traceparent: currentTraceparent() });
  }
}
