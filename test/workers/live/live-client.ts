import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { app } from "../../../workers/gateway/app.ts";
import { ADMIN, newAddress, ORIGIN } from "../client.ts";

/** The Worker's environment in live mode; rooms have their own. */
export const LIVE: Env = { ...env, MARKET_MODE: "live" };

/** Calls the Worker in live mode as an administrator, past all caches; what it does after its answer is done when this resolves. */
export async function callLive(path: string, init: RequestInit = {}): Promise<Response> {
  const context = createExecutionContext();
  const headers = new Headers({ ...ADMIN, "Cache-Control": "no-cache", "CF-Connecting-IP": newAddress() });
  for (const [name, value] of new Headers(init.headers)) headers.set(name, value);
  const response = await app.fetch(new Request(`${ORIGIN}${path}`, { ...init, headers }), LIVE, context);
  await waitOnExecutionContext(context);
  return response;
}

/** The body of a successful answer. */
export async function readLive(path: string, init: RequestInit = {}): Promise<unknown> {
  const response = await callLive(path, init);
  const text = await response.text();
  expect(response.status, text.slice(0, 500)).toBe(200);
  return JSON.parse(text);
}
