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

/** What would be right, as the end of a sentence about the part. */
function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.code !== "invalid_type" || !issue.message.startsWith("Invalid input")) return issue.message;
  const right = `must be of the type ${issue.expected}`;
  return issue.message.endsWith("received undefined") ? `is missing; it ${right}` : right;
}

/** An input error as a sentence. */
function sentenceOf({ path, message }: InputError): string {
  const subject = path === "" ? "The body" : path;
  return `${subject}${/^[a-z]/.test(message) ? "" : ":"} ${message}`.replace(/\.?$/, ".");
}

/** The parts of an input that broke its schema, each with what would be right. */
export function inputErrors(issues: readonly z.core.$ZodIssue[], place: InputError["in"]): InputError[] {
  return issues.flatMap((issue) => {
    if (issue.code === "invalid_union" && issue.errors.length > 0 && issue.message === "Invalid input") {
      // The form that fits best says best what is wrong.
      const best = issue.errors.reduce((a, b) => (b.length < a.length ? b : a));
      const path = issue.path.join(".");
      return inputErrors(best, place).map((error) => ({
        ...error,
        path: [path, error.path].filter((part) => part !== "").join("."),
      }));
    }
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({
        in: place,
        path: [...issue.path, key].join("."),
        message: place === "query" ? "is not a parameter of this route" : "is not a field here",
      }));
    }
    return [{ in: place, path: issue.path.join("."), message: messageOf(issue) }];
  });
}

/** A service: a small app whose routes stand in the OpenAPI document, and whose bad input becomes one kind of problem. */
export function createService(getPath?: (request: Request) => string): OpenAPIHono<AppEnv> {
  return new OpenAPIHono<AppEnv>({
    ...(getPath ? { getPath } : {}),
    defaultHook: (result) => {
      if (result.success) return;
      const errors = inputErrors(result.error.issues, PLACES[result.target] ?? "body");
      throw new ApiError("request.invalid", sentenceOf(errors[0]), { errors });
    },
  });
}
