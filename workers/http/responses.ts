import { ProblemSchema } from "../../contracts/problem.ts";
import { count } from "../../observability/metrics/collector.ts";
import { withDefaultHeaders } from "./headers.ts";
import type { AppContext } from "./service.ts";

/** The tier that answered a read: RFC 9211's cache names, from the nearest to the farthest. */
export type Tier = "memory" | "kv" | "room" | "provider";

const TIERS: readonly Tier[] = ["memory", "kv", "room", "provider"];

/** How a read may be kept by others. */
export interface ReadOptions {
  /** A weak tag that names the state of what is answered; unless given, the tag is made of the answer's data. */
  weakTag?: string;
  /** Seconds for which caches may answer with it. */
  maxAge: number;
  tiers?: readonly Tier[];
  headers?: Record<string, string>;
}

/** The `Cache-Status` of an answer that came from these tiers (RFC 9211), each once and the nearest first. They are counted. */
function cacheStatus(tiers: readonly Tier[]): string {
  const distinct = tiers.length === 1 ? tiers : TIERS.filter((tier) => tiers.includes(tier));
  for (const tier of distinct) count("wizdata_cache_answers_total", { tier });
  return distinct.map((tier) => (tier === "provider" ? "provider; fwd=miss" : `${tier}; hit`)).join(", ");
}

/** The first 16 bytes of a text's SHA-256, in hexadecimal. */
export async function digestOf(text: string | Uint8Array): Promise<string> {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return Array.from(new Uint8Array(digest, 0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Whether `If-None-Match` names the tag, by weak comparison (RFC 9110, section 13.1.2). */
function matchesTag(header: string | undefined, etag: string): boolean {
  if (!header) return false;
  const withoutWeakPrefix = (tag: string) => tag.trim().replace(/^W\//, "");
  return header.trim() === "*" || header.split(",").some((tag) => withoutWeakPrefix(tag) === withoutWeakPrefix(etag));
}

/**
 * Answers a read whose body is `text`: with its entity tag, or 304 where the client has it already.
 * @param tagged the part of the body that the tag is made of
 */
export function textResponse(
  c: AppContext,
  text: string,
  taggedPart: string,
  type: string,
  options: ReadOptions,
): Response | Promise<Response> {
  if (options.weakTag !== undefined) return taggedResponse(c, text, `W/"${options.weakTag}"`, type, options);
  return digestOf(taggedPart).then((digest) => taggedResponse(c, text, `"${digest}"`, type, options));
}

/** A text that stays the same until the next version, with its entity tag. */
export interface FixedText {
  bytes: Uint8Array;
  etag: string;
}

/** Encodes and tags a text once: what is large must not be encoded for every request. */
export async function fixedText(text: string): Promise<FixedText> {
  const bytes = new TextEncoder().encode(text);
  return { bytes, etag: `"${await digestOf(bytes)}"` };
}

/** Answers a read of a fixed text, or 304 if the client has it already. */
export function fixedResponse(c: AppContext, { bytes, etag }: FixedText, type: string, options: ReadOptions): Response {
  return taggedResponse(c, bytes, etag, type, options);
}

/**
 * How a read may be kept. What a key was sent for must not be handed on by a shared cache to those who have none (RFC 9111, section
 * 3.5), and what only administrators may read must not be kept at all.
 */
function cacheControl(c: AppContext, maxAge: number): string {
  if (c.req.path.startsWith("/admin/")) return "no-store";
  const isAnonymous = c.get("caller").kind === "anonymous";
  if (maxAge <= 0) return isAnonymous ? "no-cache" : "private, no-cache";
  return `${isAnonymous ? "public" : "private"}, max-age=${maxAge}`;
}

function taggedResponse(
  c: AppContext,
  body: string | Uint8Array,
  etag: string,
  type: string,
  options: ReadOptions,
): Response {
  const headers: Record<string, string> = {
    ETag: etag,
    "Cache-Control": cacheControl(c, options.maxAge),
    ...(options.tiers ? { "Cache-Status": cacheStatus(options.tiers) } : {}),
    ...options.headers,
  };
  if (matchesTag(c.req.header("If-None-Match"), etag)) return withDefaultHeaders(c, null, 304, headers);
  return withDefaultHeaders(c, body, 200, { ...headers, "Content-Type": type });
}

/**
 * Answers a read with `{success, data, …, timestamp}`. `data` is serialised once, for the body and for its entity tag.
 * @param beside members that stand beside `data`
 */
export function jsonResponse(
  c: AppContext,
  data: unknown,
  siblings: Record<string, unknown>,
  options: ReadOptions,
): Response | Promise<Response> {
  const json = JSON.stringify(data);
  const rest = JSON.stringify({ ...siblings, ...countOf(data), timestamp: new Date().toISOString() });
  const body = `{"success":true,"data":${json},${rest.slice(1)}`;
  return textResponse(c, body, json, "application/json", options);
}

function countOf(data: unknown): { count?: number } {
  if (Array.isArray(data)) return { count: data.length };
  return {};
}

/** The body of an answer to a write: `{success, data, timestamp}`. */
export function envelope<T>(data: T): { success: true; data: T; timestamp: string } {
  return { success: true, data, timestamp: new Date().toISOString() };
}

/** The problems that a route may answer with, for the OpenAPI document; 304 is among them because every read may. */
export function problemResponses<S extends number>(...statuses: S[]) {
  const content = { "application/problem+json": { schema: ProblemSchema } };
  const described = statuses.map((status) => [
    status,
    { description: PROBLEM_DESCRIPTIONS[status] ?? "Problem", content },
  ]);
  return Object.fromEntries(described) as Record<S, { description: string; content: typeof content }>;
}

/** What a status means on any route. */
export const PROBLEM_DESCRIPTIONS: Readonly<Record<number, string>> = {
  400: "The request is not valid: `errors` says where",
  401: "A key is missing or not valid",
  403: "The key lacks the scope",
  404: "Not found; `suggestions` names the nearest symbols",
  409: "A conflict: an ambiguous alias, a symbol that exists, a series that is adjusted otherwise",
  410: "The symbol is retired",
  413: "The body is too large",
  415: "The body is not JSON",
  422: "The Idempotency-Key was used for another request",
  429: "Too many requests: `Retry-After` says when to go on",
  500: "A fault of ours; it is logged under the answer's correlation id",
  503: "Not available now: `Retry-After` says when to ask again",
};
