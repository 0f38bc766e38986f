import type { OpenAPIHono } from "@hono/zod-openapi";
import { KEY_NEEDED } from "../answers.ts";
import type { AppEnv } from "../service.ts";
import { accessOf } from "./access.ts";

type Document = ReturnType<OpenAPIHono<AppEnv>["getOpenAPI31Document"]>;

/** Where `ANONYMOUS_ACCESS` is on, a key may be left out. */
const KEY_WELCOME = [{}, ...KEY_NEEDED];

const METHODS = ["get", "put", "post", "delete", "patch"] as const;

const problem = (description: string) => ({
  description,
  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
});

/** Writes into a document what each route needs, from the table that the gateway goes by. */
export function documentAccess(document: Document): Document {
  for (const [path, item] of Object.entries(document.paths ?? {})) {
    for (const method of METHODS) {
      const operation = item[method];
      if (!operation) continue;
      const access = accessOf(method.toUpperCase(), path);
      const anyoneMay = access === "read" || access === "stream";
      operation.security = access === "public" ? [] : anyoneMay ? KEY_WELCOME : KEY_NEEDED;
      if (access === "public") continue;
      operation.responses = {
        ...operation.responses,
        401: operation.responses?.["401"] ?? problem("A key is missing or not valid"),
        403: operation.responses?.["403"] ?? problem("The key lacks the scope"),
      };
      if (access !== "any-key") Object.assign(operation, { "x-required-scope": access });
    }
  }
  return document;
}
