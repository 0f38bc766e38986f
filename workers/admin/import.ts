import { createRoute, z } from "@hono/zod-openapi";
import { adjustedAsOfDefault, secondsOfDay } from "../../contracts/adjusted-as-of.ts";
import { ImportChunkSchema, type ImportReport, ImportReportSchema } from "../../contracts/import.ts";
import { NO_QUERY } from "../../contracts/parameters.ts";
import type { ApiError } from "../../contracts/problem.ts";
import { instrumentOf, type SymbolRecord } from "../../contracts/symbol.ts";
import { readCandleRows } from "../../core/candle-rows.ts";
import { type Candle, candlesFrom } from "../../core/candles.ts";
import { marketOf } from "../../core/market-calendar/markets.ts";
import { coarserSpacing } from "../../core/row-spacing.ts";
import { background } from "../../durable-objects/isolate/long-work.ts";
import type { ImportReply } from "../../durable-objects/symbol-room/symbol-room.ts";
import { auditEntry } from "../../storage/audit-log.ts";
import { type Database, openPrimary } from "../../storage/database.ts";
import { addProgress, beginImport, endImport, type ImportRow, type NewImport } from "../../storage/imports.ts";
import { resolveSymbols } from "../../storage/registry/resolve.ts";
import { type AuditActor, changeSymbol } from "../../storage/registry/writes.ts";
import { auditNameOf } from "../auth/caller.ts";
import { envelope, problemResponses } from "../http/responses.ts";
import { createService } from "../http/service.ts";
import { clearQuotes } from "../market-data/quote-reader.ts";
import { callRoom } from "../rooms/call-room.ts";
import { clearSymbols, requireRecord } from "../symbol-registry/symbol-lookup.ts";
import { importIdOf, sha256OfRows } from "./import-identity.ts";
import {
  adjustmentConflict,
  deletingError,
  listedRows,
  listedSuspects,
  refusedRowsError,
  spacingError,
} from "./import-problems.ts";

const route = createRoute({
  method: "post",
  path: "/admin/import",
  operationId: "importCandles",
  summary: "Import a chunk of candles",
  description:
    "Rows are checked one by one; a bad one is refused with a reason, never repaired. Unless `keep_good` is set, a chunk with a bad row stores nothing and answers 400 with `refused`, and its import has failed. Rows whose spacing says that they are of another interval are refused unless `force` is set. Chunks of one file are one import: sent again, it goes on. The first candles that are imported put `import` first among the symbol's sources; in the demo its simulated data is dropped.",
  tags: ["Administration"],
  request: {
    query: NO_QUERY,
    body: { required: true, content: { "application/json": { schema: ImportChunkSchema } } },
  },
  responses: {
    200: {
      description: "What became of each row",
      content: {
        "application/json": {
          schema: z.object({ success: z.literal(true), data: ImportReportSchema, timestamp: z.string() }),
        },
      },
    },
    ...problemResponses(400, 404, 409, 413, 415, 429),
  },
});

/** The route of /admin/import. */
export const importChunks = createService();

type Chunk = z.output<typeof ImportChunkSchema>;

importChunks.openapi(route, async (c) => {
  await background.makeWay();
  const chunk = c.req.valid("json");
  const registry = openPrimary(c.env.DB);
  const record = await requireRecord(
    c.env,
    chunk.symbol,
    (await resolveSymbols(registry, [chunk.symbol])).get(chunk.symbol),
  );
  const market = marketOf(record.primary_exchange);
  const { candles, lines, refused } = readCandleRows(chunk.rows, {
    market,
    interval: chunk.interval,
    now: Date.now() / 1000,
    negativePrices: record.type === "commodity",
  });
  const act = { actor: auditNameOf(c.var.caller), at: new Date().toISOString() };
  const own = await identityOf(record, chunk);
  const report: ImportReport = {
    import_id: own.id,
    symbol: record.symbol,
    rows: chunk.rows.length,
    stored: 0,
    replaced: 0,
    unchanged: 0,
    ...listedRows(refused),
    suspect: [],
  };
  // Rows that repeat one another within the chunk are one candle: the others change nothing.
  const repeated = chunk.rows.length - refused.length - candles.length;
  const times = candles.map(({ time }) => time);
  const coarser = chunk.force ? null : coarserSpacing(market, chunk.interval, times);
  const misfit = coarser && spacingError(chunk.interval, coarser);
  if (chunk.check_only) {
    // The file has ended, and a part of it was not stored.
    if (chunk.import?.last) await endImport(registry, own.id, "failed", act.at);
    if (misfit) throw misfit;
    const found = await check(c.env, record, own, candles);
    const counts = { ...countsOf(found), unchanged: found.unchanged + repeated };
    return c.json(envelope({ ...report, ...counts, ...listedSuspects(found.suspect, times, lines) }), 200);
  }
  const refusal = misfit ?? (refused.length > 0 && !chunk.keep_good ? refusedRowsError(refused) : null);
  if (refusal) throw await failed(registry, own, refused.length, act, refusal, chunk.import !== undefined);
  if (candles.length === 0 && !chunk.import) return c.json(envelope(report), 200);
  const row = await begin(registry, own, act);
  await background.makeWay();
  const stored = await store(c.env, registry, record, row, candles, act);
  const counts = { ...countsOf(stored), unchanged: stored.unchanged + repeated };
  const span = { first: times.at(0) ?? null, last: times.at(-1) ?? null };
  const progress = addProgress(registry, row.id, { ...counts, refused: refused.length, ...span }).returning();
  const audit =
    counts.stored > 0 || counts.replaced > 0
      ? [
          auditEntry(registry.session, act, "candles.import", record.symbol, {
            interval: chunk.interval,
            adjustment: row.adjustment,
            stored: counts.stored,
            replaced: counts.replaced,
          }),
        ]
      : [];
  const [[after]] = await registry.session.batch([progress, ...audit]);
  if (chunk.import?.last ?? true) await finish(c.env, registry, record, after ?? row, act.at);
  clearSymbols();
  clearQuotes();
  return c.json(envelope({ ...report, ...counts, ...listedSuspects(stored.suspect, times, lines) }), 200);
});

