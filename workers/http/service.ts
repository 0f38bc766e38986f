import { OpenAPIHono, type RouteConfig, type RouteHandler } from "@hono/zod-openapi";
import type { Context } from "hono";
import { routePath } from "hono/route";
import type { z } from "zod";
import { countFaults, faultSentence, type InputWords, inputFaults } from "../../contracts/input-faults.ts";
import { ApiError, type InputError } from "../../contracts/problem.ts";
import type { Caller } from "../auth/caller.ts";
import { withHints } from "./parameter-hints.ts";

/** What every route's context carries. */
export interface AppEnv {
  Bindings: Env;
  Variables: {
    correlationId: string;
    caller: Caller;
    /** Where the caller's key stands with its quotas, as headers; unset where it has none. */
    quota?: Readonly<Record<string, string>>;
    /** Whether the answer was made with what the gateway says with every answer. */
    isDressed?: boolean;
  };
}

export type AppContext = Context<AppEnv>;

const TARGETS: Record<string, InputError["in"]> = {
  query: "query",
  param: "path",
  json: "body",
  header: "header",
};

/** How messages speak of a parameter that a route does not know, and of one that is given twice; and of a body's parts. */
const QUERY_WORDS: InputWords = { unknown: "is not a parameter of this route", list: "must be given once" };
const OTHER_WORDS: InputWords = { unknown: "is not a field here" };

/** The parts of an input that broke its schema, each with what would be right. */
export function inputErrors(issues: readonly z.core.$ZodIssue[], position: InputError["in"]): InputError[] {
  const faults = inputFaults(issues, position === "query" ? QUERY_WORDS : OTHER_WORDS);
  return faults.map((fault) => ({ in: position, ...fault }));
}

/** How the app that holds all services finds routes. */
interface ServiceOptions {
  getPath?: (request: Request) => string;
  router?: OpenAPIHono<AppEnv>["router"];
}

/** The query as the routes' schemas take it: what was given twice is a list. */
function queryOf(c: AppContext): Record<string, string | string[]> {
  if (!c.req.url.includes("?")) return {};
  const given = Object.entries(c.req.queries());
  return Object.fromEntries(given.map(([name, values]) => [name, values.length === 1 ? values[0] : values]));
}

/** What the address of a request holds, as its route takes it. */
interface ValidatedInput {
  query: object;
  param: object;
}

/** URLs whose parts are remembered: checking them again takes as long as finding the quote that they ask for. */
const MAX_CACHED_INPUTS = 500;
const MAX_CACHED_URL_CHARACTERS = 200;

/**
 * A service: a small app whose routes stand in the OpenAPI document, and whose bad input becomes one kind of problem. Where a
 * route takes nothing but its address, that is checked at once, on the way into the route: the library's own way, one middleware for
 * the path and one for the query, takes a tenth of what a quote costs. Other routes go that way.
 */
export function createService(options: ServiceOptions = {}): OpenAPIHono<AppEnv> {
  function throwInvalid(c: AppContext, issues: readonly z.core.$ZodIssue[], position: InputError["in"]): never {
    const found = inputErrors(issues, position);
    const routes = service.openAPIRegistry.definitions.flatMap((entry) => (entry.type === "route" ? entry.route : []));
    const method = c.req.method === "HEAD" ? "get" : c.req.method.toLowerCase();
    const errors = withHints(found, routes, method, routePath(c).replace(/:(\w+)/g, "{$1}"), queryOf(c));
    const error_count = countFaults(issues);
    const more =
      error_count > errors.length ? ` There are ${error_count} faults; the first ${errors.length} are in errors.` : "";
    throw new ApiError("request.invalid", `${faultSentence(errors[0], "The body")}${more}`, {
      errors,
      extensions: more === "" ? {} : { error_count },
    });
  }

  function validated(c: AppContext, schema: z.ZodType | undefined, given: object, position: InputError["in"]): object {
    const result = schema?.safeParse(given);
    if (result && !result.success) throwInvalid(c, result.error.issues, position);
    const data = result?.data;
    return typeof data === "object" && data !== null ? Object.freeze(data) : {};
  }

  const service = new OpenAPIHono<AppEnv>({
    ...options,
    defaultHook: (result, c) => {
      if (!result.success) throwInvalid(c, result.error.issues, TARGETS[result.target] ?? "body");
    },
  });
  const { openapi } = service;
  return Object.assign(service, {
    openapi(route: RouteConfig, handler: RouteHandler<RouteConfig, AppEnv>) {
      const { query, params, ...rest } = route.request ?? {};
      if (Object.keys(rest).length > 0) return openapi(route, handler);
      const cache = new Map<string, ValidatedInput>();

      function validatedInput(c: AppContext): ValidatedInput {
        const { url } = c.req;
        const known = cache.get(url);
        if (known) return known;
        const input = {
          query: validated(c, query, queryOf(c), "query"),
          param: validated(c, params, c.req.param(), "path"),
        };
        if (cache.size >= MAX_CACHED_INPUTS) cache.clear();
        if (url.length <= MAX_CACHED_URL_CHARACTERS) cache.set(url, input);
        return input;
      }

      service.openAPIRegistry.registerPath(route);
      return service.on([route.method], [route.path.replaceAll(/\{(\w+)\}/g, ":$1")], (c, next) => {
        const { query, param } = validatedInput(c);
        c.req.addValidatedData("query", query);
        c.req.addValidatedData("param", param);
        return handler(c, next);
      });
    },
  });
}
