import { createRoute, z } from "@hono/zod-openapi";
import { flag, NO_QUERY, SymbolPath, wholeNumber } from "../../contracts/parameters.ts";
import {
  AssetTypeSchema,
  EXCHANGE_CODES,
  instrumentOf,
  SymbolDetailSchema,
  type SymbolRecord,
  SymbolSchema,
} from "../../contracts/symbol.ts";
import { ASSET_TYPES } from "../../core/symbol.ts";
import type { Availability } from "../../durable-objects/symbol-room/symbol-room.ts";
import { openReplica } from "../../storage/database.ts";
import { resolveSymbols } from "../../storage/registry/resolve.ts";
import { listSymbols, type SymbolFilters, type SymbolPage, searchSymbols } from "../../storage/registry/search.ts";
import { suggestSymbols } from "../../storage/registry/suggestions.ts";
import { cursorError, formatCursor, parseCursor } from "../http/cursor.ts";
import { jsonResponse, problemResponses } from "../http/responses.ts";
import { type AppContext, createService } from "../http/service.ts";
import { callRoom, RoomFailure } from "../rooms/call-room.ts";
import { availabilityAnswer, sessionAnswer, symbolAnswer } from "./presentation.ts";
import { cachedPage, requireRecord } from "./symbol-lookup.ts";

const text = z.string().trim().min(1, "must not be empty").max(100, "must be at most 100 characters");

const filters = {
  type: AssetTypeSchema.optional().openapi({ type: "string", enum: [...ASSET_TYPES] }),
  exchange: z
    .string()
    .transform((code) => code.toUpperCase())
    .pipe(z.enum(EXCHANGE_CODES, `must be one of ${EXCHANGE_CODES.join(", ")}`))
    .optional()
    .openapi({ type: "string", enum: [...EXCHANGE_CODES] }),
  sector: text.optional().openapi({ example: "Financials" }),
  country: text.optional().openapi({ example: "ZA" }),
  currency: text.optional().openapi({ example: "ZAR" }),
  limit: wholeNumber(1, 1000).default(100),
  cursor: z.string().optional().openapi({ description: "Of an earlier page; the other parameters stay as they were." }),
};

const ListQuery = z.strictObject({
  ...filters,
  streaming: flag.optional().openapi({ type: "boolean" }),
  search: text.optional().openapi({ description: "A symbol, an alias or words of a name.", example: "naspers" }),
});

const listed = {
  200: {
    description: 'Symbols; `next_cursor` and `Link: rel="next"` lead on',
    content: {
      "application/json": {
        schema: z
          .object({
            success: z.literal(true),
            data: z.array(SymbolSchema),
            count: z.number().int(),
            next_cursor: z.string().nullable(),
            timestamp: z.string(),
          })
          .openapi("SymbolsAnswer"),
      },
    },
  },
  304: { description: "Nothing has changed since the entity tag in If-None-Match" },
  ...problemResponses(400, 429),
};

const listRoute = createRoute({
  method: "get",
  path: "/symbols",
  operationId: "listSymbols",
  summary: "Symbols of the registry",
  description: "Filters combine. `search` ranks the exact symbol first, then prefixes, then words of the name.",
  tags: ["Symbols"],
  request: { query: ListQuery },
  responses: listed,
});

const streamableRoute = createRoute({
  method: "get",
  path: "/symbols/streaming/available",
  operationId: "listStreamableSymbols",
  summary: "Symbols that can be streamed",
  tags: ["Symbols"],
  request: { query: z.strictObject(filters) },
  responses: listed,
});

const detailRoute = createRoute({
  method: "get",
  path: "/symbols/{symbol}",
  operationId: "getSymbol",
  summary: "A symbol, its market's session and what is known of it",
  tags: ["Symbols"],
  request: { params: SymbolPath, query: NO_QUERY },
  responses: {
    200: {
      description: "The symbol",
      content: {
        "application/json": {
          schema: z
            .object({ success: z.literal(true), data: SymbolDetailSchema, timestamp: z.string() })
            .openapi("SymbolAnswer"),
        },
      },
    },
    304: { description: "Nothing has changed since the entity tag in If-None-Match" },
    ...problemResponses(400, 404, 409, 429),
  },
});

const validateRoute = createRoute({
  method: "get",
  path: "/symbols/{symbol}/validate",
  operationId: "validateSymbol",
  summary: "Whether a text is a symbol or an alias of one",
  tags: ["Symbols"],
  request: { params: SymbolPath, query: NO_QUERY },
  responses: {
    200: {
      description: "The verdict; 200 either way",
      content: {
        "application/json": {
          schema: z
            .object({
              success: z.literal(true),
              data: z.object({
                valid: z.boolean(),
                canonical: z.string().nullable(),
                reason: z.string().nullable(),
                suggestions: z.array(z.string()),
              }),
              timestamp: z.string(),
            })
            .openapi("ValidationAnswer"),
        },
      },
    },
    304: { description: "Nothing has changed since the entity tag in If-None-Match" },
    ...problemResponses(400, 429),
  },
});

