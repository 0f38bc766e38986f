import { cors } from "hono/cors";
import { createMiddleware } from "hono/factory";
import type { AppContext, AppEnv } from "../../service.ts";
import { allowedOrigin } from "../origins.ts";

const EXPOSED = [
  "Cache-Status",
  "Deprecation",
  "ETag",
  "Link",
  "Location",
  "RateLimit",
  "RateLimit-Policy",
  "Retry-After",
  "Server-Timing",
  "Sunset",
  "X-Correlation-ID",
  "X-D1-Bookmark",
].join(",");

const CONTENT_POLICY =
  "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'";

/** What browsers should know of every answer (OWASP Secure Headers Project). */
const SECURITY: readonly (readonly [string, string])[] = [
  ["Content-Security-Policy", CONTENT_POLICY],
  ["Cross-Origin-Resource-Policy", "cross-origin"],
  ["Referrer-Policy", "no-referrer"],
  ["Strict-Transport-Security", "max-age=15552000; includeSubDomains"],
  ["X-Content-Type-Options", "nosniff"],
  ["X-Frame-Options", "DENY"],
];

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
    "traceparent",
    "X-API-Key",
    "X-Correlation-ID",
    "X-D1-Bookmark",
  ],
  maxAge: 86_400,
});

function letPagesRead(c: AppContext, headers: Headers): void {
  const origin = c.req.header("Origin");
  const allowed = allowedOrigin(origin ?? "", c.env.CORS_ORIGINS);
  if (allowed !== "*") headers.append("Vary", "Origin");
  if (allowed === null) return;
  headers.set("Access-Control-Allow-Origin", allowed);
  // Long, and of use to pages alone.
  if (origin !== undefined) headers.set("Access-Control-Expose-Headers", EXPOSED);
}

/**
 * Adds to every answer what browsers should know: security headers, and which pages may read it. They are set on the answer that is
 * there, once: an answer that is made anew for each header, as a framework's general middleware must, costs as much as a quote.
 */
export const answerHeaders = createMiddleware<AppEnv>(async function answerHeaders(c, next) {
  if (c.req.method === "OPTIONS") {
    const answered = await preflight(c, next);
    if (answered) c.res = answered;
  } else await next();
  // The answer to an upgrade cannot be changed.
  if (c.res.status === 101) return;
  const { headers } = c.res;
  for (const [name, value] of SECURITY) headers.set(name, value);
  if (headers.get("Content-Type")?.startsWith("text/html")) {
    for (const [name, value] of OF_PAGES) headers.set(name, value);
  }
  if (c.req.method !== "OPTIONS") letPagesRead(c, headers);
});
