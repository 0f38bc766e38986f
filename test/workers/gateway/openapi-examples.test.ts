import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { ADMIN, call } from "../client.ts";
import { bearer, createKey } from "../keys.ts";

const Parameter = z.looseObject({
  name: z.string(),
  in: z.enum(["path", "query", "header"]),
  required: z.boolean().optional(),
  example: z.unknown(),
  schema: z.looseObject({ type: z.unknown().optional() }),
  style: z.string().optional(),
  explode: z.boolean().optional(),
});

const Document = z.looseObject({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.looseObject({
        operationId: z.string(),
        parameters: z.array(Parameter).default([]),
        requestBody: z
          .looseObject({ content: z.record(z.string(), z.looseObject({ example: z.unknown() })) })
          .optional(),
        responses: z.record(
          z.string(),
          z.looseObject({
            headers: z.record(z.string(), z.unknown()).default({}),
            content: z
              .record(z.string(), z.looseObject({ schema: z.looseObject({}), example: z.unknown() }))
              .default({}),
          }),
        ),
      }),
    ),
  ),
  components: z.looseObject({ schemas: z.record(z.string(), z.looseObject({})) }),
});

let operations: {
  method: string;
  path: string;
  id: string;
  parameters: z.infer<typeof Parameter>[];
  body: unknown;
  headers: Record<string, string[]>;
}[] = [];
let text = "";

beforeAll(async () => {
  text = await (await call("/openapi.json")).text();
  const { paths } = Document.parse(JSON.parse(text));
  operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId, parameters, requestBody, responses }]) => ({
      ...{ method: method.toUpperCase(), path, id: operationId, parameters },
      body: requestBody?.content["application/json"]?.example,
      headers: Object.fromEntries(
        Object.entries(responses).map(([status, { headers }]) => [status, Object.keys(headers)]),
      ),
    })),
  );
});

/** Sockets and streams stay open, and their tickets are made for one use. */
const STAYS_OPEN = /^\/(?:ws|stream)(?:\/|$)/;
/** Where the example is answered with another status than success, and why. */
const OTHERWISE: Readonly<Record<string, number>> = {
  // The admin token has no quotas.
  getUsage: 403,
  // The prefix is of a key that only its owner has.
  revokeKey: 404,
};

const written = (example: unknown): string => (Array.isArray(example) ? example.join(",") : String(example));

/** An operation's path with its examples. */
const pathOf = ({ path, parameters }: (typeof operations)[number]): string =>
  path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(written(parameters.find((each) => each.in === "path" && each.name === name)?.example)),
  );

/** Sends an operation's examples: those that it needs, and the named ones. */
async function send(operation: (typeof operations)[number], names: ReadonlySet<string>): Promise<Response> {
  const chosen = operation.parameters.filter(({ name, required }) => required || names.has(name));
  const path = pathOf(operation);
  const query = new URLSearchParams(
    chosen.filter((each) => each.in === "query").map(({ name, example }) => [name, written(example)]),
  );
  const headers = new Headers(ADMIN);
  for (const { name, example } of chosen.filter((each) => each.in === "header")) headers.set(name, written(example));
  if (operation.body !== undefined) headers.set("Content-Type", "application/json");
  const body = operation.body === undefined ? undefined : JSON.stringify(operation.body);
  return call(`${path}${query.size > 0 ? `?${query}` : ""}`, { method: operation.method, headers, body });
}

describe("every example of the document", () => {
  test("is accepted by the platform: each parameter's, each body's", async () => {
    expect(operations.length).toBeGreaterThan(35);
    const refused: string[] = [];
    // What retires and revokes comes last.
    const inOrder = operations.toSorted((a, b) => Number(a.method === "DELETE") - Number(b.method === "DELETE"));
    for (const operation of inOrder) {
      if (STAYS_OPEN.test(operation.path)) continue;
      const optional = operation.parameters.filter(({ required }) => !required).map(({ name }) => name);
      const isWrite = operation.method !== "GET";
      // A cursor belongs to the query that gave it, and is tried alone.
      const all = new Set(optional.filter((name) => name !== "cursor" && name !== "search" && name !== "consensus"));
      for (const names of isWrite ? [all] : [new Set<string>(), all, ...optional.map((name) => new Set([name]))]) {
        const response = await send(operation, names);
        const answer = await response.text();
        const isFine = response.ok || response.status === OTHERWISE[operation.id];
        if (!isFine) refused.push(`${operation.id} ${[...names]} ${response.status} ${answer.slice(0, 200)}`);
      }
    }
    expect(refused).toEqual([]);
  });
});

