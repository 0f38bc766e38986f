import { createRoute, z } from "@hono/zod-openapi";
import { ApiKeySchema, CreatedApiKeySchema, NewApiKeySchema } from "../../contracts/api-key.ts";
import { NO_QUERY } from "../../contracts/parameters.ts";
import { ApiError } from "../../contracts/problem.ts";
import { createKey, listKeys, revokeKey } from "../../storage/api-keys.ts";
import { openPrimary, openReplica } from "../../storage/database.ts";
import { clearKeys } from "../auth/api-keys.ts";
import { auditActorOf } from "../auth/caller.ts";
import { envelope, problemResponses } from "../http/responses.ts";
import { createService } from "../http/service.ts";
import { closeSocketsOfKey } from "../streaming/close-sockets.ts";

const shared = { tags: ["Administration"] };

const jsonResponses = <T extends z.ZodType>(description: string, data: T) => ({
  description,
  content: {
    "application/json": { schema: z.object({ success: z.literal(true), data, timestamp: z.string() }) },
  },
});

const createKeyRoute = createRoute({
  ...shared,
  method: "post",
  path: "/admin/keys",
  operationId: "createKey",
  summary: "Create a key",
  description: "The answer is the only place where the key ever stands: the platform keeps its SHA-256 and its prefix.",
  request: {
    query: NO_QUERY,
    body: { required: true, content: { "application/json": { schema: NewApiKeySchema } } },
  },
  responses: {
    201: jsonResponses("The key", CreatedApiKeySchema),
    ...problemResponses(400, 413, 415, 429),
  },
});

const listKeysRoute = createRoute({
  ...shared,
  method: "get",
  path: "/admin/keys",
  operationId: "listKeys",
  summary: "Every key that was made, the latest first",
  request: { query: NO_QUERY },
  responses: { 200: jsonResponses("The keys", z.array(ApiKeySchema)), ...problemResponses(400, 429) },
});

const revokeKeyRoute = createRoute({
  ...shared,
  method: "delete",
  path: "/admin/keys/{prefix}",
  operationId: "revokeKey",
  summary: "Revoke a key",
  description: "Permanent; takes effect everywhere within 30 seconds. Open sockets of the key are closed.",
  request: {
    params: z.object({
      prefix: z.string().openapi({ param: { name: "prefix", in: "path" }, example: "k3v7q2mf" }),
    }),
    query: NO_QUERY,
  },
  responses: { 200: jsonResponses("The key as it stands now", ApiKeySchema), ...problemResponses(400, 404, 429) },
});

/** Routes of /admin/keys. */
export const keys = createService();

keys.openapi(createKeyRoute, async (c) => {
  const input = c.req.valid("json");
  if (input.expires_at !== null && Date.parse(input.expires_at) <= Date.now()) {
    const errors = [{ in: "body" as const, path: "expires_at", message: "must be in the future" }];
    throw new ApiError("request.invalid", "expires_at must be in the future.", { errors });
  }
  const created = await createKey(openPrimary(c.env.DB), input, auditActorOf(c.var.caller));
  c.header("Cache-Control", "no-store");
  return c.json(envelope(created), 201);
});

keys.openapi(listKeysRoute, async (c) => {
  c.header("Cache-Control", "no-store");
  return c.json(envelope(await listKeys(openReplica(c.env.DB))), 200);
});

keys.openapi(revokeKeyRoute, async (c) => {
  const { prefix } = c.req.valid("param");
  const revoked = await revokeKey(openPrimary(c.env.DB), prefix, auditActorOf(c.var.caller));
  if (!revoked) throw new ApiError("route.not_found", "There is no key with this prefix. GET /admin/keys lists them.");
  clearKeys();
  await closeSocketsOfKey(c.env, prefix);
  return c.json(envelope(revoked), 200);
});
