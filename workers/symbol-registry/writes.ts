import { createRoute, z } from "@hono/zod-openapi";
import { UNIT_FIELDS } from "../../contracts/candle.ts";
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
import { type Database, openPrimary } from "../../storage/database.ts";
import { type NameOwner, ownersOf } from "../../storage/registry/alias-owners.ts";
import { resolveSymbols } from "../../storage/registry/resolve.ts";
import { changeSymbol, createSymbol, impliedAliases, newRecord } from "../../storage/registry/writes.ts";
import { auditActorOf } from "../auth/caller.ts";
import { envelope, problemResponses } from "../http/responses.ts";
import { type AppContext, createService } from "../http/service.ts";
import { callRoom, RoomFailure } from "../rooms/call-room.ts";
import { runOnce } from "./idempotency.ts";
import { symbolAnswer, withExchange } from "./presentation.ts";
import { clearSymbols, requireRecord } from "./symbol-lookup.ts";

const SymbolWritten = z.object({ success: z.literal(true), data: SymbolSchema, timestamp: z.string() });

/** An added symbol, and the aliases that its form implies but that another symbol has. */
const SymbolCreated = SymbolWritten.extend({
  aliases_left_off: z
    .array(z.object({ alias: z.string(), owner: z.string() }))
    .optional()
    .openapi({
      description: "Usual aliases that were left off, for they belong to another symbol.",
    }),
});

/** The answer that was kept for an `Idempotency-Key`, perhaps by a version whose symbols had fewer members. */
const StoredResponse = SymbolCreated.extend({
  data: SymbolRecordSchema.extend({ listed_on: SymbolRecordSchema.shape.listed_on.default(null) }),
});

const written = (description: string) => ({
  description,
  content: { "application/json": { schema: SymbolWritten } },
});

