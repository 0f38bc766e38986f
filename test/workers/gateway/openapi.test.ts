import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { importIdOf } from "../../../workers/admin/import-identity.ts";
import { accessOf } from "../../../workers/auth/access.ts";
import { app } from "../../../workers/gateway/app.ts";
import { ADMIN, call, importCandles, read, send } from "../client.ts";

const Content = z.record(
  z.string(),
  z.looseObject({ schema: z.record(z.string(), z.unknown()), example: z.unknown() }),
);

const Operation = z.looseObject({
  operationId: z.string(),
  summary: z.string(),
  tags: z.array(z.string()).min(1),
  description: z.string(),
  parameters: z.array(z.looseObject({ name: z.string(), in: z.string(), example: z.unknown() })).optional(),
  requestBody: z.looseObject({ content: Content }).optional(),
  responses: z.record(
    z.string(),
    z.looseObject({
      description: z.string().min(1),
      headers: z.record(z.string(), z.looseObject({ $ref: z.string() })).optional(),
      content: Content.optional(),
    }),
  ),
});

const Document = z.looseObject({
  openapi: z.string(),
  servers: z.array(z.looseObject({ url: z.string(), description: z.string() })),
  paths: z.record(z.string(), z.record(z.string(), Operation)),
  components: z.looseObject({
    schemas: z.record(z.string(), z.record(z.string(), z.unknown())),
    headers: z.record(z.string(), z.unknown()),
  }),
});

let document: z.infer<typeof Document>;

beforeAll(async () => {
  document = await read("/openapi.json", Document);
  const rows = [{ line: 1, time: "2026-11-18", close: 61_000 }];
  expect((await importCandles({ symbol: "JSE:FSR", interval: "1d", rows })).status).toBe(200);
});

describe("the OpenAPI document", () => {
  test("is version 3.1 and names where the platform is served", () => {
    expect(document.openapi).toBe("3.1.0");
    expect(document.servers.map((server) => server.url)).toEqual(["/", "/v1"]);
  });

  test("has every registered route, and no other", () => {
    const registered = app.routes
      .filter((route) => route.method !== "ALL")
      .map((route) => `${route.method} ${route.path.replace(/:(\w+)/g, "{$1}")}`);
    const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(documented.toSorted()).toEqual([...new Set(registered)].sort());
  });

  test("names every operation once", () => {
    const names = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map((op) => op.operationId),
    );
    expect(new Set(names).size).toBe(names.length);
  });

  test("describes every parameter of a path, and problems as problem documents", () => {
    for (const [path, methods] of Object.entries(document.paths)) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      for (const [method, operation] of Object.entries(methods)) {
        const described = (operation.parameters ?? []).filter((p) => p.in === "path").map((p) => p.name);
        expect(described, `${method} ${path}`).toEqual(inPath);
        for (const [status, { content }] of Object.entries(operation.responses)) {
          if (Number(status) < 400 || path === "/health" || path === "/ready" || path.startsWith("/health/")) continue;
          expect(Object.keys(content ?? {}), `${method} ${path} ${status}`).toEqual(["application/problem+json"]);
        }
      }
    }
  });

  test("refers to nothing that it does not have", () => {
    const text = JSON.stringify(document);
    for (const [, name] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      expect(Object.keys(document.components.schemas)).toContain(name);
    }
  });
});

/** The document's schema of an answer, as a validator. */
function schemaOf(method: string, path: string, status: number, type: string): z.ZodType {
  const found = document.paths[path]?.[method]?.responses[String(status)]?.content?.[type]?.schema;
  if (!found) throw new Error(`${method} ${path} has no ${status} of ${type}`);
  return validatorOf(found);
}

const NEW = { symbol: "DOCS", name: "Documented", type: "stock", primary_exchange: "NYSE", currency: "USD" };
const CHUNK = { symbol: "JSE:FSR", interval: "1d", rows: [{ line: 1, time: "2026-11-18", close: 61_000 }] };

const SHA = "ab".repeat(32);
const UNFINISHED = {
  ...{ ...CHUNK, adjustment: "split" },
  import: { file: "fsr.csv", sha256: SHA, rows: 2, last: false },
};
const UNFINISHED_ID = await importIdOf("JSE:FSR", "1d", "split", SHA);

type Example = [method: string, template: string, path: string, status: number, body?: unknown];

