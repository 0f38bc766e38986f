import { instrumentOf } from "../../contracts/symbol.ts";
import { logError } from "../../observability/log.ts";
import { readRegistry } from "../../storage/registry/database.ts";
import { resolveSymbols } from "../../storage/registry/resolve.ts";
import { callRoom } from "../room.ts";
import { IngestionMessage } from "./messages.ts";

/**
 * Works through a batch of messages. Each is acknowledged or retried by itself; one that keeps failing ends in the dead-letter
 * queue. Every message may come twice: keeping a registry row again changes nothing.
 */
export async function consumeBatch(batch: MessageBatch, env: Env): Promise<void> {
  for (const message of batch.messages) {
    const work = IngestionMessage.safeParse(message.body);
    if (!work.success) {
      logError("a message that nobody understands", work.error, { queue: batch.queue, message: message.id });
      message.retry();
      continue;
    }
    await reconcile(env, work.data.symbols);
    message.ack();
  }
}

async function reconcile(env: Env, symbols: readonly string[]): Promise<void> {
  for (const meaning of (await resolveSymbols(readRegistry(env.DB), symbols)).values()) {
    if (meaning.kind !== "found") continue;
    const instrument = instrumentOf(meaning.record);
    await callRoom<void>(env, instrument.symbol, async (room) => room.keepInstrument(instrument));
  }
}
