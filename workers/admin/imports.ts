import { createRoute, z } from "@hono/zod-openapi";
import { adjustedAsOfDefault, secondsOfDay } from "../../contracts/adjusted-as-of.ts";
import { type ImportAnswer, ImportChangeSchema, ImportSchema } from "../../contracts/import.ts";
import { NO_QUERY, wholeNumber } from "../../contracts/parameters.ts";
import { instrumentOf } from "../../contracts/symbol.ts";
import { isoTime } from "../../core/time.ts";
import { type Database, openPrimary } from "../../storage/database.ts";
import { listImports } from "../../storage/import-lists.ts";
import { changeAdjustment, findImport, type ImportRow, markDeleting } from "../../storage/imports.ts";
import { auditActorOf } from "../auth/caller.ts";
import { formatCursor, parseCursor } from "../http/cursor.ts";
import { envelope, jsonResponse, problemResponses } from "../http/responses.ts";
import { createService } from "../http/service.ts";
import { clearQuotes } from "../market-data/quote-reader.ts";
import { callRoom } from "../rooms/call-room.ts";
import { requireSymbol } from "../symbol-registry/symbol-lookup.ts";
import { continueDeletion } from "./delete-import.ts";
import { deletingError, noSuchImport } from "./import-problems.ts";

const common = { tags: ["Administration"] };

const ImportPath = z.object({
  id: z
    .string()
    .min(1)
    .max(128)
    .openapi({ param: { name: "id", in: "path" }, example: "912b1a44853dabd649ec46f358093950" }),
});

const importResponse = (description: string) => ({
  description,
  content: {
    "application/json": {
      schema: z.object({ success: z.literal(true), data: ImportSchema, timestamp: z.string() }),
    },
  },
});

const listRoute = createRoute({
  ...common,
  method: "get",
  path: "/admin/imports",
  operationId: "listImports",
  summary: "Imports, the latest first",
  request: {
    query: z.strictObject({
      symbol: z.string().min(1).max(64).optional().openapi({ example: "JSE:NPN" }),
      limit: wholeNumber(1, 1000).default(100),
      cursor: z
        .string()
        .optional()
        .openapi({ description: "Of an earlier page; the other parameters stay as they were." }),
    }),
  },
  responses: {
    200: {
      description: 'Imports; `next_cursor` and `Link: rel="next"` lead on',
      content: {
        "application/json": {
          schema: z.object({
            success: z.literal(true),
            data: z.array(ImportSchema),
            count: z.number().int(),
            next_cursor: z.string().nullable(),
            timestamp: z.string(),
          }),
        },
      },
    },
    304: { description: "Nothing has changed since the entity tag in If-None-Match" },
    ...problemResponses(400, 404, 409, 429),
  },
});

const detailRoute = createRoute({
  ...common,
  method: "get",
  path: "/admin/imports/{id}",
  operationId: "getImport",
  summary: "An import, and how far it got",
  request: { params: ImportPath, query: NO_QUERY },
  responses: { 200: importResponse("The import"), ...problemResponses(400, 404, 429) },
});

const changeRoute = createRoute({
  ...common,
  method: "patch",
  path: "/admin/imports/{id}",
  operationId: "changeImport",
  summary: "Correct what was done to past prices of an import",
  description: "The candles stay as they are; what answers say of their adjustment changes. It is in the audit log.",
  request: {
    params: ImportPath,
    query: NO_QUERY,
    body: { required: true, content: { "application/json": { schema: ImportChangeSchema } } },
  },
  responses: { 200: importResponse("The import as it is now"), ...problemResponses(400, 404, 409, 413, 415, 429) },
});

const deleteRoute = createRoute({
  ...common,
  method: "delete",
  path: "/admin/imports/{id}",
  operationId: "deleteImport",
  summary: "Delete an import and its candles",
  description:
    "What lay under its candles comes back: those of earlier imports and of providers. A large import is deleted in turns: 202 says that it goes on, by itself every minute, or at once when it is asked for again. With a symbol's last import goes `import` from its `data_sources`. It is in the audit log.",
  request: { params: ImportPath, query: NO_QUERY },
  responses: {
    200: importResponse("Nothing is left of it; its `status` is `deleted`"),
    202: importResponse("A part of it is left; its `status` is `deleting`"),
    ...problemResponses(400, 404, 429),
  },
});

