import type { Scope } from "../../contracts/api-key.ts";

/** What a route asks of its caller: nothing, a key whatever its scopes, or a key with a scope. */
export type Access = "public" | "any-key" | Scope;

/**
 * What every route needs, by method and path as the OpenAPI document has them. Where `ANONYMOUS_ACCESS` is on, callers without
 * a key get what `read` and `stream` allow; a key is held to its own scopes all the same.
 */
const ACCESS: Readonly<Record<string, Access>> = {
  "GET /quotes": "read",
  "GET /quotes/{symbol}": "read",
  "GET /ohlcv/{symbol}": "read",
  "GET /indicators/available": "read",
  "GET /indicators/{symbol}": "read",
  "POST /calculate": "read",
  "GET /symbols": "read",
  "GET /symbols/streaming/available": "read",
  "GET /symbols/{symbol}": "read",
  "GET /symbols/{symbol}/validate": "read",
  "GET /exchanges": "read",
  "GET /exchanges/{code}/calendar": "read",
  "GET /types": "read",
  "GET /metrics": "read",

  "GET /ws": "stream",
  "GET /ws/{symbol}": "stream",
  "GET /stream/{symbol}": "stream",
  "GET /status": "stream",
  "GET /connections": "stream",
  "GET /subscriptions": "stream",
  "POST /tickets": "stream",

  "POST /symbols": "symbols:write",
  "PUT /symbols/{symbol}": "symbols:write",
  "DELETE /symbols/{symbol}": "symbols:write",
  "PUT /symbols/{symbol}/streaming": "symbols:write",

  "POST /broadcast": "admin",
  "GET /admin/keys": "admin",
  "POST /admin/keys": "admin",
  "DELETE /admin/keys/{prefix}": "admin",
  "POST /admin/import": "admin",
  "GET /admin/imports": "admin",
  "GET /admin/imports/{id}": "admin",
  "PATCH /admin/imports/{id}": "admin",
  "DELETE /admin/imports/{id}": "admin",
  "GET /admin/providers": "admin",
  "POST /admin/providers/{provider}/reset": "admin",
  "POST /admin/epochs/renew": "admin",
  "GET /admin/quotes/{symbol}/trace": "admin",
  "GET /admin/quality": "admin",
  "GET /admin/audit": "admin",

  "GET /usage": "any-key",

  "GET /health": "public",
  "GET /health/{service}": "public",
  "GET /ready": "public",
  "GET /openapi.json": "public",
  "GET /asyncapi.json": "public",
  "GET /problems/{code}": "public",
};

/** What a route needs. One that is missing from the table needs most of all. */
export function accessOf(method: string, path: string): Access {
  return Object.hasOwn(ACCESS, `${method} ${path}`) ? ACCESS[`${method} ${path}`] : "admin";
}

/** Whether a caller without a key may have what anonymous access returns, as `ANONYMOUS_ACCESS` in wrangler.toml has it. */
export function isOpenToAnonymous(access: Access, env: Env): boolean {
  return (access === "read" || access === "stream") && env.ANONYMOUS_ACCESS === "on";
}