describe("a real answer is what the document says", () => {
  test.each<Example>([
    ["get", "/quotes/{symbol}", "/quotes/BTC/USDT", 200],
    ["get", "/quotes/{symbol}", "/quotes/JSE:FSR", 200],
    ["get", "/quotes/{symbol}", "/quotes/NOSUCH", 404],
    ["get", "/quotes/{symbol}", "/quotes/BTC", 409],
    ["get", "/quotes/{symbol}", "/quotes/AAPL?max_age=x", 400],
    ["get", "/quotes", "/quotes?symbols=btcusdt,NPN.JO,AAPLE", 200],
    ["get", "/quotes", "/quotes?symbols=AAPLE", 404],
    ["get", "/quotes", "/quotes", 400],
    ["get", "/ohlcv/{symbol}", "/ohlcv/BTC/USDT?limit=3", 200],
    ["get", "/ohlcv/{symbol}", "/ohlcv/JSE:FSR?interval=1d&coverage=full", 200],
    ["get", "/ohlcv/{symbol}", "/ohlcv/JSE:FSR?interval=1m", 200],
    ["get", "/ohlcv/{symbol}", "/ohlcv/AAPL?limit=0", 400],
    ["get", "/symbols", "/symbols?limit=5", 200],
    ["get", "/symbols", "/symbols?search=naspers", 200],
    ["get", "/symbols", "/symbols?type=bond", 400],
    ["get", "/symbols/streaming/available", "/symbols/streaming/available?limit=2", 200],
    ["get", "/symbols/{symbol}", "/symbols/JSE:NPN", 200],
    ["get", "/symbols/{symbol}", "/symbols/AAPLE", 404],
    ["get", "/symbols/{symbol}/validate", "/symbols/AAPLE/validate", 200],
    ["get", "/exchanges", "/exchanges", 200],
    ["get", "/exchanges", "/exchanges?detail=true", 200],
    ["get", "/exchanges/{code}/calendar", "/exchanges/NYSE/calendar?from=2026-11-25&to=2026-11-29", 200],
    ["get", "/exchanges/{code}/calendar", "/exchanges/CRYPTO/calendar", 200],
    ["get", "/exchanges/{code}/calendar", "/exchanges/LSE/calendar", 404],
    ["get", "/exchanges/{code}/calendar", "/exchanges/JSE/calendar?from=today", 400],
    ["get", "/types", "/types", 200],
    ["get", "/types", "/types?detail=true", 200],
    ["get", "/health", "/health", 200],
    ["get", "/health/{service}", "/health/streaming", 200],
    ["get", "/health/{service}", "/health/none", 404],
    ["get", "/ready", "/ready", 200],
    ["get", "/problems/{code}", "/problems/quote.too_old", 200],
    ["get", "/openapi.json", "/openapi.json", 200],
    ["post", "/symbols", "/symbols", 201, NEW],
    ["post", "/symbols", "/symbols", 409, NEW],
    ["post", "/symbols", "/symbols", 400, {}],
    ["put", "/symbols/{symbol}", "/symbols/DOCS", 200, { ceo: "Ada Lovelace" }],
    ["put", "/symbols/{symbol}/streaming", "/symbols/DOCS/streaming?available=false", 200],
    ["delete", "/symbols/{symbol}", "/symbols/DOCS", 200],
    ["post", "/admin/import", "/admin/import", 200, CHUNK],
    ["post", "/admin/import", "/admin/import", 200, UNFINISHED],
    ["post", "/admin/import", "/admin/import", 409, { ...CHUNK, adjustment: "raw" }],
    ["get", "/admin/imports", "/admin/imports?symbol=JSE:FSR&limit=1", 200],
    ["get", "/admin/imports/{id}", `/admin/imports/${UNFINISHED_ID}`, 200],
    ["get", "/admin/imports/{id}", "/admin/imports/none", 404],
    ["patch", "/admin/imports/{id}", `/admin/imports/${UNFINISHED_ID}`, 200, { adjustment: "raw" }],
    ["patch", "/admin/imports/{id}", `/admin/imports/${UNFINISHED_ID}`, 400, {}],
    ["delete", "/admin/imports/{id}", `/admin/imports/${UNFINISHED_ID}`, 200],
    ["post", "/admin/import", "/admin/import", 400, { ...CHUNK, rows: [{ line: 1, time: 0 }] }],
  ])("%s %s: %s is %i", async (method, template, path, status, body) => {
    const isRead = method === "get";
    const response = isRead
      ? await call(path, path.startsWith("/admin/") ? { headers: ADMIN } : {})
      : await send(method.toUpperCase(), path, body);
    const text = await response.text();
    expect(response.status, text.slice(0, 300)).toBe(status);
    const type = (response.headers.get("Content-Type") ?? "").split(";")[0];
    const answer: unknown = JSON.parse(text);
    const checked = schemaOf(method, template, status, type).safeParse(answer);
    expect(checked.error?.issues).toBeUndefined();
  });

  test("of a quote that is retired", async () => {
    const response = await call("/quotes/DOCS");
    expect(response.status).toBe(410);
    expect(
      schemaOf("get", "/quotes/{symbol}", 410, "application/problem+json").safeParse(await response.json()).success,
    ).toBe(true);
  });

  test("of a write without a key", async () => {
    const response = await call("/symbols/AAPL", { method: "DELETE" });
    const schema = schemaOf("delete", "/symbols/{symbol}", 401, "application/problem+json");
    expect(schema.safeParse(await response.json()).success).toBe(true);
    expect((await call("/symbols", { headers: ADMIN })).status).toBe(200);
  });

  test("and one that is not would be found out", async () => {
    const answer = z.looseObject({ data: z.looseObject({}) }).parse(await (await call("/quotes/BTC/USDT")).json());
    const schema = schemaOf("get", "/quotes/{symbol}", 200, "application/json");
    expect(schema.safeParse(answer).success).toBe(true);
    expect(schema.safeParse({ ...answer, data: { ...answer.data, freshness: "fresh" } }).success).toBe(false);
    expect(schema.safeParse({ ...answer, data: {} }).success).toBe(false);
  });
});

