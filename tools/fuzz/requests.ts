import type { SeededRandom } from "../seeded-random.ts";
import type { ApiDocument, Route } from "./document.ts";
import { brokenValue, createValueGenerator, type Manner } from "./values.ts";

/** A request to be made, and the route that it is for; null where it is for none. */
export interface FuzzRequest {
  route: Route | null;
  manner: Manner;
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string | undefined;
}

const HEADERS: readonly (readonly [string, readonly string[]])[] = [
  ["If-None-Match", ["*", 'W/"x"', '"', "a".repeat(2_000)]],
  ["traceparent", ["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "ff-0-0-0", "a".repeat(1_000)]],
  ["X-Correlation-ID", ["of-the-fuzzer", "<b>", "x".repeat(200)]],
  ["Cache-Control", ["no-cache", "max-age=0", "no-cache, no-store"]],
  ["Accept", ["text/csv", "image/png", "*/*;q=0"]],
  ["Idempotency-Key", ["k1", "k2", "k".repeat(300)]],
  ["X-API-Key", ["wrong", "wz_wrong_key", "é"]],
  ["Authorization", ["Bearer", "Bearer wrong", "Basic eDp5", "Bearer a b"]],
  ["Range", ["bytes=0-1"]],
  ["Origin", ["https://elsewhere.example", "null"]],
];

const STRANGE_METHODS = ["PATCH", "OPTIONS", "HEAD", "DELETE", "POST", "PUT"];
const STRANGE_PATHS = [
  "/",
  "//",
  "/v1",
  "/v1/quotes/BTC/USDT",
  "/api/market-data/quotes/AAPL",
  "/quotes/",
  "/quotes/a/b/c/d",
  "/%",
  "/%2e%2e/",
  "/.git/config",
  "/admin",
  "/admin/",
  "/ws",
  "/stream/BTC/USDT",
  "/quotes/%00",
  "/symbols/%F0%9F%98%80",
  `/${"a".repeat(4_000)}`,
];
const BODIES = ["", "{", "null", "[]", "1", '"text"', "\u0000", `{"a":${"[".repeat(2_000)}${"]".repeat(2_000)}}`];
const TYPES = ["application/json", "application/json; charset=utf-8", "text/plain", "application/xml", ""];

const asText = (value: unknown): string => (typeof value === "object" ? JSON.stringify(value) : String(value));

/** Header values that a client can send at all. */
const sendable = (value: string): boolean => /^[\t\x20-\x7e]*$/.test(value);

/** Draws requests from the document. */
export interface RequestGenerator {
  /** One for any route: most of them valid, some at the bounds of their schemas and beyond, some broken. */
  next(): FuzzRequest;
  /** One for a route. */
  of(route: Route, manner: Manner): FuzzRequest;
}

/** @param keys headers that let everything be done */
export function createRequestGenerator(
  document: ApiDocument,
  random: SeededRandom,
  keys: Record<string, string>,
): RequestGenerator {
  const values = createValueGenerator(document.schemas, random);

  function pathOf(route: Route, manner: Manner): string {
    return route.path.replace(/\{(\w+)\}/g, (_, name: string) => {
      const parameter = route.parameters.find((each) => each.in === "path" && each.name === name);
      const made = parameter ? values.of(parameter.schema, name, manner) : "x";
      return encodeURIComponent(asText(made).toWellFormed()) || "%20";
    });
  }

  function queryOf(route: Route, manner: Manner): string {
    const query = new URLSearchParams();
    for (const { name, schema, in: position } of route.parameters) {
      if (position !== "query" || random.next() < 0.5) continue;
      const made = values.of(schema, name, manner);
      query.append(name, Array.isArray(made) ? made.map(asText).join(",") : asText(made));
      if (manner === "broken" && random.next() < 0.1) query.append(name, asText(brokenValue(random)));
    }
    if (manner === "broken" && random.next() < 0.1)
      query.append(random.pick(["extra", "api_key", "__proto__", ""]), "1");
    const text = query.toString();
    return text === "" ? "" : `?${text}`;
  }

  function bodyOf(route: Route, manner: Manner): string | undefined {
    if (!route.body) return manner === "broken" && route.method !== "GET" && random.next() < 0.2 ? "{}" : undefined;
    if (manner === "broken" && random.next() < 0.3) return random.pick(BODIES);
    return JSON.stringify(values.of(route.body, "", manner));
  }

  function headersOf(manner: Manner, hasBody: boolean): Record<string, string> {
    const headers: Record<string, string> = { ...keys };
    if (hasBody) headers["Content-Type"] = manner === "broken" ? random.pick(TYPES) : "application/json";
    for (const [name, choices] of HEADERS) {
      const often = manner === "broken" ? 0.08 : name === "Authorization" || name === "X-API-Key" ? 0 : 0.04;
      const value = random.pick(choices);
      if (random.next() < often && sendable(value)) headers[name] = value;
    }
    return headers;
  }

  function requestOf(route: Route, manner: Manner): FuzzRequest {
    const path = `${pathOf(route, manner)}${queryOf(route, manner)}`;
    const body = bodyOf(route, manner);
    return { route, manner, method: route.method, path, headers: headersOf(manner, body !== undefined), body };
  }

  function anyRequest(): FuzzRequest {
    const luck = random.next();
    const manner = luck < 0.55 ? "valid" : luck < 0.75 ? "boundary" : "broken";
    if (manner === "broken" && random.next() < 0.08) {
      const headers = headersOf(manner, false);
      return { route: null, manner, method: "GET", path: random.pick(STRANGE_PATHS), headers, body: undefined };
    }
    const route = random.pick(document.routes);
    if (manner === "broken" && random.next() < 0.08) {
      const method = random.pick(STRANGE_METHODS);
      const known = document.routes.find((each) => each.path === route.path && each.method === method) ?? null;
      const path = `${pathOf(route, manner)}${queryOf(route, manner)}`;
      return { route: known, manner, method, path, headers: headersOf(manner, false), body: undefined };
    }
    return requestOf(route, manner);
  }

  return { next: anyRequest, of: requestOf };
}
