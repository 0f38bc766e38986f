import { createMiddleware } from "hono/factory";
import type { AppEnv } from "../../service.ts";

/** Addresses that will go, and when. */
export interface Deprecation {
  /** Of an address as it was asked for. */
  prefix: string;
  /** Since when it is deprecated, ISO-8601. */
  since: string;
  /** When it goes, ISO-8601. */
  sunset: string;
}

/** What is deprecated today; docs/versioning.md says how an entry comes here and leaves. */
export const DEPRECATIONS: readonly Deprecation[] = [
  // The earlier platform's gateway prefixes: the same routes stand at / and at /v1.
  { prefix: "/api/", since: "2026-11-22T00:00:00Z", sunset: "2028-01-01T00:00:00Z" },
];

const PAGE = '</docs>; rel="deprecation"; type="text/html"';

/** Marks answers of deprecated addresses with `Deprecation` (RFC 9745), `Sunset` (RFC 8594) and where to read of it. */
export const deprecations = (table: readonly Deprecation[]) => {
  const marked = table.map(({ prefix, since, sunset }) => ({
    prefix,
    deprecation: `@${Date.parse(since) / 1000}`,
    sunset: new Date(sunset).toUTCString(),
  }));
  return createMiddleware<AppEnv>(async function deprecation(c, next) {
    await next();
    const url = c.req.raw.url;
    const path = url.slice(url.indexOf("/", url.indexOf("//") + 2));
    const found = marked.find(({ prefix }) => path.startsWith(prefix));
    // The answer to an upgrade cannot be changed.
    if (!found || c.res.status === 101) return;
    c.res.headers.set("Deprecation", found.deprecation);
    c.res.headers.set("Sunset", found.sunset);
    c.res.headers.append("Link", PAGE);
  });
};