/** Every operation with its method and path. */
const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation, at: `${method} ${path}` })),
  );

/** A schema of the document as a validator. */
function validatorOf(schema: Record<string, unknown>): z.ZodType {
  const whole = JSON.stringify({ ...schema, $defs: document.components.schemas });
  const local: unknown = JSON.parse(whole.replaceAll("#/components/schemas/", "#/$defs/"));
  return z.fromJSONSchema(z.record(z.string(), z.unknown()).parse(local));
}

describe("the document is complete", () => {
  test("with what every route may answer", () => {
    for (const { path, method, operation, at } of operations()) {
      expect(operation.description, at).not.toBe("");
      const statuses = Object.keys(operation.responses);
      expect(statuses, at).toEqual(expect.arrayContaining(["400", "401", "500", "503"]));
      expect(Object.keys(operation.responses["503"].content ?? {}), at).toContain("application/problem+json");
      expect(statuses.includes("403"), at).toBe(accessOf(method.toUpperCase(), path) !== "public");
      expect(statuses.includes("429"), at).toBe(path !== "/health" && path !== "/ready");
      expect(statuses.includes("413") && statuses.includes("415"), at).toBe(!at.startsWith("get "));
    }
  });

  test("with the headers of every answer, each of them described", () => {
    for (const { operation, at } of operations()) {
      for (const [status, { headers }] of Object.entries(operation.responses)) {
        expect(Object.keys(headers ?? {}), `${at} ${status}`).toContain("X-Correlation-ID");
        for (const { $ref } of Object.values(headers ?? {})) {
          expect(document.components.headers).toHaveProperty([$ref.replace("#/components/headers/", "")]);
        }
      }
    }
  });

  test("with an example of every parameter, and of every body one that fits its schema", () => {
    for (const { operation, at } of operations()) {
      for (const { name, example } of operation.parameters ?? []) expect(example, `${at} ${name}`).toBeDefined();
      const bodies = Object.entries(operation.responses).map(([status, { content }]) => [status, content] as const);
      for (const [what, content] of [...bodies, ["request", operation.requestBody?.content] as const]) {
        for (const [type, { schema, example }] of Object.entries(content ?? {})) {
          const checked = validatorOf(schema).safeParse(example);
          expect(checked.error?.issues, `${at} ${what} ${type} ${JSON.stringify(example)}`).toBeUndefined();
        }
      }
    }
  });

  test("so that each read, asked with its examples, answers what it documents", async () => {
    for (const { path, method, operation, at } of operations()) {
      if (method !== "get") continue;
      const address = path.replace(/\{(\w+)\}/g, (_, name: string) => {
        const parameter = operation.parameters?.find((each) => each.in === "path" && each.name === name);
        return encodeURIComponent(String(parameter?.example));
      });
      const asked = path === "/quotes" ? "?symbols=BTC/USDT,AAPLE" : "";
      const response = await call(`${address}${asked}`, { headers: ADMIN });
      const type = (response.headers.get("Content-Type") ?? "").split(";")[0];
      // Events go on for as long as a client reads them.
      const isEndless = type === "text/event-stream";
      if (isEndless) await response.body?.cancel();
      const text = isEndless ? "" : await response.text();
      const documented = operation.responses[String(response.status)]?.content?.[type];
      expect(documented, `${at} answered ${response.status} ${type}`).toBeDefined();
      if (!documented || !type.endsWith("json")) continue;
      expect(validatorOf(documented.schema).safeParse(JSON.parse(text)).error?.issues, at).toBeUndefined();
    }
  });
});