/** Routes of /admin/imports. */
export const imports = createService();

const isoOrNull = (time: number | null): string | null => (time === null ? null : isoTime(time));

const importAnswer = (row: ImportRow, status: ImportAnswer["status"] = row.status): ImportAnswer => ({
  id: row.id,
  symbol: row.symbol,
  interval: row.interval,
  adjustment: row.adjustment,
  adjusted_as_of: row.adjustedAsOf,
  file: row.file,
  sha256: row.sha256,
  rows: row.rows,
  status,
  stored: row.stored,
  replaced: row.replaced,
  unchanged: row.unchanged,
  refused: row.refused,
  first: isoOrNull(row.first),
  last: isoOrNull(row.last),
  actor: row.actor,
  started_at: row.startedAt,
  ended_at: row.endedAt,
});

/** @throws ApiError route.not_found where there is no import of this id */
async function requireImport(registry: Database, id: string): Promise<ImportRow> {
  const row = await findImport(registry, id);
  if (!row) throw noSuchImport();
  return row;
}

const Position = z.strictObject({ startedAt: z.string().max(64), id: z.string().max(128) });

imports.openapi(listRoute, async (c) => {
  const { symbol, limit, cursor } = c.req.valid("query");
  const before = cursor === undefined ? undefined : parseCursor(cursor, Position);
  const of = symbol === undefined ? undefined : (await requireSymbol(c.env, symbol)).symbol;
  const { rows, more } = await listImports(openPrimary(c.env.DB), { symbol: of, limit, before });
  const last = rows.at(-1);
  const next = more && last ? formatCursor({ startedAt: last.startedAt, id: last.id }) : null;
  const url = new URL(c.req.url);
  if (next !== null) url.searchParams.set("cursor", next);
  const headers = next === null ? undefined : { Link: `<${url.pathname}${url.search}>; rel="next"` };
  const data = rows.map((row) => importAnswer(row));
  return jsonResponse(c, data, { next_cursor: next }, { maxAge: 0, headers });
});

imports.openapi(detailRoute, async (c) => {
  const row = await requireImport(openPrimary(c.env.DB), c.req.valid("param").id);
  return c.json(envelope(importAnswer(row)), 200);
});

imports.openapi(changeRoute, async (c) => {
  const { adjustment, adjusted_as_of } = c.req.valid("json");
  const registry = openPrimary(c.env.DB);
  const row = await requireImport(registry, c.req.valid("param").id);
  if (row.status === "deleting") throw deletingError(row.id);
  const known = adjustment === "raw" ? null : (row.adjustedAsOf ?? adjustedAsOfDefault(adjustment, row.last));
  const adjustedAsOf = adjusted_as_of === undefined ? known : adjusted_as_of;
  const record = await requireSymbol(c.env, row.symbol);
  await changeAdjustment(registry, row, adjustment, adjustedAsOf, auditActorOf(c.var.caller));
  await callRoom<void>(c.env, row.symbol, async (room) =>
    room.adjustImport(instrumentOf(record), row.id, adjustment, secondsOfDay(adjustedAsOf)),
  );
  clearQuotes();
  return c.json(envelope(importAnswer({ ...row, adjustment, adjustedAsOf })), 200);
});

imports.openapi(deleteRoute, async (c) => {
  const registry = openPrimary(c.env.DB);
  const row = await requireImport(registry, c.req.valid("param").id);
  const act = auditActorOf(c.var.caller);
  await markDeleting(registry, row, act);
  const isDone = await continueDeletion(c.env, registry, row, act);
  const ended = { ...row, endedAt: row.status === "deleting" ? row.endedAt : act.at };
  return isDone
    ? c.json(envelope(importAnswer(ended, "deleted")), 200)
    : c.json(envelope(importAnswer(ended, "deleting")), 202);
});