describe("the example of an answer", () => {
  /** Every example of an answer with JSON: its operation and status, and the schema that it stands beside. */
  function answers() {
    const { paths, components } = Document.parse(JSON.parse(text));
    const schemaOf = (schema: object) => {
      const whole = JSON.stringify({ ...schema, $defs: components.schemas });
      const local = whole.replaceAll("#/components/schemas/", "#/$defs/");
      return z.fromJSONSchema(z.record(z.string(), z.unknown()).parse(JSON.parse(local)));
    };
    return Object.values(paths).flatMap((methods) =>
      Object.values(methods).flatMap(({ operationId, responses }) =>
        Object.entries(responses).flatMap(([status, { content }]) =>
          Object.entries(content)
            .filter(([type]) => type.endsWith("json"))
            .map(([type, { schema, example }]) => ({
              at: `${operationId} ${status} ${type}`,
              status,
              schemaOf,
              schema,
              example,
            })),
        ),
      ),
    );
  }

  test("is one that its schema allows", () => {
    const all = answers();
    expect(all.length).toBeGreaterThan(200);
    const wrong = all.flatMap(({ at, schemaOf, schema, example }) => {
      const { error } = schemaOf(schema).safeParse(example);
      return error ? [`${at}: ${JSON.stringify(error.issues).slice(0, 300)}`] : [];
    });
    expect(wrong).toEqual([]);
  });

  test("is real: no placeholder, simulated data that says so, and a symbol that is one symbol", () => {
    for (const { at, status, example } of answers().filter(({ status }) => Number(status) < 300)) {
      const shown = JSON.stringify(example);
      expect(shown, `${at} ${status}`).not.toMatch(/"text"|:1\.5[,}]/);
      if (shown.includes('"simulator"') && shown.includes('"simulated"'))
        expect(shown, at).not.toContain('"simulated":false');
      if (shown.includes("JSE:NPN")) expect(shown, at).not.toContain("Bitcoin");
    }
  });

  test("of health says what its status says", () => {
    for (const { at, status, example } of answers().filter(({ at }) =>
      /^get(?:Health|ServiceHealth|Readiness) .* application.json$/.test(at),
    )) {
      const { status: state, ready } = z
        .looseObject({ status: z.string().optional(), ready: z.boolean().optional() })
        .parse(example);
      expect(state ?? (ready ? "healthy" : "unhealthy"), at).toBe(status === "200" ? "healthy" : "unhealthy");
    }
  });
});

/** Headers that the network, the browser's rules or the body's form bring. */
const OF_THE_NETWORK =
  /^(?:content-|access-control-|cross-origin|referrer-policy|strict-transport|x-content-type|x-frame|transfer-|date$|deprecation$|x-d1-bookmark$|idempotency-replayed$|allow$|origin-agent|x-dns|x-permitted|x-xss)/;

describe("headers", () => {
  /** What is wrong with the headers of one answer. */
  function faultsOf({ id, headers }: (typeof operations)[number], response: Response): string[] {
    const documented = (headers[String(response.status)] ?? []).map((name) => name.toLowerCase());
    const came = [...response.headers.keys()].filter((name) => !OF_THE_NETWORK.test(name));
    const always = ["etag", "cache-status", "location", "retry-after", "www-authenticate"];
    const at = `${id} ${response.status}`;
    return [
      ...came.filter((name) => !documented.includes(name)).map((name) => `${at}: ${name} is not documented`),
      ...documented
        .filter((name) => always.includes(name) && !response.headers.has(name))
        .map((name) => `${at}: ${name} is documented and did not come`),
    ];
  }

  test("are documented where they come, and come where they are documented", async () => {
    const { key } = await createKey(["read", "stream", "admin"]);
    const wrong: string[] = [];
    for (const operation of operations.filter(({ method, path }) => method === "GET" && !STAYS_OPEN.test(path))) {
      for (const credential of [ADMIN, bearer(key), {}]) {
        const query = operation.path === "/quotes" ? "?symbols=AAPL" : "";
        const response = await call(`${pathOf(operation)}${query}`, { headers: credential });
        await response.arrayBuffer();
        wrong.push(...faultsOf(operation, response));
      }
    }
    expect([...new Set(wrong)]).toEqual([]);
  });

  test("of limits come to callers without a key too: the policy always, what is left with 429", async () => {
    const response = await call("/types");
    await response.arrayBuffer();
    expect(response.headers.get("RateLimit-Policy")).toBe('"burst";q=100;w=10, "minute";q=600;w=60');
    expect(response.headers.has("RateLimit")).toBe(false);
  });
});

describe("types", () => {
  test("of lists are lists, of times times, and small numbers do not need 64 bits", () => {
    const byId = new Map(operations.map((operation) => [operation.id, operation]));
    const parameter = (id: string, name: string) => byId.get(id)?.parameters.find((each) => each.name === name);
    for (const [id, name] of [
      ["getQuotes", "symbols"],
      ["getIndicators", "indicators"],
    ]) {
      expect(parameter(id, name)).toMatchObject({ schema: { type: "array" }, style: "form", explode: false });
    }
    expect(parameter("getCandles", "from")?.schema).toMatchObject({
      anyOf: [{ format: "date-time" }, { type: "integer" }],
    });
    expect(parameter("getCandles", "limit")?.schema).toMatchObject({ type: "integer", format: "int32", maximum: 5000 });
    const { schemas } = Document.parse(JSON.parse(text)).components;
    const property = (schema: string, name: string) => Object(Object(schemas[schema]).properties)[name];
    expect(property("Quote", "timestamp")).toMatchObject({ type: "string", format: "date-time" });
    expect(property("Quote", "seq")).toMatchObject({ format: "int64" });
    expect(property("Candle", "time")).toMatchObject({ format: "int64" });
    expect(property("Candle", "revision")).toMatchObject({ format: "int32" });
    expect(property("Candles", "timestamp")).toMatchObject({ format: "date-time" });
  });

  test("of inputs need not be given what has a default", () => {
    const { schemas } = Document.parse(JSON.parse(text)).components;
    for (const name of ["ImportChunk", "NewSymbol", "NewApiKey"]) {
      const schema = Object(schemas[name]);
      const required: string[] = schema.required ?? [];
      const defaulted = Object.entries(Object(schema.properties)).filter(([, each]) => "default" in Object(each));
      expect(
        defaulted.filter(([property]) => required.includes(property)),
        name,
      ).toEqual([]);
    }
  });
});
