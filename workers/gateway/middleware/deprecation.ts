import type { Next } from "hono";
import { createMiddleware } from "hono/factory";
import type { AppContext, AppEnv } from "../../http/service.ts";
import { EARLIER_PREFIX } from "../path.ts";

/** Addresses that have a successor, or that will go. */
export interface Deprecation {
  /** The beginning of the path, as it was asked for. */
  beginning: RegExp;
  /** What replaces it in the successor's path. */
  successor: string;
  /** Since when it is deprecated, ISO-8601. */
  since: string;
  /** When it goes, ISO-8601; null where it stays as long as its successor does. */
  sunset: string | null;
}

/** What is deprecated today; docs/versioning.md says how an entry comes here and leaves. */
export const DEPRECATIONS: readonly Deprecation[] = [
  // Clients of the earlier platform find their routes where they were; newcomers are better off at /v1.
  { beginning: EARLIER_PREFIX, successor: "/v1", since: "2026-11-22T00:00:00Z", sunset: null },
];

/** A deprecation as its headers have it. */
interface DeprecationHeaders {
  beginning: RegExp;
  successor: string;
  deprecation: string;
  sunset: string | null;
}

const PAGE = '</docs>; rel="deprecation"; type="text/html"';

async function addHeaders(c: AppContext, next: Next, found: DeprecationHeaders, path: string): Promise<void> {
  await next();
  // The answer to an upgrade cannot be changed.
  if (c.res.status === 101) return;
  const { headers } = c.res;
  headers.set("Deprecation", found.deprecation);
  if (found.sunset !== null) headers.set("Sunset", found.sunset);
  headers.append("Link", `<${path.replace(found.beginning, found.successor)}>; rel="successor-version"`);
  headers.append("Link", PAGE);
}

/**
 * Marks answers of deprecated addresses with `Deprecation` (RFC 9745), a link to the successor (RFC 5829), where to read of it, and,
 * where they will go, `Sunset` (RFC 8594).
 */
export const deprecations = (table: readonly Deprecation[]) => {
  const entries: DeprecationHeaders[] = table.map(({ beginning, successor, since, sunset }) => ({
    beginning,
    successor,
    deprecation: `@${Date.parse(since) / 1000}`,
    sunset: sunset === null ? null : new Date(sunset).toUTCString(),
  }));
  return createMiddleware<AppEnv>(function deprecation(c, next) {
    const { url } = c.req;
    const end = url.indexOf("?");
    const path = url.slice(url.indexOf("/", url.indexOf("//") + 2), end === -1 ? undefined : end);
    const found = entries.find(({ beginning }) => beginning.test(path));
    return found ? addHeaders(c, next, found, path) : next();
  });
};
