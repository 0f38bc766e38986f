import type { OpenAPIHono } from "@hono/zod-openapi";
import { TIME_DESCRIPTION } from "../../../contracts/parameters.ts";
import { PROBLEM_DESCRIPTIONS } from "../../http/responses.ts";
import type { AppEnv } from "../../http/service.ts";
import { METHODS } from "./access.ts";
import { DESCRIPTIONS } from "./descriptions.ts";
import { exampleOf, isTimeName, problemExample, type Schema } from "./examples.ts";
import { HEADERS } from "./headers.ts";
import { BODY_EXAMPLES, PARAMETER_EXAMPLES } from "./request-examples.ts";
import recorded from "./response-examples.json";

type Document = ReturnType<OpenAPIHono<AppEnv>["getOpenAPI31Document"]>;
type PathItem = NonNullable<Document["paths"]>[string];
type Operation = NonNullable<PathItem["get"]>;
type Responses = NonNullable<Operation["responses"]>;
type Content = Record<string, { schema?: unknown; example?: unknown }>;

/** Routes that answer a caller that asks, however often. */
const UNLIMITED = new Set(["/health", "/ready"]);

/** Answers that the platform has sent, by operation and status; `npm run api-examples` records them. */
const RESPONSE_EXAMPLES: Readonly<Record<string, Readonly<Record<string, object>>>> = {
  ...recorded,
  getHealth: { ...recorded.getHealth, 503: unhealthy(recorded.getHealth["200"]) },
  getServiceHealth: {
    ...recorded.getServiceHealth,
    503: { ...recorded.getServiceHealth["200"], status: "unhealthy" },
  },
  deleteImport: { ...recorded.deleteImport, 202: unfinished(recorded.deleteImport["200"]) },
  getReadiness: { ...recorded.getReadiness, 503: { ...recorded.getReadiness["200"], ready: false } },
};

/** The same platform while its database does not answer. */
function unhealthy(healthy: (typeof recorded.getHealth)["200"]): object {
  const services = { ...healthy.services, "market-data": "unhealthy", "symbol-registry": "unhealthy" };
  const checks = { ...healthy.checks, d1: "unhealthy" };
  return { ...healthy, status: "unhealthy", services: { ...services, "indicator-engine": "unhealthy" }, checks };
}

/** The same import while a part of it is left. */
function unfinished(deleted: (typeof recorded.deleteImport)["200"]): object {
  return { ...deleted, data: { ...deleted.data, status: "deleting" } };
}

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

function headersOf(status: string, operation: string): Record<string, { $ref: string }> {
  const names = Object.entries(HEADERS).flatMap(([name, { on }]) => (on(status, operation) ? [name] : []));
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

/** Adds an example to what has none: a recorded answer if there is one, else one that is made from the schema. */
function exemplify(content: Content, schemas: Record<string, Schema>, problem?: object, answer?: object): void {
  for (const [type, media] of Object.entries(content)) {
    if (media.example !== undefined || !isSchema(media.schema)) continue;
    const known = type === "application/problem+json" ? problem : type === "application/json" ? answer : undefined;
    media.example = known ?? exampleOf(media.schema, schemas);
  }
}

function completeResponses(path: string, method: string, operation: Operation, schemas: Record<string, Schema>): void {
  operation.responses = withUnavailable({ ...problemsOf(path, method, operation), ...operation.responses });
  for (const [status, response] of Object.entries<Responses[string]>(operation.responses)) {
    if ("$ref" in response) continue;
    // Two routes may share one description of a problem; each gets examples of its own.
    const content: Content = structuredClone(response.content ?? {});
    const answer = RESPONSE_EXAMPLES[operation.operationId ?? ""]?.[status];
    exemplify(content, schemas, problemExample(Number(status), path), answer);
    const headers = { ...headersOf(status, operation.operationId ?? ""), ...response.headers };
    operation.responses[status] = { ...response, headers, ...(response.content ? { content } : {}) };
  }
}

function completeOperation(path: string, method: string, operation: Operation, schemas: Record<string, Schema>): void {
  operation.description ??= DESCRIPTIONS[operation.operationId ?? ""] ?? `${operation.summary}.`;
  completeResponses(path, method, operation, schemas);
  for (const parameter of operation.parameters ?? []) {
    if ("$ref" in parameter || !isSchema(parameter.schema)) continue;
    const isTime = parameter.description === TIME_DESCRIPTION;
    const schema: Schema = isTime ? structuredClone(TIME_SCHEMA) : parameter.schema;
    const own = PARAMETER_EXAMPLES[operation.operationId ?? ""]?.[parameter.name];
    const example = own ?? parameter.example ?? exampleOf(schema, schemas, parameter.name);
    delete schema.example;
    // A list is one parameter with commas; repeating it is understood as well.
    const list = schema.type === "array" ? { style: "form", explode: false } : {};
    Object.assign(parameter, { schema, example, ...list });
  }
  if (!operation.requestBody || !("content" in operation.requestBody)) return;
  const body = BODY_EXAMPLES[operation.operationId ?? ""];
  const json = operation.requestBody.content["application/json"];
  if (body && json) json.example = body;
  exemplify(operation.requestBody.content, schemas);
}

/** Times in a query: either way of writing one. */
const TIME_SCHEMA: Schema = {
  anyOf: [
    { type: "string", format: "date-time" },
    { type: "integer", format: "int64" },
  ],
};

/** Whole numbers that may pass 32 bits: unix seconds, numbers of events and of rows, and amounts of money or shares. */
const LARGE =
  /^(?:time|times|seq|from_seq|to_seq|skipped|id|before|shares_outstanding|market_cap|volume|at|expires_at)$/;
const INT32_MAX = 2_147_483_647;

/**
 * Says of every integer how large it is, and of every time that it is one.
 * @param name what the schema is of, as far as it has a name
 */
function formatScalars(node: unknown, name = ""): void {
  if (Array.isArray(node)) {
    for (const each of node) formatScalars(each, name);
    return;
  }
  if (!isSchema(node)) return;
  const types = [node.type].flat();
  if (types.includes("integer") && !("format" in node)) formatInteger(node, name);
  if (types.includes("string") && !("format" in node) && !node.enum && !node.const && isTimeName(name)) {
    node.format = "date-time";
  }
  for (const [key, each] of Object.entries(node)) {
    if (key === "properties" && isSchema(each)) {
      for (const [property, schema] of Object.entries(each)) formatScalars(schema, property);
    } else formatScalars(each, key === "items" || key === "anyOf" || key === "oneOf" ? name : "");
  }
}

function formatInteger(node: Schema, name: string): void {
  const { minimum = 0, maximum } = node;
  // The validation library bounds every integer by what a double holds exactly, which says nothing of the field.
  const bound = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  const isLarge = LARGE.test(name) || (bound !== undefined && bound > INT32_MAX);
  node.format = isLarge ? "int64" : "int32";
  if (isLarge) return;
  node.maximum = bound ?? INT32_MAX;
  if (minimum === Number.MIN_SAFE_INTEGER) node.minimum = -INT32_MAX;
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
  for (const part of [document.paths, document.components]) formatScalars(part);
  const headers = Object.entries(HEADERS).map(([name, { description, schema, example }]) => {
    return [name, { description, schema, example }];
  });
  return { ...document, components: { ...document.components, headers: Object.fromEntries(headers) } };
}
