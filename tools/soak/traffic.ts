import { z } from "zod";
import { DAY } from "../../core/time.ts";
import type { SeededRandom } from "../seeded-random.ts";
import { faultOfCandles, faultOfQuote, TRADED } from "./oracle.ts";
import type { SoakReport } from "./report.ts";

/** The only 5xx that a reader may see: nothing is known, or nothing young enough. */
const DOCUMENTED_503: ReadonlySet<string> = new Set(["quote.unavailable", "candles.unavailable", "quote.too_old"]);

/** Indicators say so when a series has too few bars yet. */
const EXPECTED_4XX: ReadonlySet<string> = new Set(["indicator.not_enough_data"]);

const ProblemSchema = z.object({
  status: z.number(),
  code: z.string(),
  last_known: z.unknown().optional(),
  errors: z.unknown().optional(),
});

const BatchSchema = z.object({
  data: z.record(z.string(), z.unknown()).optional(),
  errors: z.record(z.string(), z.unknown()),
});

const KINDS = ["quote", "quotes", "candles", "indicators", "symbol", "symbols"] as const;

type Kind = (typeof KINDS)[number];

/** Quotes are asked for most. */
const MIX: readonly Kind[] = [
  "quote",
  "quote",
  "quote",
  "quote",
  "quotes",
  "quotes",
  "candles",
  "candles",
  "indicators",
  "symbol",
  "symbols",
];

/** Where and as whom the platform is asked. */
export interface Reader {
  url: string;
  headers: Record<string, string>;
  report: SoakReport;
}

/** The last candles as a rule; else some of the past, which no client has asked for yet. */
function randomUntil(random: SeededRandom): string {
  return random.next() < 0.6 ? "" : `&to=${Math.floor(Date.now() / 1000 - random.next() * 300 * DAY)}`;
}

function randomPath(kind: Kind, random: SeededRandom): string {
  const { symbol, intervals } = random.pick(TRADED);
  const maxAge = random.pick(["", "", "?max_age=5", "?max_age=60"]);
  switch (kind) {
    case "quote":
      return `/quotes/${symbol}${maxAge}`;
    case "quotes":
      return `/quotes?symbols=${[symbol, ...Array.from({ length: 4 }, () => random.pick(TRADED).symbol)].join()}`;
    case "candles":
      return `/ohlcv/${symbol}?interval=${random.pick(intervals)}&limit=${random.pick([5, 50, 300])}${randomUntil(random)}`;
    case "indicators":
      return `/indicators/${symbol}?interval=${random.pick(intervals)}&indicators=RSI,MACD&data_points=20`;
    case "symbol":
      return `/symbols/${symbol}`;
    case "symbols":
      return `/symbols?search=${encodeURIComponent(symbol.slice(0, 3))}&limit=5`;
  }
}

/** Asks one random question and judges the answer. */
export async function requestRandom(reader: Reader, random: SeededRandom): Promise<void> {
  const kind = random.pick(MIX);
  const path = randomPath(kind, random);
  const noCache = random.next() < 0.5;
  await requestAndCheck(reader, kind, path, noCache);
}

/** A kept connection may be closed at the very moment at which it is used again; a second refusal is no such accident. */
async function fetchWithRetry(url: string, headers: Record<string, string>, report: SoakReport): Promise<Response> {
  try {
    return await fetch(url, { headers });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    report.recordDroppedConnection();
    return fetch(url, { headers });
  }
}

/** Sends a request and checks the answer; returns its status and its body. */
export async function requestAndCheck(
  { url, headers, report }: Reader,
  kind: Kind,
  path: string,
  noCache: boolean,
): Promise<{ status: number; body: unknown }> {
  const begun = performance.now();
  const sentHeaders = noCache ? { ...headers, "Cache-Control": "no-cache" } : headers;
  const response = await fetchWithRetry(url + path, sentHeaders, report);
  const text = await response.text();
  report.recordResponse(kind, response.status, performance.now() - begun);
  const body: unknown = JSON.parse(text);
  const fault = response.ok ? faultOf(kind, body) : faultOfProblem(kind, body);
  if (fault) report.recordViolation(`${path} (${response.status}): ${fault}`);
  return { status: response.status, body };
}

function faultOf(kind: Kind, body: unknown): string | null {
  switch (kind) {
    case "quote":
      return faultOfQuote(z.object({ data: z.unknown() }).parse(body).data);
    case "quotes":
      return faultOfBatch(body);
    case "candles":
      return faultOfCandles(body);
    case "indicators":
    case "symbol":
    case "symbols":
      return JSON.stringify(body).includes('"simulated":true') ? "is simulated" : null;
  }
}

function faultOfBatch(body: unknown): string | null {
  const { data = {}, errors } = BatchSchema.parse(body);
  const faults = [...Object.values(data).map(faultOfQuote), ...Object.values(errors).map(faultOfOneProblem)];
  return faults.find((fault) => fault !== null) ?? null;
}

function faultOfProblem(kind: Kind, body: unknown): string | null {
  return faultOfOneProblem(body) ?? (kind === "quotes" ? faultOfBatch(body) : null);
}

/** What is wrong with a refusal: it is none that is documented, or its last known price is wrong. */
function faultOfOneProblem(value: unknown): string | null {
  const { status, code, last_known } = ProblemSchema.parse(value);
  const expected = status === 503 ? DOCUMENTED_503.has(code) : status < 500 && EXPECTED_4XX.has(code);
  if (!expected) return `${status} ${code} is no answer that is due`;
  return last_known === undefined ? null : faultOfQuote(last_known);
}
