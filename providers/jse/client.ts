import type { z } from "zod";
import { isoDate } from "../../core/time.ts";
import type { CallContext, Failure } from "../provider.ts";
import { callUpstream, type Refusal } from "../upstream-call.ts";
import { ErrorSchema, HistoryAnswerSchema, InstrumentsAnswerSchema, QuoteAnswerSchema } from "./schema.ts";

/**
 * The exchange licenses its delayed quotes to vendors and brokers; each serves them from a host of its own. This is the
 * interface of a South African broker's back end, whose address and key are configuration.
 */
export interface JseSettings {
  baseUrl: string;
  apiKey: string;
  /** Whether the host serves daily history too. */
  history: boolean;
}

/** An envelope with an error: with 404 of a share that is not there. */
function refusalOf(body: unknown, status: number): Refusal | null {
  if (!ErrorSchema.safeParse(body).success) return null;
  if (status === 404) return { reason: "unknown_symbol" };
  return status < 300 ? { reason: "bad_call" } : null;
}

function get<T>(
  { baseUrl, apiKey }: JseSettings,
  path: string,
  parameters: Record<string, string>,
  schema: z.ZodType<T>,
  context: CallContext,
): Promise<T | Failure> {
  const headers = { "x-api-key": apiKey };
  return callUpstream({ url: `${baseUrl}${path}`, parameters, schema, headers, refusal: refusalOf }, context);
}

/**
 * A share's quote, delayed by 15 minutes: `GET {base}/shares/{code}/quote`.
 * @see https://clientportal.jse.co.za/market-data for what the exchange's licence to vendors covers
 */
export function shareQuote(
  settings: JseSettings,
  code: string,
  context: CallContext,
): Promise<z.infer<typeof QuoteAnswerSchema> | Failure> {
  return get(settings, `/shares/${encodeURIComponent(code)}/quote`, {}, QuoteAnswerSchema, context);
}

/** A share's trading days from one date to another, both included: `GET {base}/shares/{code}/history?from&to`. */
export function shareHistory(
  settings: JseSettings,
  { code, from, to }: { code: string; from: number; to: number },
  context: CallContext,
): Promise<z.infer<typeof HistoryAnswerSchema> | Failure> {
  const path = `/shares/${encodeURIComponent(code)}/history`;
  return get(settings, path, { from: isoDate(from), to: isoDate(to) }, HistoryAnswerSchema, context);
}

/** Instruments by code or name: `GET {base}/instruments?search`. */
export function findInstruments(
  settings: JseSettings,
  text: string,
  context: CallContext,
): Promise<z.infer<typeof InstrumentsAnswerSchema> | Failure> {
  return get(settings, "/instruments", { search: text }, InstrumentsAnswerSchema, context);
}
