import type { AppContext } from "../service.ts";

/** How our pages and files are called. Anything odder is not looked for: `//host` would even be another address. */
const ASSET_PATH = /^\/(?:[\w.-]+\/)*[\w.-]*$/;

/** The page or file at the request's path, or null where there is none. */
export async function serveAsset(c: AppContext): Promise<Response | null> {
  if (c.req.method !== "GET" && c.req.method !== "HEAD") return null;
  if (!ASSET_PATH.test(c.req.path)) return null;
  const response = await c.env.ASSETS.fetch(new Request(new URL(c.req.path, c.req.url), c.req.raw));
  if (response.status === 404) return null;
  // The binding's own answers cannot be changed; the middleware adds headers to a copy.
  return new Response(response.body, response);
}
