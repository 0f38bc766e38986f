import { logInfo } from "../../observability/log.ts";
import { forgetOldKeys } from "../../storage/idempotency.ts";
import { readRegistry, writeRegistry } from "../../storage/registry/database.ts";
import { listSymbols } from "../../storage/registry/search.ts";
import type { IngestionMessage } from "./messages.ts";

/** As `[triggers]` in wrangler.toml has them. */
const EVERY_MINUTE = "* * * * *";
const DAILY = "17 3 * * *";

const SYMBOLS_PER_MESSAGE = 100;

/** Does what is due at a cron's time. */
export async function runScheduled(controller: ScheduledController, env: Env): Promise<void> {
  switch (controller.cron) {
    case EVERY_MINUTE:
      return forgetOldKeys(writeRegistry(env.DB), controller.scheduledTime);
    case DAILY:
      return reconcileRooms(env);
    default:
      logInfo("a cron without work", { cron: controller.cron });
  }
}

/** Puts every symbol's registry row on its way to its room, in case a push was lost. */
async function reconcileRooms(env: Env): Promise<void> {
  const registry = readRegistry(env.DB);
  let after: string | undefined;
  let more = true;
  while (more) {
    const page = await listSymbols(registry, { limit: SYMBOLS_PER_MESSAGE, after });
    const symbols = page.records.map((record) => record.symbol);
    if (symbols.length === 0) return;
    const message: IngestionMessage = { kind: "reconcile", symbols };
    await env.INGESTION.send(message);
    after = symbols.at(-1);
    more = page.more;
  }
}
