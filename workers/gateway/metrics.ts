import { createRoute, z } from "@hono/zod-openapi";
import type { ProviderStatus } from "../../contracts/admin.ts";
import { NO_QUERY } from "../../contracts/parameters.ts";
import { marketModeOf } from "../../contracts/provider.ts";
import { VERSION } from "../../contracts/version.ts";
import { BREAKER_STATES } from "../../core/scheduling/circuit-breaker.ts";
import { readTelemetry, reportNow } from "../../durable-objects/telemetry/report.ts";
import { logWarning } from "../../observability/log.ts";
import { PROMETHEUS_TYPE, prometheusText } from "../../observability/metrics/prometheus.ts";
import type { Sample } from "../../observability/metrics/series.ts";
import { problemResponses } from "../http/responses.ts";
import { createService } from "../http/service.ts";
import { readAllProviders } from "../rooms/providers.ts";
import { streamSeries } from "../streaming/stream-metrics.ts";

/** Gates that answer later than this (milliseconds) are left out of a scrape. */
const GATES_TIMEOUT_MS = 2_000;

const route = createRoute({
  method: "get",
  path: "/metrics",
  operationId: "getMetrics",
  summary: "What the platform has measured",
  description: "Counters, gauges and histograms in Prometheus's text format. No label names a symbol or a key.",
  tags: ["Operations"],
  request: { query: NO_QUERY },
  responses: {
    200: {
      description: "Prometheus text",
      content: {
        "text/plain": {
          schema: z.string().openapi({
            example:
              "# HELP wizdata_stream_connections Open stream connections.\n# TYPE wizdata_stream_connections gauge\n",
          }),
        },
      },
    },
    ...problemResponses(400, 429),
  },
});

/** How a gate is at the moment. */
export function gateSeries({ provider, families, budget, waiting }: ProviderStatus): Sample[] {
  const breakers = Object.entries(families).flatMap(([family, { breaker }]) =>
    BREAKER_STATES.map((state): Sample => {
      return {
        name: "wizdata_provider_breaker_state",
        labels: [provider, family, state],
        value: state === breaker ? 1 : 0,
      };
    }),
  );
  const budgets = budget.flatMap(({ window, left, limit }): Sample[] => [
    { name: "wizdata_provider_budget_left", labels: [provider, window], value: left },
    { name: "wizdata_provider_budget_limit", labels: [provider, window], value: limit },
  ]);
  return [...breakers, ...budgets, { name: "wizdata_provider_waiting", labels: [provider], value: waiting }];
}

/** The gates' states; a gate that fails or is late must not keep the rest from being read. */
async function readGates(env: Env): Promise<ProviderStatus[]> {
  if (marketModeOf(env) !== "live") return [];
  try {
    return await Promise.race([readAllProviders(env), scheduler.wait(GATES_TIMEOUT_MS).then(() => [])]);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    logWarning("the gates' states could not be read", { cause: error.message });
    return [];
  }
}

/** The route /metrics. */
export const metrics = createService();

metrics.openapi(route, async (c) => {
  const [streams, states] = await Promise.all([streamSeries(c.env), readGates(c.env)]);
  // What this isolate has not yet reported belongs to this scrape, and with it what the streams have just reported.
  await reportNow(c.env);
  const { series, unreachable } = await readTelemetry(c.env);
  const now: Sample[] = [
    { name: "wizdata_build_info", labels: [VERSION, marketModeOf(c.env)], value: 1 },
    { name: "wizdata_telemetry_shards_unreachable", labels: [], value: unreachable },
    ...states.flatMap(gateSeries),
    ...streams,
  ];
  const text = prometheusText([...series, ...now]);
  return c.text(text, 200, { "Content-Type": PROMETHEUS_TYPE, "Cache-Control": "no-store" });
});
