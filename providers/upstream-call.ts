import type { z } from "zod";
import { USER_AGENT } from "../contracts/version.ts";
import { currentTraceparent } from "../observability/span.ts";
import { type CallContext, CallRefused, type Failure, type FailureReason, failure } from "./provider.ts";
import { retryAfterSeconds } from "./retry-after.ts";

/** The longest answer that is read; the longest that is real, 25 years of daily candles, has about 1.5 MB. */
const MAX_RESPONSE_BYTES = 8 * 1024 * 1024;

/** What an upstream's own words come down to. */
export interface Refusal {
  reason: FailureReason;
  /** Seconds, where the words imply them; else what the `Retry-After` header says holds. */
  retryAfter?: number;
}

/** One GET of a JSON document. */
export interface UpstreamCall<T> {
  /** The address as far as its query. */
  url: string;
  /** What the query says; nothing by default. */
  parameters?: Record<string, string>;
  /** What the document must look like. */
  schema: z.ZodType<T>;
  headers?: Record<string, string>;
  /** Finds a refusal in an answer of any status; null where there is none that this upstream is known for. */
  refusal?: (body: unknown, status: number) => Refusal | null;
}

/**
 * Asks an upstream for a document that passes the call's schema. Whatever goes wrong is a `Failure` without a word of the upstream's or of the request: both may hold
 * an API key. The call names the platform, without which some upstreams answer 403. For the sake of keys redirects are not followed, and nothing on the way may cache the answer by its address.
 */
export async function callUpstream<T>(call: UpstreamCall<T>, context: CallContext): Promise<T | Failure> {
  const url = new URL(call.url);
  url.search = new URLSearchParams(call.parameters).toString();
  const request = new Request(url, {
    headers: { accept: "application/json", "user-agent": USER_AGENT, ...traceHeaders(), ...call.headers },
    redirect: "manual",
    cache: "no-store",
    signal: context.signal,
  });
  let response: Response;
  let text: string | null;
  try {
    response = await context.fetch(request);
    text = await readText(response, context.signal);
  } catch (error) {
    return transportFailure(error, context.signal);
  }
  if (context.signal.aborted) return failure("timeout");
  const body = text === null ? undefined : parseJson(text);
  const retryAfter = retryAfterSeconds(response.headers.get("retry-after"), context.now());
  const refused = call.refusal?.(body, response.status);
  if (refused) return failure(refused.reason, refused.retryAfter ?? retryAfter);
  if (!response.ok) return failure(reasonOfStatus(response.status), retryAfter);
  const document = call.schema.safeParse(body);
  return document.success ? document.data : failure("bad_answer");
}

/** The trace goes on upstream, where a client may look for it. */
function traceHeaders(): Record<string, string> {
  const traceparent = currentTraceparent();
  return traceparent === undefined ? {} : { traceparent };
}

/** Whatever a fetch rejects with is the network's: it names the address, and so perhaps a key, and is not kept. */
function transportFailure(error: unknown, signal: AbortSignal): Failure {
  if (error instanceof CallRefused) return error.failure;
  if (signal.aborted) return failure("timeout");
  if (error instanceof Error) return failure("unreachable");
  throw error;
}

function reasonOfStatus(status: number): FailureReason {
  if (status === 429) return "throttled";
  if (status === 401) return "bad_key";
  // A firewall, or a region that is not served (RFC 7725).
  if (status === 403 || status === 451) return "blocked";
  if (status >= 500) return "server_error";
  return status >= 400 ? "bad_call" : "bad_answer";
}

/** The body's text, or null where it is too long. An abort ends the reading as if the body ended there. */
async function readText(response: Response, signal: AbortSignal): Promise<string | null> {
  if (!response.body) return "";
  const reader = response.body.getReader();
  const stop = (): void => void reader.cancel().catch(() => {});
  signal.addEventListener("abort", stop, { once: true });
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return text + decoder.decode();
      bytes += value.byteLength;
      if (bytes > MAX_RESPONSE_BYTES) {
        stop();
        return null;
      }
      text += decoder.decode(value, { stream: true });
    }
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** The document, or undefined where the text is not JSON: HTML, prose, or cut off. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
