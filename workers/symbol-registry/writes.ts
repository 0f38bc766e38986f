import { createRoute, z } from "@hono/zod-openapi";
import { flag, NO_QUERY, SymbolPath } from "../../contracts/parameters.ts";
import { ApiError } from "../../contracts/problem.ts";
import {
  instrumentOf,
  NewSymbolSchema,
  type SymbolAnswer,
  type SymbolChange,
  SymbolChangeSchema,
  type SymbolRecord,
  SymbolRecordSchema,
  SymbolSchema,
} from "../../contracts/symbol.ts";
import { type Registry, writeRegistry } from "../../storage/registry/database.ts";
import { resolveSymbols } from "../../storage/registry/resolve.ts";
import { type Act, changeSymbol, createSymbol, newRecord } from "../../storage/registry/writes.ts";
import { envelope, problemResponses } from "../answers.ts";
import { actorOf } from "../caller.ts";
import { callRoom, RoomFailure } from "../room.ts";
import { type AppContext, createService } from "../service.ts";
import { forgetSymbols, recordOf } from "../symbols.ts";
import { runOnce } from "./idempotency.ts";
import { symbolAnswer, withExchange } from "./presentation.ts";

const SymbolWritten = z.object({ success: z.literal(true), data: SymbolSchema, timestamp: z.string() });
/** The answer that was kept for an `Idempotency-Key`, perhaps by a version whose symbols had fewer members. */
const KeptAnswer = SymbolWritten.extend({ data: SymbolRecordSchema });

const written = (description: string) => ({
  description,
  content: { "application/json": { schema: SymbolWritten } },
});

const createSymbolRoute = createRoute({
  method: "post",
  path: "/symbols",
  operationId: "createSymbol",
  summary: "Add a symbol",
  description: "With an `Idempotency-Key`, a request that is repeated gets the first one's answer and adds nothing.",
  tags: ["Symbols"],
  request: {
    query: NO_QUERY,
    headers: z.object({
      "idempotency-key": z
        .string()
        .regex(/^[\x21-\x7e]{1,255}$/, "must be 1 to 255 visible ASCII characters")
        .optional(),
    }),
    body: { required: true, content: { "application/json": { schema: NewSymbolSchema } } },
  },
  responses: {
    201: written("Added; `Location` names it"),
    ...problemResponses(400, 409, 413, 415, 422, 429),
  },
});

const changeRoute = createRoute({
  method: "put",
  path: "/symbols/{symbol}",
  operationId: "changeSymbol",
  summary: "Change what the body names of a symbol",
  tags: ["Symbols"],
  request: {
    params: SymbolPath,
    query: NO_QUERY,
    body: { required: true, content: { "application/json": { schema: SymbolChangeSchema } } },
  },
  responses: { 200: written("Changed"), ...problemResponses(400, 404, 409, 413, 415, 429) },
});

const retireRoute = createRoute({
  method: "delete",
  path: "/symbols/{symbol}",
  operationId: "retireSymbol",
  summary: "Retire a symbol",
  description: "It has no quotes any more; its metadata and history stay readable. PUT with is_active brings it back.",
  tags: ["Symbols"],
  request: { params: SymbolPath, query: NO_QUERY },
  responses: { 200: written("Retired"), ...problemResponses(400, 404, 409, 429) },
});

const streamingRoute = createRoute({
  method: "put",
  path: "/symbols/{symbol}/streaming",
  operationId: "setStreaming",
  summary: "Say whether a symbol can be streamed",
  tags: ["Symbols"],
  request: { params: SymbolPath, query: z.strictObject({ available: flag }) },
  responses: { 200: written("Changed"), ...problemResponses(400, 404, 409, 429) },
});

/** Routes that change symbols. */
export const symbolWrites = createService();

function actOf(c: AppContext): Act {
  return { actor: actorOf(c.var.caller), at: new Date().toISOString() };
}

async function findRecord(c: AppContext, registry: Registry, text: string): Promise<SymbolRecord> {
  return recordOf(c.env, text, (await resolveSymbols(registry, [text])).get(text));
}

/** Tells everyone who keeps a copy: this isolate, and the symbol's room. A room that does not listen is told again daily. */
async function spread(c: AppContext, registry: Registry, record: SymbolRecord): Promise<void> {
  forgetSymbols();
  try {
    await callRoom<void>(c.env, record.symbol, async (room) => room.keepInstrument(instrumentOf(record)));
  } catch (error) {
    if (!(error instanceof RoomFailure)) throw error;
  }
  const bookmark = registry.bookmark();
  if (bookmark) c.header("X-D1-Bookmark", bookmark);
}

async function change(c: AppContext, text: string, changes: SymbolChange, action: string): Promise<SymbolAnswer> {
  const registry = writeRegistry(c.env.DB);
  const before = await findRecord(c, registry, text);
  await changeSymbol(registry, before.symbol, changes, actOf(c), action);
  const after = await findRecord(c, registry, before.symbol);
  await spread(c, registry, after);
  return symbolAnswer(after, c.env);
}

symbolWrites.openapi(createSymbolRoute, async (c) => {
  const input = c.req.valid("json");
  const key = c.req.valid("header")["idempotency-key"];
  const registry = writeRegistry(c.env.DB);
  const act = actOf(c);
  const record = newRecord(input, act);
  const answer = JSON.stringify(envelope(symbolAnswer(record, c.env)));
  const outcome = await runOnce(registry, key, JSON.stringify(input), async (settle) => {
    const existing = (await resolveSymbols(registry, [input.symbol])).get(input.symbol);
    if (existing?.kind === "found" && existing.record.symbol === input.symbol) throw alreadyThere(input.symbol);
    const added = await createSymbol(registry, input, act, settle(201, answer));
    if (!added) throw alreadyThere(input.symbol);
    return { status: 201, answer };
  });
  if (outcome.repeated) c.header("Idempotency-Replayed", "true");
  else await spread(c, registry, record);
  c.header("Location", `/symbols/${encodeURIComponent(input.symbol)}`);
  const kept = KeptAnswer.parse(JSON.parse(outcome.answer));
  return c.json({ ...kept, data: withExchange(kept.data) }, 201);
});

const alreadyThere = (symbol: string): ApiError =>
  new ApiError("symbol.exists", `${symbol} is in the registry already. Change it with PUT /symbols/${symbol}.`);

symbolWrites.openapi(changeRoute, async (c) => {
  const record = await change(c, c.req.valid("param").symbol, c.req.valid("json"), "symbol.change");
  return c.json(envelope(record), 200);
});

symbolWrites.openapi(retireRoute, async (c) => {
  const record = await change(c, c.req.valid("param").symbol, { is_active: false }, "symbol.retire");
  return c.json(envelope(record), 200);
});

symbolWrites.openapi(streamingRoute, async (c) => {
  const changes = { streaming_available: c.req.valid("query").available };
  const record = await change(c, c.req.valid("param").symbol, changes, "symbol.streaming");
  return c.json(envelope(record), 200);
});
