import { matchedRoutes } from "hono/route";
import { ApiError } from "../../../contracts/problem.ts";
import { accessOf, isOpenToAnonymous } from "../../auth/access.ts";
import { hasScope } from "../../auth/caller.ts";
import { CHALLENGE } from "../../auth/challenge.ts";
import type { AppContext } from "../../http/service.ts";

/** What each registered route needs, by method and path as the router has them. */
const accessByRoute = new Map<string, ReturnType<typeof accessOf>>();

/** What the route that is going to answer needs; null where none is, and a page or a 404 is the answer. */
function accessOfRequest(c: AppContext) {
  const route = matchedRoutes(c).find(({ method }) => method !== "ALL");
  if (!route) return null;
  const name = `${route.method} ${route.path}`;
  const cached = accessByRoute.get(name);
  if (cached) return cached;
  const access = accessOf(route.method, route.path.replace(/:(\w+)/g, "{$1}"));
  accessByRoute.set(name, access);
  return access;
}

/** Lets a caller pass to the routes that it may use. */
export function requireAccess(c: AppContext): void {
  const access = accessOfRequest(c);
  const caller = c.get("caller");
  if (access === null || access === "public") return;
  if (caller.kind === "anonymous") {
    if (isOpenToAnonymous(access, c.env)) return;
    const which = access === "any-key" ? "a key" : `a key with the scope "${access}"`;
    const detail = `This route needs ${which}: send it as \`Authorization: Bearer <key>\` or \`X-API-Key: <key>\`.`;
    throw new ApiError("auth.missing", detail, { headers: CHALLENGE });
  }
  if (access !== "any-key" && !hasScope(caller, access)) {
    throw new ApiError("auth.forbidden", `This route needs the scope "${access}", which your key does not have.`);
  }
}
