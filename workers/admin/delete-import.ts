import { instrumentOf, type SymbolRecord } from "../../contracts/symbol.ts";
import { isoTime } from "../../core/time.ts";
import type { Database } from "../../storage/database.ts";
import { lastImportOf, listDeleting } from "../../storage/import-lists.ts";
import { type ImportRow, removeImport } from "../../storage/imports.ts";
import { resolveSymbols } from "../../storage/registry/resolve.ts";
import { sourcesWithoutImports } from "../../storage/registry/sources-without-imports.ts";
import { type AuditActor, changeSymbol } from "../../storage/registry/writes.ts";
import { clearQuotes } from "../market-data/quote-reader.ts";
import { callRoom, RoomFailure } from "../rooms/call-room.ts";
import { clearSymbols, requireRecord } from "../symbol-registry/symbol-lookup.ts";

/** Turns of a room in one call, each of which removes a bounded part. */
const TURNS = 10;
/** Imports that one run of the cron goes on with. */
const IMPORTS_PER_RUN = 5;
/** Who the audit log names for what the cron does. */
const CRON = "cron";

/**
 * Goes on with the deletion of an import that is marked for it, for a bounded number of turns. With the last import that has candles goes
 * `import` from the symbol's sources.
 * @returns whether nothing is left of it
 */
export async function continueDeletion(
  env: Env,
  registry: Database,
  row: ImportRow,
  actor: AuditActor,
): Promise<boolean> {
  const { symbol, id } = row;
  const record = await requireRecord(env, symbol, (await resolveSymbols(registry, [symbol])).get(symbol));
  const isDone = await deleteFromRoom(env, record, id);
  clearQuotes();
  if (!isDone) return false;
  if ((await lastImportOf(registry, symbol, id)) === null) await dropImportSource(env, registry, record, actor);
  await removeImport(registry, id);
  return true;
}

async function deleteFromRoom(env: Env, record: SymbolRecord, id: string): Promise<boolean> {
  const instrument = instrumentOf(record);
  for (let turn = 0; turn < TURNS; turn++) {
    const { done } = await callRoom<{ done: boolean }>(env, record.symbol, (room) => room.deleteImport(instrument, id));
    if (done) return true;
  }
  return false;
}

/** Takes imports out of a symbol's sources, in the registry and in its room. */
async function dropImportSource(env: Env, registry: Database, record: SymbolRecord, actor: AuditActor): Promise<void> {
  if (!record.data_sources.includes("import")) return;
  const data_sources = await sourcesWithoutImports(registry, record);
  await changeSymbol(registry, record.symbol, { data_sources }, actor, "symbol.end_imports");
  clearSymbols();
  const { symbol } = record;
  const after = await requireRecord(env, symbol, (await resolveSymbols(registry, [symbol])).get(symbol));
  await callRoom<void>(env, symbol, async (room) => room.keepInstrument(instrumentOf(after)));
}

/** Goes on with imports that are being deleted, a few in each run; `now` in unix seconds. One whose room fails waits for the next run. */
export async function continueDeletions(env: Env, registry: Database, now: number): Promise<void> {
  for (const row of await listDeleting(registry, IMPORTS_PER_RUN)) {
    try {
      await continueDeletion(env, registry, row, { actor: CRON, at: isoTime(now) });
    } catch (error) {
      if (!(error instanceof RoomFailure)) throw error;
    }
  }
}
