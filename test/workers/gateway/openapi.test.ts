import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { app } from "../../../workers/gateway/app.ts";
import { ADMIN, call, importCandles, read, send } from "../client.ts";

const Operation = z.looseObject({
  operationId: z.string(),
  summary: z.string(),
  tags: z.array(z.string()).min(1),
  parameters: z.array(z.looseObject({ name: z.string(), in: z.string() })).optional(),
  responses: z.record(
    z.string(),
    z.looseObject({
      description: z.string().min(1),
      content: z.record(z.string(), z.looseObject({ schema: z.record(z.string(), z.unknown()) })).optional(),
    }),
  ),
});

const Document = z.looseObject({
  openapi: z.string(),
  servers: z.array(z.looseObject({ url: z.string(), description: z.string() })),
  paths: z.record(z.string(), z.record(z.string(), Operation)),
  components: z.looseObject({ schemas: z.record(z.string(), z.record(z.string(), z.unknown())) }),
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

  test("gives every operation a name of its own", () => {
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
  const whole = JSON.stringify({ ...found, $defs: document.components.schemas });
  const local: unknown = JSON.parse(whole.replaceAll("#/components/schemas/", "#/$defs/"));
  return z.fromJSONSchema(z.record(z.string(), z.unknown()).parse(local));
}

const NEW = { symbol: "DOCS", name: "Documented", type: "stock", primary_exchange: "NYSE", currency: "USD" };
const CHUNK = { symbol: "JSE:FSR", interval: "1d", rows: [{ line: 1, time: "2026-11-18", close: 61_000 }] };

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
    ["post", "/admin/import", "/admin/import", 409, { ...CHUNK, adjustment: "raw" }],
    ["post", "/admin/import", "/admin/import", 400, { ...CHUNK, rows: [{ line: 1, time: 0 }] }],
  ])("%s %s: %s is %i", async (method, template, path, status, body) => {
    const response = method === "get" ? await call(path) : await send(method.toUpperCase(), path, body);
    const text = await response.text();
    expect(response.status, text.slice(0, 300)).toBe(status);
    const type = (response.headers.get("Content-Type") ?? "").split(";")[0];
    const answer: unknown = JSON.parse(text);
    const judged = schemaOf(method, template, status, type).safeParse(answer);
    expect(judged.error?.issues).toBeUndefined();
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
