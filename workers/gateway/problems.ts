import { HTTPException } from "hono/http-exception";
import { routePath } from "hono/route";
import { ApiError } from "../../contracts/problem.ts";
import { redactKeys } from "../../core/api-key.ts";
import { describeJsonFault } from "../../core/json-fault.ts";
import { logError } from "../../observability/log.ts";
import { count } from "../../observability/metrics/collector.ts";
import { asUnreachable } from "../../storage/registry/failures.ts";
import { containsSecret } from "../auth/secrets-in-url.ts";
import type { AppContext } from "../http/service.ts";
import { RoomFailure } from "../rooms/call-room.ts";

/** A problem document (RFC 9457) for the request at hand. It repeats neither keys nor the admin token, wherever they stood. */
function problemResponse(c: AppContext, error: ApiError): Response {
  const { pathname } = new URL(c.req.url);
  const body = {
    ...error.toProblem(),
    instance: containsSecret(pathname, c.env) ? "/" : pathname,
    correlation_id: c.var.correlationId,
  };
  const headers = { "Content-Type": "application/problem+json", "Cache-Control": "no-store", ...error.headers };
  return c.body(redactKeys(JSON.stringify(body)), error.status, headers);
}

/** The problem of a body that is not JSON: where it stops being that. The framework keeps the text that it could not parse. */
async function malformedBodyResponse(c: AppContext): Promise<Response> {
  const fault = describeJsonFault(await c.req.text());
  const errors = [{ in: "body" as const, path: "", message: `must be valid JSON; ${fault}` }];
  return problemResponse(c, new ApiError("request.invalid", `The body is not valid JSON: ${fault}.`, { errors }));
}

/** Turns whatever was thrown into a problem document. What is unexpected is logged once, and no caller sees it. */
export function errorResponse(error: Error, c: AppContext): Response | Promise<Response> {
  if (error instanceof ApiError) return problemResponse(c, error);
  if (error instanceof HTTPException && error.status === 400) {
    return malformedBodyResponse(c);
  }
  if (error instanceof HTTPException && error.status === 415) {
    const detail = "Send the body as JSON, with `Content-Type: application/json`.";
    return problemResponse(c, new ApiError("request.unsupported_media_type", detail));
  }
  if (error instanceof RoomFailure) return problemResponse(c, unavailable(c, "The symbol's room does not answer."));
  const route = routePath(c);
  const unreachable = asUnreachable(error);
  if (unreachable) {
    logError("the registry is out of reach", unreachable, { correlation_id: c.var.correlationId });
    return problemResponse(c, unavailable(c, "The registry of symbols and keys does not answer."));
  }
  count("wizdata_unexpected_errors_total", { route });
  logError("unexpected error", error, { correlation_id: c.var.correlationId, route, method: c.req.method });
  return problemResponse(c, new ApiError("internal", "Something went wrong on our side. It is logged."));
}

/** A write may have been made before what failed: it is not for us to say that it was not. */
function unavailable(c: AppContext, detail: string): ApiError {
  const isRead = c.req.method === "GET" || c.req.method === "HEAD";
  const outcome = isRead ? "Ask again in a moment." : "Whether anything was changed is not known: look, or ask again.";
  return new ApiError("service.unavailable", `${detail} ${outcome}`, { headers: { "Retry-After": "5" } });
}

/** A route as the app has it. */
export interface RegisteredRoute {
  method: string;
  path: string;
}

/** The methods that some route takes at a path. */
export function methodsOf(routes: readonly RegisteredRoute[], path: string): string[] {
  const methods = new Set<string>();
  for (const route of routes) {
    if (route.method === "ALL" || route.path.includes("*")) continue;
    const pattern = route.path.replace(/[.+^$()|[\]\\]/g, "\\$&").replace(/:[A-Za-z_]+/g, "[^/]+");
    if (new RegExp(`^${pattern}$`).test(path)) methods.add(route.method);
  }
  if (methods.has("GET")) methods.add("HEAD");
  if (methods.size > 0) methods.add("OPTIONS");
  return [...methods].sort();
}

/** The problem of a request that no route took: a wrong method, or a wrong address. */
export function unroutedError(routes: readonly RegisteredRoute[], path: string, method: string): ApiError {
  const methods = methodsOf(routes, path);
  if (methods.length > 0) {
    const detail = `${method} is not for this address. It takes ${methods.join(", ")}.`;
    return new ApiError("route.method_not_allowed", detail, { headers: { Allow: methods.join(", ") } });
  }
  return new ApiError("route.not_found", "There is nothing at this address. /docs lists what there is.");
}