const createSymbolRoute = createRoute({
  method: "post",
  path: "/symbols",
  operationId: "createSymbol",
  summary: "Add a symbol",
  description:
    "With an `Idempotency-Key`, a request that the same caller repeats gets the first one's answer and adds nothing. Keys of different callers have nothing to do with each other.",
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
    201: {
      description: "Added; `Location` names it",
      content: { "application/json": { schema: SymbolCreated } },
    },
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

async function findRecord(c: AppContext, registry: Database, text: string): Promise<SymbolRecord> {
  return requireRecord(c.env, text, (await resolveSymbols(registry, [text])).get(text));
}

/** Updates every copy of the record: this isolate, and the symbol's room. A room that cannot be reached gets it with the daily job. */
async function propagate(c: AppContext, registry: Database, record: SymbolRecord): Promise<void> {
  clearSymbols();
  try {
    await callRoom<void>(c.env, record.symbol, async (room) => room.keepInstrument(instrumentOf(record)));
  } catch (error) {
    if (!(error instanceof RoomFailure)) throw error;
  }
  const bookmark = registry.bookmark();
  if (bookmark) c.header("X-D1-Bookmark", bookmark);
}

/**
 * Units cannot change under stored numbers.
 * @throws ApiError symbol.has_data
 */
async function checkUnits(env: Env, record: SymbolRecord, changes: SymbolChange): Promise<void> {
  const changed = UNIT_FIELDS.filter((unit) => changes[unit] !== undefined && changes[unit] !== record[unit]);
  if (changed.length === 0) return;
  if (!(await callRoom<boolean>(env, record.symbol, (room) => room.hasPrices()))) return;
  const now = changed.map((unit) => `${unit} is ${record[unit] ?? "null"}`).join(", ");
  throw new ApiError(
    "symbol.has_data",
    `${record.symbol} has quotes or candles whose numbers are in its present units (${now}). Add a symbol of another name with the right units, and retire this one.`,
  );
}

const aliasTaken = ({ name, owner }: NameOwner): ApiError =>
  new ApiError(
    "symbol.alias_taken",
    name === owner
      ? `${name} is a symbol of its own, so it cannot be an alias of another.`
      : `${name} is an alias of ${owner}. Choose another name, or move the alias with PUT /symbols/{symbol} and move_aliases: true.`,
    { extensions: { alias: name, owner } },
  );

/** The first of some names that another symbol has and this one has not, and whose it is. */
async function firstTaken(registry: Database, symbol: string, names: readonly string[]): Promise<NameOwner> {
  const owners = await ownersOf(registry, names);
  const own = new Set(owners.filter(({ owner }) => owner === symbol).map(({ name }) => name));
  const taken = owners.find(({ name }) => !own.has(name));
  if (!taken) throw new Error("a name was taken and is free again");
  return taken;
}

async function changeAndPropagate(
  c: AppContext,
  text: string,
  changes: SymbolChange,
  action: string,
  moveAliases = false,
): Promise<SymbolAnswer> {
  const registry = openPrimary(c.env.DB);
  const before = await findRecord(c, registry, text);
  await checkUnits(c.env, before, changes);
  const { symbol } = before;
  const owners = await ownersOf(registry, changes.aliases ?? []);
  const others = owners.filter(({ owner }) => owner !== symbol);
  // An alias that it shares with others stays shared, unless it is to be moved.
  const isForeign = ({ name, owner }: NameOwner): boolean =>
    name === owner || !(moveAliases || before.aliases.includes(name));
  const taken = others.find(isForeign);
  if (taken) throw aliasTaken(taken);
  const moved = moveAliases ? others : [];
  const isChanged = await changeSymbol(registry, symbol, changes, auditActorOf(c.var.caller), action, moved);
  // Another request has taken an alias in the meantime.
  if (!isChanged) throw aliasTaken(await firstTaken(registry, symbol, changes.aliases ?? []));
  // Changed it is from here on, whatever becomes of reading it.
  clearSymbols();
  const after = await findRecord(c, registry, before.symbol);
  await propagate(c, registry, after);
  return symbolAnswer(after, c.env);
}

symbolWrites.openapi(createSymbolRoute, async (c) => {
  const input = c.req.valid("json");
  const key = c.req.valid("header")["idempotency-key"];
  const registry = openPrimary(c.env.DB);
  const act = auditActorOf(c.var.caller);
  const outcome = await runOnce(registry, act.actor, key, JSON.stringify(input), async (settle) => {
    const { symbol, aliases = [] } = input;
    const implied = impliedAliases(input);
    const owners = new Map(
      (await ownersOf(registry, [symbol, ...aliases, ...implied])).map(({ name, owner }) => [name, owner]),
    );
    if (owners.get(symbol) === symbol) throw symbolExists(symbol);
    for (const name of [symbol, ...aliases]) {
      const owner = owners.get(name);
      if (owner !== undefined) throw aliasTaken({ name, owner });
    }
    const names = [...aliases, ...implied.filter((alias) => !owners.has(alias))];
    const leftOff = implied.flatMap((alias) => {
      const owner = owners.get(alias);
      return owner === undefined ? [] : [{ alias, owner }];
    });
    const record = symbolAnswer(newRecord(input, names, act), c.env);
    const answer = JSON.stringify({
      ...envelope(record),
      ...(leftOff.length > 0 ? { aliases_left_off: leftOff } : {}),
    });
    const creation = await createSymbol(registry, input, names, act, settle(201, answer));
    if (creation === "exists") throw symbolExists(symbol);
    if (creation === "alias_taken") throw aliasTaken(await firstTaken(registry, symbol, [symbol, ...names]));
    return { status: 201, answer };
  });
  const created = StoredResponse.parse(JSON.parse(outcome.answer));
  if (outcome.repeated) c.header("Idempotency-Replayed", "true");
  else await propagate(c, registry, newRecord(input, created.data.aliases, act));
  c.header("Location", `/symbols/${encodeURIComponent(input.symbol)}`);
  return c.json({ ...created, data: withExchange(created.data) }, 201);
});

const symbolExists = (symbol: string): ApiError =>
  new ApiError("symbol.exists", `${symbol} is in the registry already. Change it with PUT /symbols/${symbol}.`);

symbolWrites.openapi(changeRoute, async (c) => {
  const { move_aliases, ...changes } = c.req.valid("json");
  const record = await changeAndPropagate(c, c.req.valid("param").symbol, changes, "symbol.change", move_aliases);
  return c.json(envelope(record), 200);
});

symbolWrites.openapi(retireRoute, async (c) => {
  const record = await changeAndPropagate(c, c.req.valid("param").symbol, { is_active: false }, "symbol.retire");
  return c.json(envelope(record), 200);
});

symbolWrites.openapi(streamingRoute, async (c) => {
  const changes = { streaming_available: c.req.valid("query").available };
  const record = await changeAndPropagate(c, c.req.valid("param").symbol, changes, "symbol.streaming");
  return c.json(envelope(record), 200);
});
