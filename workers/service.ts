import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { z } from "zod";
import { ApiError, type InputError } from "../contracts/problem.ts";

/** Who asks: nobody we know, or the holder of the admin token. */
export type Caller = { kind: "anonymous" } | { kind: "admin"; name: string };

/** What every route's context carries. */
export interface AppEnv {
  Bindings: Env;
  Variables: { correlationId: string; caller: Caller };
}

export type AppContext = Context<AppEnv>;

const PLACES: Record<string, InputError["in"]> = {
  query: "query",
  param: "path",
  json: "body",
  header: "header",
};

/** The parts of an input that broke its schema, each with what would be right. */
export function inputErrors(issues: readonly z.core.$ZodIssue[], place: InputError["in"]): InputError[] {
  return issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({
        in: place,
        path: [...issue.path, key].join("."),
        message: place === "query" ? "is not a parameter of this route" : "is not a field here",
      }));
    }
    return [{ in: place, path: issue.path.join("."), message: issue.message }];
  });
}

/** A service: a small app whose routes stand in the OpenAPI document, and whose bad input becomes one kind of problem. */
export function createService(getPath?: (request: Request) => string): OpenAPIHono<AppEnv> {
  return new OpenAPIHono<AppEnv>({
    ...(getPath ? { getPath } : {}),
    defaultHook: (result) => {
      if (result.success) return;
      const errors = inputErrors(result.error.issues, PLACES[result.target] ?? "body");
      const first = errors[0];
      throw new ApiError(
        "request.invalid",
        `${first.path === "" ? "The body" : first.path} ${first.message}.`.replace(/\.\.$/, "."),
        { errors },
      );
    },
  });
}
