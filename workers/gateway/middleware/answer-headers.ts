import { cors } from "hono/cors";
import { createMiddleware } from "hono/factory";
import { gatewayHeaders } from "../../gateway-headers.ts";
import type { AppEnv } from "../../service.ts";
import { allowedOrigin } from "../origins.ts";
import { correlationIdOf } from "./correlation-id.ts";

/** What pages need beside; data is no page. */
const OF_PAGES: readonly (readonly [string, string])[] = [
  ["Cross-Origin-Opener-Policy", "same-origin"],
  ["Origin-Agent-Cluster", "?1"],
  ["X-DNS-Prefetch-Control", "off"],
  ["X-Permitted-Cross-Domain-Policies", "none"],
  ["X-XSS-Protection", "0"],
];

const preflight = cors({
  origin: (origin, c) => allowedOrigin(origin, c.env.CORS_ORIGINS),
  allowMethods: ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"],
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

function vary(headers: Headers, name: string): void {
  const named = headers.get("Vary")?.split(",") ?? [];
  if (!named.some((each) => each.trim() === name)) headers.append("Vary", name);
}

/**
 * Adds to every answer what the gateway says with it, unless it was made with it. It is set on the answer that is there, once: an answer
 * that is made anew for each header, as a framework's general middleware must, costs as much as a quote.
 */
export const answerHeaders = createMiddleware<AppEnv>(async function answerHeaders(c, next) {
  c.set("correlationId", correlationIdOf(c.req.header("X-Correlation-ID")));
  if (c.req.method === "OPTIONS") {
    const answered = await preflight(c, next);
    if (answered) c.res = answered;
  } else await next();
  // The answer to an upgrade cannot be changed: the object that takes the socket in names the correlation id on it.
  if (c.get("isDressed") || c.res.status === 101) return;
  const { headers } = c.res;
  if (headers.get("Content-Type")?.startsWith("text/html")) {
    for (const [name, value] of OF_PAGES) headers.set(name, value);
  }
  for (const [name, value] of Object.entries(gatewayHeaders(c))) {
    if (name === "Vary") vary(headers, value);
    else if (c.req.method !== "OPTIONS" || !name.startsWith("Access-Control-")) headers.set(name, value);
  }
});