const Reference = z.object({ $ref: z.string() });

const AsyncApi = z.looseObject({
  asyncapi: z.literal("3.0.0"),
  servers: z.record(z.string(), z.looseObject({ host: z.string(), protocol: z.string() })),
  channels: z.record(z.string(), z.looseObject({ address: z.string(), messages: z.record(z.string(), Reference) })),
  operations: z.record(
    z.string(),
    z.looseObject({ action: z.enum(["send", "receive"]), channel: Reference, messages: z.array(Reference) }),
  ),
  components: z.looseObject({
    messages: z.record(z.string(), z.looseObject({ summary: z.string(), payload: Reference })),
    schemas: z.record(z.string(), z.record(z.string(), z.unknown())),
  }),
});

const SAID_BY_CLIENTS = ["ack", "list", "ping", "subscribe", "unsubscribe"];
const SAID_BY_THE_PLATFORM = [
  "broadcast",
  "candle",
  "error",
  "gap",
  "heartbeat",
  "indicator",
  "market_data",
  "pong",
  "reset",
  "subscription_confirmed",
  "subscriptions",
  "unsubscription_confirmed",
  "welcome",
];

describe("the AsyncAPI document", () => {
  test("has every message of the stream, by direction, and says where the stream is", async () => {
    const { channels, operations: acts, components, servers } = await read("/asyncapi.json", AsyncApi);
    expect(Object.keys(components.messages).toSorted()).toEqual(
      // `end` is an event of /stream alone.
      [...SAID_BY_CLIENTS, ...SAID_BY_THE_PLATFORM, "end"].toSorted(),
    );
    const named = (name: string) => acts[name].messages.map(({ $ref }) => $ref.split("/").at(-1)).toSorted();
    expect(named("receive")).toEqual(SAID_BY_CLIENTS);
    expect(named("send")).toEqual(SAID_BY_THE_PLATFORM);
    expect(Object.values(channels).map(({ address }) => address)).toEqual(["/ws", "/ws/{symbol}", "/stream/{symbol}"]);
    expect(servers.websocket).toMatchObject({ host: "edge.test", protocol: "wss" });
  });

  test("refers to nothing that it does not have", async () => {
    const found = await read("/asyncapi.json", AsyncApi);
    for (const { action, channel, messages } of Object.values(found.operations)) {
      const name = channel.$ref.replace("#/channels/", "");
      expect(found.channels[name], action).toBeDefined();
      for (const { $ref } of messages)
        expect(found.channels[name].messages).toHaveProperty([$ref.split("/").at(-1) ?? ""]);
    }
    for (const { messages } of Object.values(found.channels)) {
      for (const { $ref } of Object.values(messages)) {
        expect(found.components.messages).toHaveProperty([$ref.replace("#/components/messages/", "")]);
      }
    }
  });

  test("describes messages as they are", async () => {
    const { components } = await read("/asyncapi.json", AsyncApi);
    const fits = (name: string, message: unknown): boolean =>
      z
        .fromJSONSchema(components.schemas[components.messages[name].payload.$ref.replace("#/components/schemas/", "")])
        .safeParse(message).success;
    expect(fits("pong", { type: "pong" })).toBe(true);
    expect(fits("pong", { type: "pong", more: 1 })).toBe(false);
    expect(fits("subscribe", { action: "subscribe", symbols: ["BTC/USDT"] })).toBe(true);
    expect(fits("subscribe", { action: "subscribe", symbols: [] })).toBe(false);
    expect(fits("ack", { action: "ack", beat: 3 })).toBe(true);
    expect(fits("ack", { action: "ack" })).toBe(false);
  });
});
