import { createMiddleware } from "hono/factory";
import { routePath } from "hono/route";
import { background } from "../../../durable-objects/isolate/long-work.ts";
import { reportWhenDue } from "../../../durable-objects/telemetry/report.ts";
import { isLogged, logInfo } from "../../../observability/log.ts";
import { count, observe } from "../../../observability/metrics/collector.ts";
import { runInSpan, Span } from "../../../observability/span.ts";
import { serverTiming, traceFields } from "../../../observability/trace.ts";
import type { AppContext, AppEnv } from "../../http/service.ts";

/** Requests that no route took: pages, files and what is not there. A path of a caller's invention is no label. */
const UNROUTED = "unrouted";

/** Services by the first part of a route's pattern; the gateway itself serves the rest. */
const SERVICES: ReadonlyMap<string, string> = new Map([
  ["quotes", "market-data"],
  ["ohlcv", "market-data"],
  ["symbols", "symbol-registry"],
  ["exchanges", "symbol-registry"],
  ["types", "symbol-registry"],
  ["indicators", "indicator-engine"],
  ["calculate", "indicator-engine"],
  ["ws", "streaming"],
  ["stream", "streaming"],
  ["status", "streaming"],
  ["connections", "streaming"],
  ["subscriptions", "streaming"],
  ["broadcast", "streaming"],
  ["tickets", "streaming"],
]);

/** The route of chunks of imports, which make way for all others. */
const IMPORTS = "/admin/import";

/** The pattern of the route that answered. */
function routeOf(c: AppContext): string {
  const pattern = routePath(c);
  return pattern.includes("*") ? UNROUTED : pattern;
}

function logRequest(c: AppContext, span: Span, route: string, durationMs: number): void {
  const caller = c.get("caller");
  logInfo("request", {
    service: SERVICES.get(route.split("/")[1]) ?? "gateway",
    method: c.req.method,
    route,
    status: c.res.status,
    duration_ms: durationMs,
    cache: c.res.headers.get("Cache-Status"),
    correlation_id: c.get("correlationId"),
    ...traceFields(span),
    caller: caller?.kind,
    key: caller && "prefix" in caller ? String(caller.prefix) : null,
  });
}

/**
 * Sees every request from its arrival to its answer: continues the caller's trace, counts, times, and writes one line. Neither
 * the address nor its query is in it, for they may hold what is secret; the route's pattern is.
 */
export const observeRequest = createMiddleware<AppEnv>(async function observeRequest(c, next) {
  const begun = Date.now();
  if (c.req.path !== IMPORTS) background.noteRequest();
  const span = new Span("request", c.req.header("traceparent") ?? null);
  await runInSpan(span, next);
  const durationMs = Date.now() - begun;
  const route = routeOf(c);
  const { status } = c.res;
  count("wizdata_requests_total", { method: c.req.method, route, status: String(status) });
  observe("wizdata_request_duration_seconds", { route }, durationMs / 1000);
  // The answer to an upgrade cannot be changed.
  if (status !== 101) c.res.headers.set("Server-Timing", serverTiming(span, durationMs));
  if (isLogged("info")) logRequest(c, span, route, durationMs);
  reportWhenDue(c.env, c.executionCtx);
});