const NONE: ImportReply = { stored: 0, replaced: 0, unchanged: 0, suspect: [] };

const countsOf = ({ stored, replaced, unchanged }: ImportReply) => ({ stored, replaced, unchanged });

/** Which import a chunk belongs to. */
async function identityOf({ symbol }: SymbolRecord, chunk: Chunk): Promise<NewImport> {
  const { interval, adjustment, adjusted_as_of = null, import: of } = chunk;
  const sha256 = of?.sha256 ?? (await sha256OfRows(chunk.rows));
  const id = await importIdOf(symbol, interval, adjustment, sha256);
  const { file = null, rows = chunk.rows.length } = of ?? {};
  return { id, symbol, interval, adjustment, adjustedAsOf: adjusted_as_of, file, sha256, rows };
}

/**
 * Begins the import of a chunk, or goes on with it.
 * @throws ApiError import.deleting, or candles.conflict where another one of the series has not ended and is adjusted otherwise
 */
async function begin(registry: Database, own: NewImport, act: AuditActor): Promise<ImportRow> {
  const begun = await beginImport(registry, own, act);
  if (begun.kind === "deleting") throw deletingError(own.id);
  if (begun.kind === "conflict") throw adjustmentConflict(begun.other, own.adjustment);
  return begun.row;
}

/** Marks the import of a refused chunk as failed, and returns why. A chunk without a file begins none. */
async function failed(
  registry: Database,
  own: NewImport,
  refused: number,
  act: AuditActor,
  refusal: ApiError,
  isOfFile: boolean,
): Promise<ApiError> {
  if (!isOfFile) return refusal;
  const row = await begin(registry, own, act);
  const none = { stored: 0, replaced: 0, unchanged: 0, first: null, last: null };
  await addProgress(registry, row.id, { ...none, refused });
  await endImport(registry, row.id, "failed", act.at);
  return refusal;
}

/** Stores a chunk's candles in their room. */
async function store(
  env: Env,
  registry: Database,
  record: SymbolRecord,
  row: ImportRow,
  candles: readonly Candle[],
  act: AuditActor,
): Promise<ImportReply> {
  if (candles.length === 0) return NONE;
  const imported = await markImported(registry, record, act);
  const { id: importId, interval, adjustment } = row;
  const adjustedAsOf = secondsOfDay(row.adjustedAsOf);
  const batch = { interval, adjustment, adjustedAsOf, importId, candles: candlesFrom([...candles]) };
  return callRoom<ImportReply>(env, record.symbol, (room) => room.importCandles(instrumentOf(imported), batch));
}

/** What storing a chunk's candles would do, in a symbol that had imports. */
async function check(env: Env, record: SymbolRecord, own: NewImport, candles: readonly Candle[]): Promise<ImportReply> {
  if (candles.length === 0) return NONE;
  const { id: importId, interval, adjustment, adjustedAsOf } = own;
  const batch = {
    ...{ interval, adjustment, importId, adjustedAsOf: secondsOfDay(adjustedAsOf) },
    candles: candlesFrom([...candles]),
  };
  return callRoom<ImportReply>(env, record.symbol, (room) => room.checkImport(instrumentOf(record), batch));
}

/** Ends an import whose last chunk is stored. The day of its adjustment is the one after its last row, unless it is known. */
async function finish(env: Env, registry: Database, record: SymbolRecord, row: ImportRow, at: string): Promise<void> {
  const adjustedAsOf = row.adjustedAsOf ?? adjustedAsOfDefault(row.adjustment, row.last);
  if (row.first !== null) {
    const instrument = instrumentOf(record);
    await callRoom<void>(env, row.symbol, async (room) => {
      if (adjustedAsOf !== row.adjustedAsOf)
        await room.adjustImport(instrument, row.id, row.adjustment, secondsOfDay(adjustedAsOf));
      await room.finishImport(instrument, row.id);
    });
  }
  await endImport(registry, row.id, "done", at, adjustedAsOf);
}

/** Puts imports first among a symbol's sources, once. */
async function markImported(registry: Database, record: SymbolRecord, actor: AuditActor): Promise<SymbolRecord> {
  if (record.data_sources.includes("import")) return record;
  const data_sources: SymbolRecord["data_sources"] = ["import", ...record.data_sources];
  await changeSymbol(registry, record.symbol, { data_sources }, actor, "symbol.import");
  return { ...record, data_sources, last_updated: actor.at };
}
