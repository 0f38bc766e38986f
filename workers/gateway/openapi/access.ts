import type { OpenAPIHono } from "@hono/zod-openapi";
import { type Access, accessOf } from "../../auth/access.ts";
import { PROBLEM_DESCRIPTIONS } from "../../http/responses.ts";
import type { AppEnv } from "../../http/service.ts";

type Document = ReturnType<OpenAPIHono<AppEnv>["getOpenAPI31Document"]>;
type Credentials = Record<string, string[]>[];

const KEY_NEEDED: Credentials = [{ bearer: [] }, { apiKey: [] }];

/** Where `ANONYMOUS_ACCESS` is on, a key may be left out. */
const KEY_WELCOME: Credentials = [{}, ...KEY_NEEDED];

/** Administration takes keys of its own: those with the scope `admin`, and the bootstrap token. */
const ADMIN_KEY_NEEDED: Credentials = [{ adminBearer: [] }, { adminApiKey: [] }];

/** The methods that an OpenAPI path item may have here. */
export const METHODS = ["get", "put", "post", "delete", "patch"] as const;

const problem = (status: 401 | 403) => ({
  description: PROBLEM_DESCRIPTIONS[status],
  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
});

function credentialsFor(path: string, access: Access): Credentials {
  if (access === "public") return [];
  if (path.startsWith("/admin/")) return ADMIN_KEY_NEEDED;
  return access === "read" || access === "stream" ? KEY_WELCOME : KEY_NEEDED;
}

/**
 * Writes into a document what each route needs of its caller, from the table that the gateway goes by, and what it answers to
 * those who have it not. Routes say nothing of this themselves.
 */
export function documentAccess(document: Document): Document {
  for (const [path, item] of Object.entries(document.paths ?? {})) {
    for (const method of METHODS) {
      const operation = item[method];
      if (!operation) continue;
      const access = accessOf(method.toUpperCase(), path);
      operation.security = credentialsFor(path, access);
      // A key that is wrong is refused even where none is needed.
      const refusals = access === "public" ? { 401: problem(401) } : { 401: problem(401), 403: problem(403) };
      operation.responses = { ...operation.responses, ...refusals };
      if (access !== "public" && access !== "any-key") Object.assign(operation, { "x-required-scope": access });
    }
  }
  return document;
}
