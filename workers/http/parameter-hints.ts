import { z } from "@hono/zod-openapi";
import { distance } from "fastest-levenshtein";
import type { InputError } from "../../contracts/problem.ts";
import { likelyChoice } from "../../core/words.ts";

/** What hints need to know of a route. */
export interface HintedRoute {
  method: string;
  /** As the OpenAPI document has it. */
  path: string;
  request?: { query?: unknown; body?: { content: { "application/json"?: { schema?: unknown } | { $ref: string } } } };
}

const UNKNOWN_MESSAGES: Readonly<Record<string, string>> = {
  query: "is not a parameter of this route",
  body: "is not a field here",
};

/** The members that a schema knows, of whichever of its forms. */
function membersOf(schema: unknown): string[] {
  if (schema instanceof z.ZodObject) return Object.keys(schema.shape);
  if (schema instanceof z.ZodUnion) return [...new Set(schema.options.flatMap(membersOf))];
  return schema instanceof z.ZodPipe ? membersOf(schema.in) : [];
}

/** The query parameters of a route, or the members of its body. */
function namesIn(position: string, routes: readonly HintedRoute[], method: string, path: string): string[] {
  const request = routes.find((route) => route.method === method && route.path === path)?.request;
  if (position === "query") return membersOf(request?.query);
  const json = request?.body?.content["application/json"];
  return json && "schema" in json ? membersOf(json.schema) : [];
}

/** The parameter that was probably meant: one that differs by a few letters, or that the text is a part of. */
function closestName(text: string, names: readonly string[]): string | null {
  const wanted = text.toLowerCase().slice(0, 40);
  const ranked = names
    .map((name) => ({ name, steps: name.includes(wanted) || wanted.includes(name) ? 0 : distance(wanted, name) }))
    .sort((a, b) => a.steps - b.steps);
  const [best] = ranked;
  return best && wanted.length > 2 && best.steps <= Math.min(2, best.name.length / 2) ? best.name : null;
}

const CHOICE = /^must be (?:one of )?([\w, ]+)$/;

/** The choice that was probably meant, of those that a message lists. */
function closestChoice(message: string, given: unknown): string | null {
  const listed = CHOICE.exec(message)?.[1];
  return listed === undefined ? null : likelyChoice(given, listed.split(/, | or /));
}

/**
 * Adds to errors about unknown query parameters and fields of a body, and about choices, which one may have been meant.
 * @param given the query's values by name
 */
export function withHints(
  errors: readonly InputError[],
  routes: readonly HintedRoute[],
  method: string,
  path: string,
  given: Readonly<Record<string, unknown>>,
): InputError[] {
  return errors.map((error) => {
    if (error.in === "query" && Object.hasOwn(given, error.path)) {
      const choice = closestChoice(error.message, given[error.path]);
      if (choice !== null) return { ...error, message: `${error.message}; did you mean ${choice}?` };
    }
    if (error.message !== UNKNOWN_MESSAGES[error.in]) return error;
    const meant = closestName(error.path, namesIn(error.in, routes, method, path));
    return meant === null ? error : { ...error, message: `${error.message}; did you mean ${meant}?` };
  });
}
