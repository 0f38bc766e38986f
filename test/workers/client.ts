import { exports } from "cloudflare:workers";
import { expect } from "vitest";
import { z } from "zod";
import { type ImportChunk, ImportReportSchema, ImportSchema } from "../../contracts/import.ts";
import { PROBLEMS, type ProblemCode, ProblemSchema } from "../../contracts/problem.ts";
import { QuoteSchema } from "../../contracts/quote.ts";
import { SymbolDetailSchema, SymbolSchema } from "../../contracts/symbol.ts";

export const ORIGIN = "https://edge.test";
export const ADMIN_KEY = "test-admin-token";
export const ADMIN = { Authorization: `Bearer ${ADMIN_KEY}` };

let callers = 0;

/** An address that no other test calls from, so that the burst guard never interferes. */
export function newAddress(): string {
  callers++;
  return `2001:db8:${(callers >> 16).toString(16)}:${(callers & 0xffff).toString(16)}::1`;
}

/** Calls the Worker, each time from another address unless `init` names one. */
export function call(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (!headers.has("CF-Connecting-IP")) headers.set("CF-Connecting-IP", newAddress());
  return exports.default.fetch(new Request(`${ORIGIN}${path}`, { redirect: "manual", ...init, headers }));
}

/** Calls the Worker with a JSON body and the admin token. */
export function send(method: string, path: string, body?: unknown, headers: HeadersInit = {}): Promise<Response> {
  const all = new Headers({ ...ADMIN, ...Object.fromEntries(new Headers(headers)) });
  if (body === undefined) return call(path, { method, headers: all });
  all.set("Content-Type", "application/json");
  return call(path, { method, headers: all, body: JSON.stringify(body) });
}

/** The answer's body, which must be all that the schema names and nothing else. */
export async function bodyOf<T>(response: Response, schema: z.ZodType<T>, status = 200): Promise<T> {
  const text = await response.text();
  expect(response.status, text.slice(0, 500)).toBe(status);
  const body: unknown = JSON.parse(text);
  const parsed = schema.parse(body);
  expect(parsed).toEqual(body);
  return parsed;
}

/** Reads an address and checks its answer against a schema. */
export async function read<T>(path: string, schema: z.ZodType<T>, headers: HeadersInit = {}): Promise<T> {
  return bodyOf(await call(path, { headers }), schema);
}

const LooseProblem = ProblemSchema.extend({
  suggestions: z.array(z.string()).optional(),
  candidates: z.array(z.string()).optional(),
  adjustment: z.string().optional(),
  import_id: z.string().optional(),
  last_known: QuoteSchema.optional(),
  refused: z.array(z.object({ line: z.number(), reason: z.string() })).optional(),
});

/** The problem that an answer must be: its code, and everything that each problem carries. */
export async function problemOf(
  response: Response,
  code: ProblemCode,
  status: number = PROBLEMS[code].status,
): Promise<z.infer<typeof LooseProblem>> {
  const text = await response.text();
  expect(response.status, text.slice(0, 500)).toBe(status);
  expect(response.headers.get("Content-Type")).toBe("application/problem+json");
  const problem = LooseProblem.parse(JSON.parse(text));
  expect(problem).toMatchObject({ code, status, type: `/problems/${code}`, title: PROBLEMS[code].title });
  expect(problem.correlation_id).toBe(response.headers.get("X-Correlation-ID"));
  expect(problem.detail).not.toBe("");
  return problem;
}

const envelope = <T extends z.ZodType>(data: T) =>
  z.object({ success: z.literal(true), data, timestamp: z.iso.datetime({ precision: 3 }) });

export const SymbolAnswer = envelope(SymbolDetailSchema);
export const SymbolWritten = envelope(SymbolSchema);
export const QuoteAnswer = envelope(QuoteSchema);
export const ImportAnswer = envelope(ImportReportSchema);
export const ImportDetail = envelope(ImportSchema);
export const ImportsAnswer = envelope(z.array(ImportSchema)).extend({
  count: z.number().int(),
  next_cursor: z.string().nullable(),
});
export const SymbolsAnswer = envelope(z.array(SymbolSchema)).extend({
  count: z.number().int(),
  next_cursor: z.string().nullable(),
});
export const QuotesAnswer = envelope(z.record(z.string(), QuoteSchema)).extend({
  resolved: z.record(z.string(), z.string()),
  errors: z.record(z.string(), z.looseObject({ code: z.string(), status: z.number(), detail: z.string() })),
  count: z.number().int(),
});

/** The address in a `Link` header and its relation. */
export function linkOf(response: Response): { path: string; relation: string } | null {
  const match = /^<([^>]+)>; rel="(\w+)"$/.exec(response.headers.get("Link") ?? "");
  return match ? { path: match[1], relation: match[2] } : null;
}

/** Imports candles as an administrator. */
export function importCandles(chunk: ImportChunk): Promise<Response> {
  return send("POST", "/admin/import", chunk);
}
