// `npm run api-examples`: records what the platform answers to the examples of its own document, for the document.

import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ROOT } from "../scripts/dev-vars.ts";
import { startBundledWorker, WITH_TOKEN } from "./bundled-worker.ts";

const FILE = join(ROOT, "workers", "gateway", "openapi", "response-examples.json");
/** Objects of a list, and members of a large object, that an example shows; plain values are shown as they are. */
const SHOWN = 2;
const MAX_MEMBERS = 40;
/** Reads that need more than the document's own examples, or show more with others. */
const QUERIES: Readonly<Record<string, string>> = {
  getQuotes: "?symbols=BTC/USDT,AAPLE",
  getCandles: "?interval=1d&limit=2",
  getIndicators: "?indicators=RSI,BOLLINGER&interval=1d&data_points=2",
  getExchangeCalendar: "?from=2026-11-26&to=2026-11-28",
  listSymbols: "?limit=2",
  listStreamableSymbols: "?limit=2",
  searchSymbols: "?q=naspers&limit=2",
  setStreaming: "?available=true",
};
/** What is no JSON, stays open, or is this document itself. */
const OMITTED = new Set([
  "openSocket",
  "openSymbolSocket",
  "streamSymbol",
  "getMetrics",
  "getOpenApiDocument",
  "getAsyncApiDocument",
]);

const Parameter = z.looseObject({ name: z.string(), in: z.string(), example: z.unknown() });
const Document = z.object({
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
      }),
    ),
  ),
});

/** Shortens lists, and hides what must not be shown. */
function shortened(value: unknown, name = ""): unknown {
  if (Array.isArray(value)) {
    const shown = value.some((each) => typeof each === "object") ? value.slice(0, SHOWN) : value;
    return shown.map((each) => shortened(each));
  }
  if (typeof value === "object" && value !== null) {
    const sessions = Object.entries(value);
    const shown = sessions.length > MAX_MEMBERS ? sessions.slice(0, SHOWN) : sessions;
    return Object.fromEntries(shown.map(([key, each]) => [key, shortened(each, key)]));
  }
  return name === "key" && typeof value === "string"
    ? value.replace(/_[^_]+$/, (secret) => `_${"0".repeat(secret.length - 1)}`)
    : value;
}

const written = (example: unknown): string => (Array.isArray(example) ? example.join(",") : String(example));

const worker = await startBundledWorker({ MARKET_MODE: "demo", LOG_LEVEL: "error" }, { storage: "memory" });
const examples: Record<string, Record<string, unknown>> = {};
try {
  const { paths } = Document.parse(await (await fetch(`${worker.url}/openapi.json`)).json());
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), ...operation })),
  );
  const json = { ...WITH_TOKEN, "Content-Type": "application/json" };
  const made = await fetch(`${worker.url}/admin/keys`, {
    method: "POST",
    headers: json,
    body: JSON.stringify({ name: "dashboard", scopes: ["read", "stream"], tier: "free" }),
  });
  const { key, prefix } = z
    .object({ data: z.object({ key: z.string(), prefix: z.string() }) })
    .parse(await made.json()).data;
  const order = (method: string): number => ["POST", "PUT", "PATCH", "GET", "DELETE"].indexOf(method);
  operations.sort((a, b) => order(a.method) - order(b.method));
  for (const { path, method, operationId, parameters, requestBody } of operations) {
    if (OMITTED.has(operationId)) continue;
    const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => {
      const example = parameters.find((each) => each.in === "path" && each.name === name)?.example;
      return encodeURIComponent(operationId === "revokeKey" ? prefix : written(example));
    });
    const body = requestBody?.content["application/json"]?.example;
    const response = await fetch(`${worker.url}${filled}${QUERIES[operationId] ?? ""}`, {
      method,
      headers: operationId === "getUsage" ? { "X-API-Key": key } : body === undefined ? WITH_TOKEN : json,
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${operationId} answered ${response.status}: ${text.slice(0, 300)}`);
    if (text === "" || !response.headers.get("Content-Type")?.includes("json")) continue;
    examples[operationId] = { [response.status]: shortened(JSON.parse(text)) };
  }
} finally {
  await worker.stop();
}
const sorted = Object.fromEntries(Object.entries(examples).sort(([a], [b]) => a.localeCompare(b)));
writeFileSync(FILE, `${JSON.stringify(sorted, null, 2)}\n`);
spawnSync("biome", ["check", "--write", FILE], { cwd: ROOT });
console.log(`${Object.keys(sorted).length} operations have an example in ${FILE.slice(ROOT.length + 1)}.`);
