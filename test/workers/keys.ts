import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { z } from "zod";
import { CreatedApiKeySchema, type NewApiKey } from "../../contracts/api-key.ts";
import { app } from "../../workers/gateway/app.ts";
import { bodyOf, newAddress, ORIGIN, send } from "./client.ts";

const CreatedAnswer = z.object({
  success: z.literal(true),
  data: CreatedApiKeySchema,
  timestamp: z.iso.datetime({ precision: 3 }),
});

/** Makes a key as an administrator. */
export async function createKey(scopes: NewApiKey["scopes"], more: Partial<NewApiKey> = {}) {
  const response = await send("POST", "/admin/keys", { name: "of a test", scopes, ...more });
  return (await bodyOf(response, CreatedAnswer, 201)).data;
}

/** What a request carries that presents a key. */
export const bearer = (key: string): Record<string, string> => ({ Authorization: `Bearer ${key}` });

/** Calls the Worker's app as it is with other bindings, and waits for what it does besides answering. */
export async function callWith(bindings: Partial<Env>, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (!headers.has("CF-Connecting-IP")) headers.set("CF-Connecting-IP", newAddress());
  const context = createExecutionContext();
  const request = new Request(`${ORIGIN}${path}`, { redirect: "manual", ...init, headers });
  const response = await app.fetch(request, { ...env, ...bindings }, context);
  // An event stream goes on for as long as a client reads it.
  if (!response.headers.get("Content-Type")?.startsWith("text/event-stream")) await waitOnExecutionContext(context);
  return response;
}