/** Routes that read symbols. */
export const symbols = createService();

const bookmarkHeader = (c: AppContext): string | undefined => c.req.header("X-D1-Bookmark");

const Position = z.union([
  z.strictObject({ after: z.string().max(64) }),
  z.strictObject({ offset: z.number().int().nonnegative().max(1_000_000) }),
]);

interface ListRequest extends SymbolFilters {
  search?: string;
  limit: number;
  cursor?: string;
}

async function listResponse(c: AppContext, query: ListRequest): Promise<Response> {
  const position = query.cursor === undefined ? null : parseCursor(query.cursor, Position);
  if (position && "offset" in position !== (query.search !== undefined)) {
    throw cursorError("belongs to a different query; keep search as it was");
  }
  const bookmark = bookmarkHeader(c);
  const registry = openReplica(c.env.DB, bookmark);
  const offset = position && "offset" in position ? position.offset : 0;
  const after = position && "after" in position ? position.after : undefined;
  const bypassesCache = bookmark !== undefined || /\bno-cache\b/i.test(c.req.header("Cache-Control") ?? "");
  const found = await cachedPage(bypassesCache ? null : JSON.stringify(query), () =>
    query.search === undefined
      ? listSymbols(registry, { ...query, after })
      : searchSymbols(registry, { ...query, search: query.search, offset }),
  );
  const cursor = nextCursor(found, query.search === undefined ? null : offset);
  const data = found.records.map((record) => symbolAnswer(record, c.env));
  const headers = cursor === null ? undefined : { Link: nextLink(c, cursor) };
  return jsonResponse(c, data, { next_cursor: cursor }, { maxAge: 5, headers });
}

/** @param offset how many finds came before the page; null for a list, whose pages begin after a symbol */
function nextCursor(page: SymbolPage, offset: number | null): string | null {
  const last = page.records.at(-1);
  if (!page.more || !last) return null;
  return formatCursor(offset === null ? { after: last.symbol } : { offset: offset + page.records.length });
}

function nextLink(c: AppContext, cursor: string): string {
  const url = new URL(c.req.url);
  url.searchParams.set("cursor", cursor);
  return `<${url.pathname}${url.search}>; rel="next"`;
}

symbols.openapi(listRoute, (c) => listResponse(c, c.req.valid("query")));

symbols.openapi(streamableRoute, (c) => listResponse(c, { ...c.req.valid("query"), streaming: true }));

symbols.openapi(detailRoute, async (c) => {
  const asked = c.req.valid("param").symbol;
  const meaning = (await resolveSymbols(openReplica(c.env.DB, bookmarkHeader(c)), [asked])).get(asked);
  const record = await requireRecord(c.env, asked, meaning);
  const availability = await availabilityOf(c.env, record);
  const data = {
    ...symbolAnswer(record, c.env),
    session: sessionAnswer(record, Date.now() / 1000),
    availability: await availabilityAnswer(record, availability, c.env),
  };
  return jsonResponse(c, data, {}, { maxAge: 1 });
});

/** What a symbol's room can serve; where the room fails, nothing is known of it. */
async function availabilityOf(env: Env, record: SymbolRecord): Promise<Availability> {
  try {
    return await callRoom<Availability>(env, record.symbol, (room) => room.availability(instrumentOf(record)));
  } catch (error) {
    if (!(error instanceof RoomFailure)) throw error;
    return { lastQuoteAt: null, intervals: {} };
  }
}

symbols.openapi(validateRoute, async (c) => {
  const asked = c.req.valid("param").symbol;
  const registry = openReplica(c.env.DB, bookmarkHeader(c));
  const meaning = (await resolveSymbols(registry, [asked])).get(asked);
  if (meaning?.kind === "found") {
    const { symbol, is_active } = meaning.record;
    const reason = is_active ? null : "The symbol is retired; its history stays readable.";
    return jsonResponse(c, { valid: is_active, canonical: symbol, reason, suggestions: [] }, {}, { maxAge: 5 });
  }
  const ambiguous = meaning?.kind === "ambiguous";
  const suggestions = ambiguous ? meaning.candidates : await suggestSymbols(registry, asked);
  const reason = ambiguous ? "The alias is ambiguous." : "Neither a symbol nor an alias of the registry.";
  return jsonResponse(c, { valid: false, canonical: null, reason, suggestions }, {}, { maxAge: 5 });
});
