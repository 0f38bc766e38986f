import { z } from "@hono/zod-openapi";
import { distance } from "fastest-levenshtein";
import type { InputError } from "../contracts/problem.ts";

/** What hints need to know of a route. */
export interface HintedRoute {
  method: string;
  /** As the OpenAPI document has it. */
  path: string;
  request?: { query?: unknown };
}

const UNKNOWN = "is not a parameter of this route";

/** The query parameters of a route. */
function parametersOf(routes: readonly HintedRoute[], method: string, path: string): string[] {
  const query = routes.find((route) => route.method === method && route.path === path)?.request?.query;
  return query instanceof z.ZodObject ? Object.keys(query.shape) : [];
}

/** The parameter that was probably meant: one that differs by a few letters, or that the text is a part of. */
function nearest(text: string, names: readonly string[]): string | null {
  const asked = text.toLowerCase().slice(0, 40);
  const ranked = names
    .map((name) => ({ name, steps: name.includes(asked) || asked.includes(name) ? 0 : distance(asked, name) }))
    .sort((a, b) => a.steps - b.steps);
  const [best] = ranked;
  return best && asked.length > 2 && best.steps <= Math.min(2, best.name.length / 2) ? best.name : null;
}

const CHOICE = /^must be (?:one of )?([\w, ]+)$/;

/** The choice that was probably meant: the same in another case or number, or but a letter away; null if there is none. */
function nearestChoice(message: string, given: unknown): string | null {
  const listed = CHOICE.exec(message)?.[1];
  if (listed === undefined || typeof given !== "string" || given.length > 40) return null;
  const choices = listed.split(/, | or /);
  const asked = given.trim().toLowerCase();
  const singular = asked.replace(/(?<=[a-z]{2})s$/, "");
  const same = choices.find((choice) => [asked, singular].includes(choice.toLowerCase()));
  return same ?? choices.find((choice) => choice.length > 2 && distance(asked, choice.toLowerCase()) === 1) ?? null;
}

/**
 * Adds to errors about unknown query parameters, and about choices, which one may have been meant.
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
      const choice = nearestChoice(error.message, given[error.path]);
      if (choice !== null) return { ...error, message: `${error.message}; did you mean ${choice}?` };
    }
    if (error.message !== UNKNOWN) return error;
    const meant = nearest(error.path, parametersOf(routes, method, path));
    return meant === null ? error : { ...error, message: `${UNKNOWN}; did you mean ${meant}?` };
  });
}
