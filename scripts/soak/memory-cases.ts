import type { ApiDocument } from "../fuzz/document.ts";

/** One request of the soak. */
interface MemoryRequest {
  method: string;
  path: string;
  body?: object;
  headers?: Record<string, string>;
}

/** What is asked of one route: the same kind of request again and again, in variations. */
export interface MemoryCase {
  name: string;
  /** Statuses that count as an answer. */
  statuses: readonly number[];
  request: (index: number) => MemoryRequest;
}

const SYMBOLS = [
  "BTC/USDT",
  "AAPL",
  "JSE:NPN",
  "EUR/USD",
  "ETH/USDT",
  "MSFT",
  "JSE:SBK",
  "USD/ZAR",
  "SOL/USDT",
  "TSLA",
];
const INTERVALS = ["1m", "5m", "15m", "30m", "1h", "4h", "1d", "1w", "1M"];
const CODES = ["symbol.not_found", "quote.too_old", "auth.invalid", "request.invalid"];
const HOUR = 3_600;
/** Pages begin at hours after this: 2026-01-01. */
const BEGINNING = 1_767_225_600;

const pick = (list: readonly string[], index: number): string => list[index % list.length];
const symbol = (index: number): string => pick(SYMBOLS, index);
const get = (path: string, headers?: Record<string, string>): MemoryRequest => ({ method: "GET", path, headers });
const send = (method: string, path: string, body?: object, headers?: Record<string, string>): MemoryRequest => ({
  method,
  path,
  body,
  headers,
});

/** Candles of a caller's own. */
const ownCandles = (index: number): object[] =>
  Array.from({ length: 60 }, (_, i) => ({
    time: BEGINNING + i * HOUR,
    ...{ open: 10, high: 12, low: 9, close: 10 + ((index + i) % 7) / 10, volume: 1 + i },
  }));

/** By the operation's id in the OpenAPI document. Every variation of a read asks for something that may be remembered. */
const REQUESTS: Readonly<Record<string, (index: number) => MemoryRequest>> = {
  getQuote: (i) =>
    get(`/quotes/${symbol(i)}`, i % 3 === 0 ? { "Cache-Control": "no-cache" } : { traceparent: trace(i) }),
  getQuotes: (i) => get(`/quotes?symbols=${symbol(i)},${symbol(i + 3)},${symbol(i + 5)},NO-SUCH-${i}`),
  getCandles: (i) =>
    get(
      `/ohlcv/${symbol(i)}?interval=${pick(INTERVALS, i)}&limit=200&to=${BEGINNING + i * HOUR}${i % 2 ? "&format=csv" : ""}`,
    ),
  listIndicators: () => get("/indicators/available"),
  getIndicators: (i) =>
    get(`/indicators/${symbol(i)}?interval=1d&data_points=${20 + (i % 80)}&indicators=RSI:${2 + (i % 60)}`),
  calculateIndicators: (i) =>
    send(
      "POST",
      "/calculate",
      i % 2 === 0
        ? { candles: ownCandles(i), indicators: ["RSI", "MACD"] }
        : { symbols: [symbol(i), symbol(i + 1)], indicators: ["SMA:10"], interval: "1d", data_points: 20 },
    ),
  listSymbols: (i) =>
    get(
      i % 2 === 0
        ? `/symbols?limit=100&type=stock`
        : `/symbols?search=${pick(["bank", "boeing", "np", "x"], i)}${i % 50}`,
    ),
  createSymbol: (i) =>
    send(
      "POST",
      "/symbols",
      {
        symbol: `SOAK${i}`,
        name: `Share ${i} of the soak`,
        type: "stock",
        currency: "USD",
        primary_exchange: "NASDAQ",
      },
      { "Idempotency-Key": `soak-${i}` },
    ),
  listStreamableSymbols: (i) => get(`/symbols/streaming/available?limit=${50 + (i % 50)}`),
  getSymbol: (i) => get(`/symbols/${symbol(i)}`),
  changeSymbol: (i) => send("PUT", "/symbols/ADA/USDT", { description: `Changed ${i} times.` }),
  retireSymbol: (i) => send("DELETE", `/symbols/SOAK${i}`),
  validateSymbol: (i) => get(`/symbols/${i % 2 === 0 ? symbol(i) : `UNKNOWN${i}`}/validate`),
  setStreaming: (i) => send("PUT", `/symbols/XRP/USDT/streaming?available=${i % 2 === 0}`),
  listExchanges: (i) => get(`/exchanges?detail=${i % 2 === 0}`),
  listTypes: () => get("/types?detail=true"),
  listProviders: () => get("/admin/providers"),
  resetBreaker: () => send("POST", "/admin/providers/binance/reset?family=quotes"),
  traceQuote: (i) => get(`/admin/quotes/${symbol(i)}/trace`),
  listQualityDecisions: () => get("/admin/quality?limit=100"),
  listAudit: () => get("/admin/audit?limit=100"),
  createKey: (i) => send("POST", "/admin/keys", { name: `soak ${i}`, scopes: ["read"] }),
  listKeys: () => get("/admin/keys"),
  revokeKey: (i) => send("DELETE", `/admin/keys/${prefix(i)}`),
  getUsage: () => get("/usage"),
  createTicket: () => send("POST", "/tickets"),
  getStreamStatus: () => get("/status"),
  listConnections: () => get("/connections"),
  listSubscriptions: () => get("/subscriptions"),
  broadcast: (i) => send("POST", "/broadcast", { message: `Message ${i}` }),
  getHealth: () => get("/health"),
  getServiceHealth: (i) =>
    get(`/health/${pick(["market-data", "symbol-registry", "indicator-engine", "streaming"], i)}`),
  getReadiness: () => get("/ready"),
  getMetrics: () => get("/metrics"),
  getAsyncApiDocument: () => get("/asyncapi.json"),
  getProblem: (i) => get(`/problems/${pick(CODES, i)}`),
  getOpenApiDocument: () => get("/openapi.json"),
};

/** Routes that are asked in a way of their own: sockets, event streams and imports. */
const ELSEWHERE = ["openSocket", "openSymbolSocket", "streamSymbol", "importCandles"];

/** Statuses that some routes answer with on purpose here: what is asked is not there, or is there already, or needs a key. */
const ALSO: Readonly<Record<string, readonly number[]>> = {
  createSymbol: [201, 409],
  retireSymbol: [404],
  revokeKey: [404],
  getUsage: [403, 404],
  createTicket: [201, 403],
  createKey: [201],
};

function trace(index: number): string {
  return `00-${index.toString(16).padStart(32, "1")}-00f067aa0ba902b7-01`;
}

/** A prefix of no key. */
function prefix(index: number): string {
  const letters = "abcdefghijklmnopqrstuvwxyz234567";
  return Array.from({ length: 8 }, (_, i) => letters[Math.floor(index / 32 ** i) % 32]).join("");
}

/**
 * What the soak asks of each route of the document.
 * @throws Error that names the routes for which there is no request
 */
export function memoryCases({ routes }: ApiDocument): MemoryCase[] {
  const missing = routes.filter(({ id }) => !(id in REQUESTS) && !ELSEWHERE.includes(id)).map(({ id }) => id);
  if (missing.length > 0) throw new Error(`The memory soak has no request for ${missing.join(", ")}.`);
  return routes
    .filter(({ id }) => id in REQUESTS)
    .map(({ id, method, path }) => ({
      name: `${method} ${path}`,
      statuses: [200, ...(ALSO[id] ?? [])],
      request: REQUESTS[id],
    }));
}
