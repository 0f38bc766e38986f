import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { routePath } from "hono/route";
import type { z } from "zod";
import { faultSentence, type InputWords, inputFaults } from "../contracts/input-faults.ts";
import { ApiError, type InputError } from "../contracts/problem.ts";
import type { Caller } from "./caller.ts";
import { withHints } from "./parameter-hints.ts";

/** What every route's context carries. */
export interface AppEnv {
  Bindings: Env;
  Variables: {
    correlationId: string;
    caller: Caller;
    /** Whether the answer was made with what browsers should know. */
    isDressed?: boolean;
  };
}

export type AppContext = Context<AppEnv>;

const PLACES: Record<string, InputError["in"]> = {
  query: "query",
  param: "path",
  json: "body",
  header: "header",
};

/** How messages speak of a parameter that a route does not know, and of one that is given twice; and of a body's parts. */
const QUERY_WORDS: InputWords = { unknown: "is not a parameter of this route", list: "must be given once" };
const OTHER_WORDS: InputWords = { unknown: "is not a field here" };

/** The parts of an input that broke its schema, each with what would be right. */
export function inputErrors(issues: readonly z.core.$ZodIssue[], place: InputError["in"]): InputError[] {
  const faults = inputFaults(issues, place === "query" ? QUERY_WORDS : OTHER_WORDS);
  return faults.map((fault) => ({ in: place, ...fault }));
}

/** How the app that holds all services finds routes. */
interface ServiceOptions {
  getPath?: (request: Request) => string;
  router?: OpenAPIHono<AppEnv>["router"];
}

/** A service: a small app whose routes stand in the OpenAPI document, and whose bad input becomes one kind of problem. */
export function createService(options: ServiceOptions = {}): OpenAPIHono<AppEnv> {
  const service = new OpenAPIHono<AppEnv>({
    ...options,
    defaultHook: (result, c) => {
      if (result.success) return;
      const found = inputErrors(result.error.issues, PLACES[result.target] ?? "body");
      const routes = service.openAPIRegistry.definitions.flatMap((entry) =>
        entry.type === "route" ? entry.route : [],
      );
      const method = c.req.method === "HEAD" ? "get" : c.req.method.toLowerCase();
      const errors = withHints(found, routes, method, routePath(c).replace(/:(\w+)/g, "{$1}"));
      throw new ApiError("request.invalid", faultSentence(errors[0], "The body"), { errors });
    },
  });
  return service;
}
