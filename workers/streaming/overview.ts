import { createRoute, z } from "@hono/zod-openapi";
import { NO_QUERY } from "../../contracts/parameters.ts";
import { ConnectionSchema } from "../../contracts/stream.ts";
import { recordIntent } from "../../storage/audit-log.ts";
import { openPrimary } from "../../storage/database.ts";
import { auditActorOf, hasScope } from "../auth/caller.ts";
import { problemResponses } from "../http/responses.ts";
import { createService } from "../http/service.ts";
import { forEachSocketObject } from "./socket-objects.ts";

const common = { tags: ["Streaming"] };

/** Names that an answer lists, of symbols or of connections; its numbers count all of them. */
const MAX_NAMES = 1_000;

const json = <T extends z.ZodRawShape>(description: string, shape: T) => ({
  description,
  content: { "application/json": { schema: z.object({ success: z.literal(true), ...shape }) } },
});

const statusRoute = createRoute({
  ...common,
  method: "get",
  path: "/status",
  operationId: "getStreamStatus",
  summary: "How many streams are open, and for how many symbols",
  request: { query: NO_QUERY },
  responses: {
    200: json("The numbers", {
      status: z.literal("operational"),
      connections: z.number().int(),
      active_subscriptions: z.number().int(),
      subscribed_symbols: z.array(z.string()).openapi({
        description: `At most ${MAX_NAMES} names, sorted; the count is of all of them.`,
        example: ["BTC/USDT", "JSE:NPN"],
      }),
      subscribed_symbol_count: z.number().int(),
      timestamp: z.string(),
    }),
    ...problemResponses(400, 429),
  },
});

const connectionsRoute = createRoute({
  ...common,
  method: "get",
  path: "/connections",
  operationId: "listConnections",
  summary: "The open streams; without the scope admin their number alone",
  request: { query: NO_QUERY },
  responses: {
    200: json("The streams", {
      connections: z.array(ConnectionSchema),
      total_connections: z.number().int(),
      timestamp: z.string(),
    }),
    ...problemResponses(400, 429),
  },
});

const subscriptionsRoute = createRoute({
  ...common,
  method: "get",
  path: "/subscriptions",
  operationId: "listSubscriptions",
  summary: "How many streams carry each symbol",
  request: { query: NO_QUERY },
  responses: {
    200: json("The symbols", {
      subscriptions: z.record(
        z.string(),
        z.object({
          subscriber_count: z.number().int(),
          connection_ids: z.array(z.string()).openapi({
            description: `For the scope admin, at most ${MAX_NAMES}; empty for others.`,
          }),
        }),
      ),
      total_symbols: z.number().int(),
      timestamp: z.string(),
    }),
    ...problemResponses(400, 429),
  },
});

const broadcastRoute = createRoute({
  ...common,
  method: "post",
  path: "/broadcast",
  operationId: "broadcast",
  summary: "Send a message to every open stream",
  request: {
    query: NO_QUERY,
    body: {
      required: true,
      content: { "application/json": { schema: z.strictObject({ message: z.string().min(1).max(2000) }) } },
    },
  },
  responses: {
    200: json("How many streams it was sent to", {
      message: z.string(),
      sent_to: z.number().int(),
      timestamp: z.string(),
    }),
    ...problemResponses(400, 413, 415, 429),
  },
});

const timestamp = (): string => new Date().toISOString();

/** Routes that report all streams, and to all of them. */
export const overview = createService();

overview.openapi(statusRoute, async (c) => {
  const all = await forEachSocketObject(c.env, (holder) => holder.streamStats());
  const sum = (of: (stats: (typeof all)[number]) => number): number =>
    all.reduce((total, stats) => total + of(stats), 0);
  const symbols = new Set(all.flatMap((stats) => Object.keys(stats.symbols)));
  c.header("Cache-Control", "no-store");
  const numbers = {
    connections: sum(({ connections }) => connections),
    active_subscriptions: sum(({ subscriptions }) => subscriptions),
    subscribed_symbols: [...symbols].sort().slice(0, MAX_NAMES),
    subscribed_symbol_count: symbols.size,
  };
  return c.json({ success: true as const, status: "operational" as const, ...numbers, timestamp: timestamp() }, 200);
});

overview.openapi(connectionsRoute, async (c) => {
  const all = (await forEachSocketObject(c.env, (holder) => holder.listConnections())).flat();
  c.header("Cache-Control", "no-store");
  const connections = hasScope(c.var.caller, "admin") ? all : [];
  return c.json({ success: true as const, connections, total_connections: all.length, timestamp: timestamp() }, 200);
});

/** The ids of the connections that carry each symbol, from all objects. */
async function connectionIds(env: Env): Promise<Map<string, string[]>> {
  const ids = new Map<string, string[]>();
  for (const bySymbol of await forEachSocketObject(env, (holder) => holder.listSubscribers(MAX_NAMES))) {
    for (const [symbol, some] of Object.entries(bySymbol)) {
      ids.set(symbol, [...(ids.get(symbol) ?? []), ...some].slice(0, MAX_NAMES));
    }
  }
  return ids;
}

overview.openapi(subscriptionsRoute, async (c) => {
  const all = await forEachSocketObject(c.env, (holder) => holder.streamStats());
  const ids = hasScope(c.var.caller, "admin") ? await connectionIds(c.env) : null;
  const counts = new Map<string, number>();
  for (const [symbol, count] of all.flatMap(({ symbols }) => Object.entries(symbols))) {
    counts.set(symbol, (counts.get(symbol) ?? 0) + count);
  }
  const subscriptions = Object.fromEntries(
    Array.from(counts, ([symbol, count]) => [
      symbol,
      { subscriber_count: count, connection_ids: ids?.get(symbol) ?? [] },
    ]),
  );
  c.header("Cache-Control", "no-store");
  return c.json({ success: true as const, subscriptions, total_symbols: counts.size, timestamp: timestamp() }, 200);
});

overview.openapi(broadcastRoute, async (c) => {
  const { message } = c.req.valid("json");
  await recordIntent(openPrimary(c.env.DB), auditActorOf(c.var.caller), "stream.broadcast", "streams", { message });
  const sent = await forEachSocketObject(c.env, (holder) => holder.broadcast(message));
  const total = sent.reduce((sum, count) => sum + count, 0);
  return c.json({ success: true as const, message, sent_to: total, timestamp: timestamp() }, 200);
});
