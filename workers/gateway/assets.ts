import type { AppContext } from "../service.ts";

/** The page or file at the request's path, or null where there is none. */
export async function serveAsset(c: AppContext): Promise<Response | null> {
  if (c.req.method !== "GET" && c.req.method !== "HEAD") return null;
  const response = await c.env.ASSETS.fetch(new Request(new URL(c.req.path, c.req.url), c.req.raw));
  if (response.status === 404) return null;
  // The binding's own answers cannot be changed; the middleware adds headers to a copy.
  return new Response(response.body, response);
}
