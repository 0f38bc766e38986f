import { type Instrument, instrumentOf, type SymbolRecord } from "../../contracts/symbol.ts";
import { logError } from "../../observability/log.ts";
import { auditEntry } from "../../storage/audit-log.ts";
import { readRegistry, writeRegistry } from "../../storage/registry/database.ts";
import { resolveSymbols } from "../../storage/registry/resolve.ts";
import { callRoom } from "../room.ts";
import { IngestionMessage } from "./messages.ts";
import { fillProfile } from "./profiles.ts";

/** Candles that a refresh looks back over. */
const CANDLES_BACK = 3;

const DEAD_LETTERS = /-dead(?:-|$)/;

/**
 * Works through a batch of messages. Each is acknowledged or retried by itself; one that keeps failing ends in the dead-letter
 * queue and from there in the audit log.
 */
export async function consumeBatch(batch: MessageBatch, env: Env): Promise<void> {
  for (const message of batch.messages) {
    if (DEAD_LETTERS.test(batch.queue)) {
      await bury(message, batch.queue, env);
      message.ack();
    } else if (await isDone(message, batch.queue, env)) message.ack();
    else message.retry();
  }
}

async function isDone(message: Message, queue: string, env: Env): Promise<boolean> {
  const fields = { queue, message: message.id, attempts: message.attempts };
  const work = IngestionMessage.safeParse(message.body);
  if (!work.success) {
    logError("a message that nobody understands", work.error, fields);
    return false;
  }
  try {
    await perform(work.data, env);
    return true;
  } catch (error) {
    logError("a message could not be worked on", error, { ...fields, kind: work.data.kind });
    return false;
  }
}

async function perform(work: IngestionMessage, env: Env): Promise<void> {
  const meanings = await resolveSymbols(readRegistry(env.DB), work.symbols);
  const records = [...meanings.values()].flatMap((meaning) => (meaning.kind === "found" ? [meaning.record] : []));
  // At once, so that what they ask of a provider meets in its gate.
  await Promise.all(records.map((record) => performFor(work, record, instrumentOf(record), env)));
}

async function performFor(
  work: IngestionMessage,
  record: SymbolRecord,
  instrument: Instrument,
  env: Env,
): Promise<void> {
  const { symbol } = record;
  switch (work.kind) {
    case "reconcile":
      return callRoom<void>(env, symbol, async (room) => room.keepInstrument(instrument));
    case "quotes":
      return callRoom<void>(env, symbol, (room) => room.refreshQuote(instrument));
    case "candles":
      return callRoom<void>(env, symbol, (room) => room.refreshCandles(instrument, work.interval, CANDLES_BACK));
    case "profiles":
      return fillProfile(env, record);
  }
}

/** Makes a message that nobody could work on visible at /admin/audit. */
async function bury(message: Message, queue: string, env: Env): Promise<void> {
  const act = { actor: "queue", at: new Date().toISOString() };
  const body = JSON.stringify(message.body)?.slice(0, 2000) ?? "";
  await auditEntry(writeRegistry(env.DB).db, act, "ingestion.dead_letter", queue, { message: message.id, body });
}
