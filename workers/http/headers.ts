import { allowedOrigin } from "../auth/origins.ts";
import type { AppContext } from "./service.ts";

const EXPOSED_HEADERS = [
  "Allow",
  "Cache-Status",
  "Content-Disposition",
  "Deprecation",
  "ETag",
  "Idempotency-Replayed",
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
const SECURITY_HEADERS = {
  "Content-Security-Policy":
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'",
  "Cross-Origin-Resource-Policy": "cross-origin",
  "Referrer-Policy": "no-referrer",
  "Strict-Transport-Security": "max-age=15552000; includeSubDomains",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
};

/** What browsers should know: security headers, and which pages may read the answer. */
function browserHeaders(origin: string | undefined, configured: string): Record<string, string> {
  const allowed = allowedOrigin(origin ?? "", configured);
  // Pages learn which headers they may read, and which origins are allowed; compression depends on what was asked.
  const headers: Record<string, string> = { ...SECURITY_HEADERS, Vary: "Accept-Encoding, Origin" };
  if (allowed === null) return headers;
  headers["Access-Control-Allow-Origin"] = allowed;
  // Long, and of use to pages alone.
  if (origin !== undefined) headers["Access-Control-Expose-Headers"] = EXPOSED_HEADERS;
  return headers;
}

/** What the gateway says with every answer: the correlation id, where a key stands with its quotas, and what browsers should know. */
export function defaultHeaders(c: AppContext): Record<string, string> {
  return {
    ...browserHeaders(c.req.header("Origin"), c.env.CORS_ORIGINS),
    "X-Correlation-ID": c.get("correlationId"),
    ...c.get("quota"),
  };
}

/** What browsers should know of answers to programs, by the configured origins. */
const programHeaders = new Map<string, Headers>();

/** Headers to begin with where what browsers should know is the same for all: copied whole, they cost a small part of what each costs alone. */
function headersForPrograms(configured: string): Headers {
  const cached = programHeaders.get(configured);
  if (cached) return cached;
  const headers = new Headers(browserHeaders(undefined, configured));
  programHeaders.set(configured, headers);
  return headers;
}

/** An answer that carries what the gateway says with every answer, and headers of its own. */
export function withDefaultHeaders(
  c: AppContext,
  body: string | Uint8Array | null,
  status: 200 | 304,
  ownHeaders: Readonly<Record<string, string>>,
): Response {
  c.set("isDressed", true);
  const origin = c.req.header("Origin");
  const { CORS_ORIGINS } = c.env;
  const headers = origin === undefined ? headersForPrograms(CORS_ORIGINS) : browserHeaders(origin, CORS_ORIGINS);
  const response = new Response(body, { status, headers });
  response.headers.set("X-Correlation-ID", c.get("correlationId"));
  for (const [name, value] of Object.entries({ ...c.get("quota"), ...ownHeaders })) response.headers.set(name, value);
  return response;
}
