import { exports } from "cloudflare:workers";
import { expect } from "vitest";
import type { z } from "zod";
import { IndicatorsAnswerSchema } from "../../../contracts/indicator.ts";
import { PROBLEMS, type ProblemCode, ProblemSchema } from "../../../contracts/problem.ts";

const ORIGIN = "https://edge.test";
/** With a key the burst guard, which counts callers without one, stays out of the way. */
const KEY = { "X-API-Key": "test-admin-token" };

export type Answer = z.infer<typeof IndicatorsAnswerSchema>;
export type Problem = z.infer<typeof ProblemSchema>;
export type Column = (number | null)[];

/** Calls the Worker. */
export function call(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  for (const [name, value] of Object.entries(KEY)) headers.set(name, value);
  return exports.default.fetch(new Request(`${ORIGIN}${path}`, { ...init, headers }));
}

/** Posts a JSON body; a string is sent as it is. */
export function post(path: string, body: unknown, headers: HeadersInit = {}): Promise<Response> {
  const all = new Headers(headers);
  all.set("Content-Type", "application/json");
  return call(path, { method: "POST", headers: all, body: typeof body === "string" ? body : JSON.stringify(body) });
}

/** Posts to /calculate. */
export const calculate = (body: unknown): Promise<Response> => post("/calculate", body);

/** The address of a symbol's indicators. */
export function addressOf(symbol: string, query: Record<string, string | number> = {}): string {
  const parameters = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
  return `/indicators/${symbol}?${parameters}`;
}

/** The body of a 200, which holds nothing but JSON's own numbers. */
export async function bodyOf<T>(response: Response, schema: z.ZodType<T>): Promise<T> {
  const text = await response.text();
  expect(response.status, text.slice(0, 1000)).toBe(200);
  expect(/NaN|Infinity|undefined/.exec(text)?.[0] ?? null).toBeNull();
  const body: unknown = JSON.parse(text);
  const parsed = schema.parse(body);
  expect(parsed).toEqual(body);
  return parsed;
}

/** The columns of one spec by output; a single one is called `value`. */
export function columnsOf(answer: Answer, key: string): Record<string, Column> {
  const values = answer.indicators[key];
  expect(values, `${key} is not among ${Object.keys(answer.indicators).join(", ")}`).toBeDefined();
  if (Array.isArray(values)) return { value: values };
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, column]) => (Array.isArray(column) ? [[name, column]] : [])),
  );
}

/** The column of a spec that has one alone. */
export function columnOf(answer: Answer, key: string): Column {
  const { value } = columnsOf(answer, key);
  expect(value, `${key} has several outputs`).toBeDefined();
  return value;
}

/** An answer that keeps the rules that hold for every one. */
export async function answerOf(response: Response): Promise<Answer> {
  const answer = await bodyOf(response, IndicatorsAnswerSchema);
  expect(answer.data_points_used).toBe(answer.times.length);
  expect(answer.times).toEqual(answer.times.toSorted((a, b) => a - b));
  expect(new Set(answer.times).size).toBe(answer.times.length);
  expect(Object.keys(answer.meta).toSorted()).toEqual(Object.keys(answer.indicators).toSorted());
  for (const key of Object.keys(answer.indicators)) {
    for (const column of Object.values(columnsOf(answer, key))) expect(column).toHaveLength(answer.times.length);
  }
  return answer;
}

/** Asks for a symbol's indicators and expects an answer. */
export async function readIndicators(symbol: string, query: Record<string, string | number> = {}): Promise<Answer> {
  return answerOf(await call(addressOf(symbol, query)));
}

/** The problem that an answer must be. */
export async function problemOf(response: Response, code: ProblemCode): Promise<Problem> {
  const text = await response.text();
  expect(response.status, text.slice(0, 1000)).toBe(PROBLEMS[code].status);
  expect(response.headers.get("Content-Type")).toBe("application/problem+json");
  const problem = ProblemSchema.parse(JSON.parse(text));
  expect(problem).toMatchObject({ code, type: `/problems/${code}`, title: PROBLEMS[code].title, success: false });
  expect(problem.correlation_id).toBe(response.headers.get("X-Correlation-ID"));
  return problem;
}

/** What is wrong with each part of an input, by the part. */
export const faultsOf = (problem: Problem): Record<string, string> =>
  Object.fromEntries((problem.errors ?? []).map((error) => [error.path, error.message]));

/** A candle as callers and imports write it. */
export interface WrittenCandle {
  time: number;
  open: number | null;
  high: number | null;
  low: number | null;
  close: number | null;
  volume: number | null;
}

const ROWS_PER_CHUNK = 5000;

/** Imports candles into a symbol, in chunks. */
export async function importSeries(symbol: string, interval: string, candles: readonly WrittenCandle[]): Promise<void> {
  for (let at = 0; at < candles.length; at += ROWS_PER_CHUNK) {
    const rows = candles.slice(at, at + ROWS_PER_CHUNK).map((candle, i) => ({ line: at + i + 1, ...candle }));
    const response = await post("/admin/import", { symbol, interval, rows });
    expect(response.status, (await response.text()).slice(0, 500)).toBe(200);
  }
}

/** A made-up series whose closes wander and whose fields are all there; the same each time. */
export function randomWalkCandles(count: number, from: number, step: number): WrittenCandle[] {
  let close = 100;
  return Array.from({ length: count }, (_, i) => {
    const open = close;
    close = 100 + 20 * Math.sin(i / 7) + 5 * Math.sin(i * 1.7) + ((i * 7919) % 13) / 10;
    const high = Math.max(open, close) + 1 + (i % 3);
    const low = Math.min(open, close) - 1 - (i % 2);
    return { time: from + i * step, open, high, low, close, volume: 1000 + ((i * 104_729) % 997) };
  });
}
