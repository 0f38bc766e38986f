import { type Instrument, instrumentOf, type SymbolRecord } from "../../contracts/symbol.ts";
import { reportNow } from "../../durable-objects/telemetry/report.ts";
import { logError } from "../../observability/log.ts";
import { count, observe } from "../../observability/metrics/collector.ts";
import { withSpan } from "../../observability/trace.ts";
import { auditEntry } from "../../storage/audit-log.ts";
import { openPrimary, openReplica } from "../../storage/database.ts";
import { resolveSymbols } from "../../storage/registry/resolve.ts";
import { callRoom } from "../rooms/call-room.ts";
import { IngestionMessage } from "./messages.ts";
import { fillProfile } from "./profiles.ts";

/** Candles that a refresh looks back over. */
const REFRESHED_CANDLES = 3;

const DEAD_LETTERS = /-dead(?:-|$)/;

/**
 * Works through a batch of messages. Each is acknowledged or retried by itself; one that keeps failing ends in the dead-letter
 * queue and from there in the audit log.
 */
export async function consumeBatch(batch: MessageBatch, env: Env): Promise<void> {
  for (const message of batch.messages) {
    if (DEAD_LETTERS.test(batch.queue)) {
      await deadLetter(message, batch.queue, env);
      count("wizdata_ingestion_messages_total", { kind: "unknown", outcome: "dead" });
      message.ack();
    } else if (await process(message, batch.queue, env)) message.ack();
    else message.retry();
  }
  await reportNow(env);
}

const secondsSince = (time: Date): number => Math.max(0, (Date.now() - time.getTime()) / 1000);

async function process(message: Message, queue: string, env: Env): Promise<boolean> {
  const fields = { queue, message: message.id, attempts: message.attempts };
  const work = IngestionMessage.safeParse(message.body);
  if (!work.success) {
    logError("a message that no one understands", work.error, fields);
    return false;
  }
  const { kind, traceparent } = work.data;
  observe("wizdata_queue_age_seconds", { kind }, secondsSince(message.timestamp));
  try {
    await withSpan("queue", { kind, attempts: message.attempts }, () => processMessage(work.data, env), traceparent);
    observe("wizdata_ingestion_lag_seconds", { kind }, secondsSince(message.timestamp));
    count("wizdata_ingestion_messages_total", { kind, outcome: "done" });
    return true;
  } catch (error) {
    count("wizdata_ingestion_messages_total", { kind, outcome: "retried" });
    logError("a message could not be worked on", error, { ...fields, kind });
    return false;
  }
}

async function processMessage(work: IngestionMessage, env: Env): Promise<void> {
  const resolutions = await resolveSymbols(openReplica(env.DB), work.symbols);
  const records = [...resolutions.values()].flatMap((meaning) => (meaning.kind === "found" ? [meaning.record] : []));
  // At once, so that what they ask of a provider meets in its gate.
  await Promise.all(records.map((record) => processSymbol(work, record, instrumentOf(record), env)));
}

async function processSymbol(
  work: IngestionMessage,
  record: SymbolRecord,
  instrument: Instrument,
  env: Env,
): Promise<void> {
  const { symbol } = record;
  switch (work.kind) {
    case "reconcile":
      return callRoom<void>(env, symbol, async (room) => {
        await room.keepInstrument(instrument);
        await room.pruneCandles(instrument);
      });
    case "quotes":
      return callRoom<void>(env, symbol, (room, traceparent) => room.refreshQuote(instrument, traceparent));
    case "candles":
      return callRoom<void>(env, symbol, (room, traceparent) =>
        room.refreshCandles(instrument, work.interval, REFRESHED_CANDLES, traceparent),
      );
    case "profiles":
      return fillProfile(env, record);
  }
}

/** Makes a message that no one could work on visible at /admin/audit. */
async function deadLetter(message: Message, queue: string, env: Env): Promise<void> {
  const actor = { actor: "queue", at: new Date().toISOString() };
  const body = JSON.stringify(message.body)?.slice(0, 2000) ?? "";
  await auditEntry(openPrimary(env.DB).session, actor, "ingestion.dead_letter", queue, { message: message.id, body });
}
