import { createRoute, z } from "@hono/zod-openapi";
import { AuditEntrySchema, ProviderStatusSchema, QualityDecisionSchema, TraceSchema } from "../../contracts/admin.ts";
import { NO_QUERY, SymbolPath, wholeNumber } from "../../contracts/parameters.ts";
import { ApiError } from "../../contracts/problem.ts";
import { ENDPOINT_GROUPS } from "../../contracts/provider.ts";
import { instrumentOf } from "../../contracts/symbol.ts";
import { marketOf } from "../../core/market-calendar/markets.ts";
import { quoteAt } from "../../core/quotes/quote-at.ts";
import type { GateStatus } from "../../durable-objects/provider-gate/status.ts";
import type { Trace } from "../../durable-objects/symbol-room/symbol-room.ts";
import { isUpstream, UPSTREAMS } from "../../providers/catalogue.ts";
import { freshnessPolicyOf } from "../../providers/freshness-policy.ts";
import { listAudit, recordIntent } from "../../storage/audit-log.ts";
import { openPrimary, openReplica } from "../../storage/database.ts";
import { listDecisions } from "../../storage/quality-log.ts";
import { auditActorOf } from "../auth/caller.ts";
import { envelope, problemResponses } from "../http/responses.ts";
import { createService } from "../http/service.ts";
import { callRoom } from "../rooms/call-room.ts";
import { providerStatus, readAllProviders } from "../rooms/providers.ts";
import { requireSymbol } from "../symbol-registry/symbol-lookup.ts";

const common = { tags: ["Administration"] };

const jsonResponses = <T extends z.ZodType>(description: string, data: T) => ({
  description,
  content: {
    "application/json": { schema: z.object({ success: z.literal(true), data, timestamp: z.string() }) },
  },
});

const providersRoute = createRoute({
  ...common,
  method: "get",
  path: "/admin/providers",
  operationId: "listProviders",
  summary: "How every upstream fares: breakers, budgets, blocks",
  request: { query: NO_QUERY },
  responses: {
    200: jsonResponses("The gates' states", z.array(ProviderStatusSchema)),
    ...problemResponses(400, 429),
  },
});

const resetRoute = createRoute({
  ...common,
  method: "post",
  path: "/admin/providers/{provider}/reset",
  operationId: "resetBreaker",
  summary: "Close a breaker and forget what blocks an upstream",
  request: {
    params: z.object({
      provider: z
        .string()
        .openapi({ param: { name: "provider", in: "path" }, enum: [...UPSTREAMS], example: "binance" }),
    }),
    query: z.strictObject({
      family: z.enum(ENDPOINT_GROUPS, `must be one of ${ENDPOINT_GROUPS.join(", ")}`).default("quotes"),
    }),
  },
  responses: {
    200: jsonResponses("The gate's state after it", ProviderStatusSchema),
    ...problemResponses(400, 404, 429),
  },
});

const traceRoute = createRoute({
  ...common,
  method: "get",
  path: "/admin/quotes/{symbol}/trace",
  operationId: "traceQuote",
  summary: "Who was asked for a symbol's quote last, and what came of it",
  request: { params: SymbolPath, query: NO_QUERY },
  responses: { 200: jsonResponses("The trace", TraceSchema), ...problemResponses(400, 404, 409, 429) },
});

const limit = wholeNumber(1, 1000).default(100);

const qualityRoute = createRoute({
  ...common,
  method: "get",
  path: "/admin/quality",
  operationId: "listQualityDecisions",
  summary: "What data-quality checks doubted, the latest first",
  request: { query: z.strictObject({ symbol: z.string().min(1).max(64).optional(), limit }) },
  responses: {
    200: jsonResponses(
      "The decisions, and how many there are by check",
      z.object({ decisions: z.array(QualityDecisionSchema), counts: z.record(z.string(), z.number().int()) }),
    ),
    ...problemResponses(400, 404, 409, 429),
  },
});

const auditRoute = createRoute({
  ...common,
  method: "get",
  path: "/admin/audit",
  operationId: "listAudit",
  summary: "Who changed what, the latest first",
  request: { query: z.strictObject({ limit, before: wholeNumber(1, 1e15).optional() }) },
  responses: { 200: jsonResponses("The entries", z.array(AuditEntrySchema)), ...problemResponses(400, 429) },
});

/** Routes for those who look after the platform. */
export const operations = createService();

operations.openapi(providersRoute, async (c) => c.json(envelope(await readAllProviders(c.env)), 200));

operations.openapi(resetRoute, async (c) => {
  const { provider } = c.req.valid("param");
  if (!isUpstream(provider)) {
    throw new ApiError("route.not_found", `There is no such provider. The providers are ${UPSTREAMS.join(", ")}.`);
  }
  const { family } = c.req.valid("query");
  await recordIntent(openPrimary(c.env.DB), auditActorOf(c.var.caller), "provider.reset", provider, { family });
  const status: GateStatus = await c.env.PROVIDER_GATE.getByName(provider).resetBreaker(family);
  return c.json(envelope(providerStatus(status)), 200);
});

operations.openapi(traceRoute, async (c) => {
  const record = await requireSymbol(c.env, c.req.valid("param").symbol);
  const trace = await callRoom<Trace>(c.env, record.symbol, (room) => room.quoteTrace(instrumentOf(record)));
  const { latest, sources, attempts } = trace;
  const market = marketOf(record.primary_exchange);
  const quote = latest && quoteAt(latest, freshnessPolicyOf(latest.provider), market, Date.now() / 1000);
  return c.json(envelope({ symbol: record.symbol, sources, latest: quote, attempts }), 200);
});

operations.openapi(qualityRoute, async (c) => {
  const query = c.req.valid("query");
  const symbol = query.symbol === undefined ? undefined : (await requireSymbol(c.env, query.symbol)).symbol;
  return c.json(envelope(await listDecisions(openReplica(c.env.DB), { symbol, limit: query.limit })), 200);
});

operations.openapi(auditRoute, async (c) => {
  const entries = await listAudit(openReplica(c.env.DB), c.req.valid("query"));
  return c.json(envelope(entries), 200);
});
