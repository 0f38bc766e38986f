import type { Next } from "hono";
import { cors } from "hono/cors";
import { createMiddleware } from "hono/factory";
import { allowedOrigin } from "../../auth/origins.ts";
import { defaultHeaders } from "../../http/headers.ts";
import type { AppContext, AppEnv } from "../../http/service.ts";
import { methodsOf, type RegisteredRoute } from "../problems.ts";
import { correlationIdOf } from "./correlation-id.ts";

/** What pages need beside; data is no page. */
const PAGE_HEADERS: readonly (readonly [string, string])[] = [
  ["Cross-Origin-Opener-Policy", "same-origin"],
  ["Origin-Agent-Cluster", "?1"],
  ["X-DNS-Prefetch-Control", "off"],
  ["X-Permitted-Cross-Domain-Policies", "none"],
  ["X-XSS-Protection", "0"],
];

const preflight = cors({
  origin: (origin, c) => allowedOrigin(origin, c.env.CORS_ORIGINS),
  allowMethods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
  allowHeaders: [
    "Authorization",
    "Cache-Control",
    "Content-Type",
    "Idempotency-Key",
    "If-None-Match",
    "Last-Event-ID",
    "traceparent",
    "X-API-Key",
    "X-Correlation-ID",
    "X-D1-Bookmark",
  ],
  maxAge: 86_400,
});

/** Adds names to what an answer says that it depends on. */
function addVary(headers: Headers, names: string): void {
  const all = `${headers.get("Vary") ?? ""},${names}`.split(",").map((name) => name.trim());
  headers.set("Vary", [...new Set(all.filter((name) => name !== ""))].join(", "));
}

/** Answers a preflight, and a plain OPTIONS of an address that there is, with the methods that the address takes. */
async function optionsResponse(c: AppContext, next: Next, routes: readonly RegisteredRoute[]): Promise<void> {
  const methods = methodsOf(routes, c.req.path);
  if (methods.length === 0 && c.req.header("Access-Control-Request-Method") === undefined) return next();
  const answered = await preflight(c, next);
  if (answered) c.res = answered;
  if (methods.length > 0) c.res.headers.set("Allow", methods.join(", "));
}

/**
 * Adds to every answer what the gateway says with it, unless it was made with it. It is set on the answer that is there, once: an answer
 * that is made again for each header, as a framework's general middleware must, costs as much as a quote.
 */
export const responseHeaders = (routes: () => readonly RegisteredRoute[]) =>
  createMiddleware<AppEnv>(async function answerHeaders(c, next) {
    c.set("correlationId", correlationIdOf(c.req.header("X-Correlation-ID")));
    if (c.req.method === "OPTIONS") await optionsResponse(c, next, routes());
    else await next();
    // The answer to an upgrade cannot be changed: the object that takes the socket in names the correlation id on it.
    if (c.get("isDressed") || c.res.status === 101) return;
    const { headers } = c.res;
    if (headers.get("Content-Type")?.startsWith("text/html")) {
      for (const [name, value] of PAGE_HEADERS) headers.set(name, value);
    }
    for (const [name, value] of Object.entries(defaultHeaders(c))) {
      if (name === "Vary") addVary(headers, value);
      else if (c.req.method !== "OPTIONS" || !name.startsWith("Access-Control-")) headers.set(name, value);
    }
    // What says nothing of caches is an answer to this caller, now.
    if (c.req.method !== "OPTIONS" && !headers.has("Cache-Control")) headers.set("Cache-Control", "no-store");
  });
