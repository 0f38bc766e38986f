import { createRoute, z } from "@hono/zod-openapi";
import {
  ImportChunkSchema,
  type ImportReport,
  ImportReportSchema,
  MAX_LISTED_REFUSALS,
} from "../../contracts/import.ts";
import { MAX_LISTED_FAULTS } from "../../contracts/input-faults.ts";
import { NO_QUERY } from "../../contracts/parameters.ts";
import { ApiError } from "../../contracts/problem.ts";
import { instrumentOf, type SymbolRecord } from "../../contracts/symbol.ts";
import { type RefusedRow, readCandleRows } from "../../core/candle-rows.ts";
import { candlesFrom } from "../../core/candles.ts";
import { marketOf } from "../../core/market-calendar/markets.ts";
import type { ImportReply } from "../../durable-objects/symbol-room/symbol-room.ts";
import { auditEntry } from "../../storage/audit-log.ts";
import { type Database, openPrimary } from "../../storage/database.ts";
import { resolveSymbols } from "../../storage/registry/resolve.ts";
import { type AuditActor, changeSymbol } from "../../storage/registry/writes.ts";
import { auditNameOf } from "../auth/caller.ts";
import { envelope, problemResponses } from "../http/responses.ts";
import { createService } from "../http/service.ts";
import { clearQuotes } from "../market-data/quote-reader.ts";
import { callRoom } from "../rooms/call-room.ts";
import { clearSymbols, requireRecord } from "../symbol-registry/symbol-lookup.ts";

const route = createRoute({
  method: "post",
  path: "/admin/import",
  operationId: "importCandles",
  summary: "Import a chunk of candles",
  description:
    "Rows are checked one by one; a bad one is refused with a reason, never repaired. Unless `keep_good` is set, a chunk with a bad row stores nothing and answers 400 with `refused`. The first candles that are imported make the symbol's data real: its simulated data is dropped.",
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

/** Routes of /admin/import. */
export const imports = createService();

imports.openapi(route, async (c) => {
  const chunk = c.req.valid("json");
  const registry = openPrimary(c.env.DB);
  const record = await requireRecord(
    c.env,
    chunk.symbol,
    (await resolveSymbols(registry, [chunk.symbol])).get(chunk.symbol),
  );
  const { candles, refused } = readCandleRows(chunk.rows, {
    market: marketOf(record.primary_exchange),
    interval: chunk.interval,
    now: Date.now() / 1000,
    negativePrices: record.type === "commodity",
  });
  const report: ImportReport = {
    symbol: record.symbol,
    rows: chunk.rows.length,
    stored: 0,
    replaced: 0,
    unchanged: 0,
    ...listedRows(refused),
  };
  if (chunk.check_only) return c.json(envelope(report), 200);
  if (refused.length > 0 && !chunk.keep_good) throw refusedRowsError(refused);
  if (candles.length === 0) return c.json(envelope(report), 200);
  const act = { actor: auditNameOf(c.var.caller), at: new Date().toISOString() };
  const imported = await markImported(registry, record, act);
  const batch = { interval: chunk.interval, adjustment: chunk.adjustment, candles: candlesFrom(candles) };
  const reply = await callRoom<ImportReply>(c.env, record.symbol, (room) =>
    room.importCandles(instrumentOf(imported), batch),
  );
  if (reply.kind === "conflict")
    throw adjustmentConflict(record.symbol, chunk.interval, reply.adjustment, chunk.adjustment);
  clearSymbols();
  clearQuotes();
  // Rows that repeat one another within the chunk are one candle: the others changed nothing.
  const repeated = chunk.rows.length - refused.length - candles.length;
  const { stored, replaced } = reply;
  const unchanged = reply.unchanged + repeated;
  if (stored > 0 || replaced > 0) {
    const detail = { interval: chunk.interval, adjustment: chunk.adjustment, stored, replaced };
    await auditEntry(registry.session, act, "candles.import", record.symbol, detail);
  }
  return c.json(envelope({ ...report, stored, replaced, unchanged }), 200);
});

/** Makes imported candles the symbol's only source, once. */
async function markImported(registry: Database, record: SymbolRecord, actor: AuditActor): Promise<SymbolRecord> {
  if (record.data_sources.includes("import")) return record;
  await changeSymbol(registry, record.symbol, { data_sources: ["import"] }, actor, "symbol.import");
  return { ...record, data_sources: ["import"], last_updated: actor.at };
}

/** Refused rows as an answer lists them. */
const listedRows = (refused: readonly RefusedRow[]) => ({
  refused: refused.slice(0, MAX_LISTED_REFUSALS),
  ...(refused.length > MAX_LISTED_REFUSALS ? { refused_count: refused.length } : {}),
});

function refusedRowsError(refused: readonly RefusedRow[]): ApiError {
  const [first] = refused;
  const errors = refused
    .slice(0, MAX_LISTED_FAULTS)
    .map(({ line, reason }) => ({ in: "body" as const, path: `line ${line}`, message: reason }));
  const detail = `${refused.length} of the rows cannot be candles, so none was stored. The first is line ${first.line}: ${first.reason}.`;
  return new ApiError("request.invalid", detail, { errors, extensions: listedRows(refused) });
}

function adjustmentConflict(symbol: string, interval: string, has: string, sent: string): ApiError {
  return new ApiError(
    "candles.conflict",
    `The ${interval} candles of ${symbol} are ${has}; these are ${sent}. Import them as ${has}, or as another interval.`,
    { extensions: { adjustment: has } },
  );
}
