import { allowedOrigin } from "./gateway/origins.ts";
import type { AppContext } from "./service.ts";

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

/** What browsers should know of every answer (OWASP Secure Headers Project). */
const SECURITY = {
  "Content-Security-Policy":
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'",
  "Cross-Origin-Resource-Policy": "cross-origin",
  "Referrer-Policy": "no-referrer",
  "Strict-Transport-Security": "max-age=15552000; includeSubDomains",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
};

/**
 * What the gateway says with every answer: the correlation id, where a key stands with its quotas, and what browsers should know: security
 * headers, and which pages may read it.
 */
export function gatewayHeaders(c: AppContext): Record<string, string> {
  const origin = c.req.header("Origin");
  const allowed = allowedOrigin(origin ?? "", c.env.CORS_ORIGINS);
  const headers: Record<string, string> = {
    ...SECURITY,
    "X-Correlation-ID": c.get("correlationId"),
    ...c.get("quota"),
  };
  if (allowed !== "*") headers.Vary = "Origin";
  if (allowed === null) return headers;
  headers["Access-Control-Allow-Origin"] = allowed;
  // Long, and of use to pages alone.
  if (origin !== undefined) headers["Access-Control-Expose-Headers"] = EXPOSED;
  return headers;
}
