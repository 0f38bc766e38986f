import type { OpenAPIHono } from "@hono/zod-openapi";
import { PROBLEM_DESCRIPTIONS } from "../../answers.ts";
import type { AppEnv } from "../../service.ts";
import { DESCRIPTIONS } from "./descriptions.ts";
import { exampleOf, problemExample, type Schema } from "./examples.ts";
import { HEADERS } from "./headers.ts";

type Document = ReturnType<OpenAPIHono<AppEnv>["getOpenAPI31Document"]>;
type PathItem = NonNullable<Document["paths"]>[string];
type Operation = NonNullable<PathItem["get"]>;
type Responses = NonNullable<Operation["responses"]>;
type Content = Record<string, { schema?: unknown; example?: unknown }>;

const METHODS = ["get", "post", "put", "delete", "patch"] as const;

/** Routes that answer whoever asks, however often. */
const UNLIMITED = new Set(["/health", "/ready"]);

const isSchema = (value: unknown): value is Schema => typeof value === "object" && value !== null;

const PROBLEM = { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } };

const problems = (...statuses: number[]): Responses =>
  Object.fromEntries(
    statuses.map((status) => [status, { description: PROBLEM_DESCRIPTIONS[status] ?? "Problem", content: PROBLEM }]),
  );

/** What goes wrong on any route, beside what the route itself says. */
function problemsOf(path: string, method: string, operation: Operation): Responses {
  return {
    ...(operation.requestBody || method !== "get" ? problems(413, 415) : {}),
    ...(UNLIMITED.has(path) ? {} : problems(429)),
    // Whatever a route needs, a key that is presented is looked up, and the registry may be out of reach.
    ...problems(400, 500, 503),
  };
}

/** A route's own 503 may be no problem document; that of the gateway before it always is. */
function withUnavailable(responses: Responses): Responses {
  const own = responses["503"];
  if (!own || "$ref" in own) return responses;
  return { ...responses, 503: { ...own, content: { ...PROBLEM, ...own.content } } };
}

function headersOf(status: string, method: string): Record<string, { $ref: string }> {
  const names = Object.entries(HEADERS).flatMap(([name, { on }]) => (on(status, method) ? [name] : []));
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

function exemplify(content: Content, schemas: Record<string, Schema>, problem?: Record<string, unknown>): void {
  for (const [type, media] of Object.entries(content)) {
    if (media.example !== undefined || !isSchema(media.schema)) continue;
    const isProblem = type === "application/problem+json" && problem !== undefined;
    media.example = isProblem ? problem : exampleOf(media.schema, schemas);
  }
}

function completeOperation(path: string, method: string, operation: Operation, schemas: Record<string, Schema>): void {
  operation.description ??= DESCRIPTIONS[operation.operationId ?? ""] ?? `${operation.summary}.`;
  operation.responses = withUnavailable({ ...problemsOf(path, method, operation), ...operation.responses });
  for (const [status, response] of Object.entries<Responses[string]>(operation.responses)) {
    if ("$ref" in response) continue;
    // Two routes may share one description of a problem; each gets examples of its own.
    const content: Content = structuredClone(response.content ?? {});
    exemplify(content, schemas, problemExample(Number(status), path));
    const headers = { ...headersOf(status, method), ...response.headers };
    operation.responses[status] = { ...response, headers, ...(response.content ? { content } : {}) };
  }
  for (const parameter of operation.parameters ?? []) {
    if ("$ref" in parameter || parameter.example !== undefined || !isSchema(parameter.schema)) continue;
    parameter.example = exampleOf(parameter.schema, schemas, parameter.name);
  }
  if (operation.requestBody && "content" in operation.requestBody) exemplify(operation.requestBody.content, schemas);
}

/** Says of every integer how large it is: all of ours are exact in a double, and so fit 64 bits. */
function formatIntegers(node: unknown): void {
  if (Array.isArray(node)) for (const each of node) formatIntegers(each);
  else if (isSchema(node)) {
    const types = [node.type].flat();
    if (types.includes("integer") && !("format" in node)) node.format = "int64";
    for (const each of Object.values(node)) formatIntegers(each);
  }
}

/**
 * Adds to a generated document what holds for every route: the problems that any may answer with, the headers of answers,
 * and an example of everything that goes over the wire.
 */
export function completeDocument(document: Document): Document {
  const schemas: Record<string, Schema> = {};
  for (const [name, schema] of Object.entries(document.components?.schemas ?? {})) {
    if (isSchema(schema)) schemas[name] = schema;
  }
  for (const [path, item] of Object.entries(document.paths ?? {})) {
    for (const method of METHODS) {
      const operation = item[method];
      if (operation) completeOperation(path, method, operation, schemas);
    }
  }
  for (const part of [document.paths, document.components]) formatIntegers(part);
  const headers = Object.entries(HEADERS).map(([name, { description, schema, example }]) => {
    return [name, { description, schema, example }];
  });
  return { ...document, components: { ...document.components, headers: Object.fromEntries(headers) } };
}
