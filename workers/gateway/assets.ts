import { ApiError } from "../../contracts/problem.ts";
import type { AppContext } from "../http/service.ts";

/** How our pages and files are called. Anything odder is not looked for: `//host` would even be another address. */
const ASSET_PATH = /^\/(?:[\w.-]+\/)*[\w.-]*$/;

const ALLOW = "GET, HEAD, OPTIONS";

/**
 * The page or file at the request's path, or null if there is none.
 * @throws ApiError route.method_not_allowed if there is one, and the request is no read
 */
export async function serveAsset(c: AppContext): Promise<Response | null> {
  const { method, path } = c.req;
  if (!ASSET_PATH.test(path)) return null;
  const url = new URL(path, c.req.url);
  const isRead = method === "GET" || method === "HEAD";
  const response = await c.env.ASSETS.fetch(
    isRead ? new Request(url, c.req.raw) : new Request(url, { method: "HEAD" }),
  );
  if (response.status === 404) return null;
  // The binding's own answers cannot be changed; the middleware adds headers to a copy.
  if (isRead) return new Response(response.body, response);
  if (method === "OPTIONS") return new Response(null, { status: 204, headers: { Allow: ALLOW } });
  throw new ApiError("route.method_not_allowed", `${method} is not for this address. It takes ${ALLOW}.`, {
    headers: { Allow: ALLOW },
  });
}
