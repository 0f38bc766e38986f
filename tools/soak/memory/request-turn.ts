import type { ApiDocument, Route } from "../../fuzz/document.ts";
import type { FuzzRequest, RequestGenerator } from "../../fuzz/requests.ts";
import type { SeededRandom } from "../../seeded-random.ts";
import type { TestSymbols } from "./own-symbols.ts";

/** Of 1: up to where a request is broken, at the bounds of its schema, and valid; the rest is large where a route has large answers. */
const BROKEN = 0.1;
const BOUNDARY = 0.2;
const LARGE = 0.5;
/** Of 1: up to where a read comes without a key, and with a customer's key; the rest come from an operator. */
const ANONYMOUS = 0.25;
const CUSTOMERS = 0.5;

const REQUEST_CANDLES = Array.from({ length: 300 }, (_, i) => {
  const close = 100 + Math.sin(i / 7) * 5;
  return { time: 1_700_000_000 + i * 3600, open: close, high: close + 1, low: close - 1, close, volume: 10 + i };
});

const calculate = (question: object): string =>
  JSON.stringify({ indicators: ["RSI", "MACD", "BOLLINGER"], ...question });

/** Requests with the largest answers of a route, beside those that are drawn from the document: what a leak shows in first. */
const LARGE_REQUESTS: Readonly<Record<string, readonly { path: string; body?: string }[]>> = {
  "GET /symbols": [{ path: "/symbols?limit=1000" }, { path: "/v1/symbols?limit=100" }],
  "GET /quotes": [{ path: "/quotes?symbols=BTC/USDT,ETH/USDT,AAPL,JSE:NPN,USD/ZAR,EUR/USD,MSFT,SOL/USDT" }],
  "GET /ohlcv/{symbol}": [
    { path: "/ohlcv/BTC/USDT?interval=1m&limit=1000" },
    { path: "/ohlcv/AAPL?interval=1d&limit=500&format=csv" },
  ],
  "GET /indicators/{symbol}": [
    { path: "/indicators/ETH/USDT?indicators=RSI,MACD,BOLLINGER,ICHIMOKU&interval=1h&data_points=500" },
  ],
  "POST /calculate": [
    { path: "/calculate", body: calculate({ symbol: "BTC/USDT", data_points: 200 }) },
    { path: "/calculate", body: calculate({ symbols: ["BTC/USDT", "AAPL", "JSE:NPN"], interval: "1d" }) },
    { path: "/calculate", body: calculate({ candles: REQUEST_CANDLES }) },
  ],
};

/** Who asks. */
export interface Callers {
  operator: Record<string, string>;
  customer: Record<string, string>;
}

/** What a turn of requests needs. */
export interface RequestTurnContext {
  url: string;
  document: ApiDocument;
  requests: RequestGenerator;
  random: SeededRandom;
  callers: Callers;
  own: TestSymbols;
  answered(name: string, answer: string): void;
}

/** How a route is named in the report. */
export const routeName = ({ method, path }: Route): string => `${method} ${path}`;

const isRead = (route: Route): boolean => route.method === "GET" && !route.path.startsWith("/admin");

/** Requests to a route in its turn. */
export function createRequestTurn(
  context: RequestTurnContext,
  route: Route,
): (count: number, clients: number) => Promise<void> {
  const { url, requests, random, callers, own } = context;
  const name = routeName(route);
  const large = LARGE_REQUESTS[name] ?? [];

  function draw(): FuzzRequest {
    const roll = random.next();
    if (large.length === 0 || roll < LARGE) {
      const manner = roll < BROKEN ? "broken" : roll < BOUNDARY ? "boundary" : "valid";
      return own.confine(requests.of(route, manner));
    }
    const { path, body } = random.pick(large);
    const headers: Record<string, string> = { ...callers.operator };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    return { route, manner: "valid", method: route.method, path, headers, body };
  }

  /** Most of what the public may read is read without a key, or with a customer's. */
  function headersOf(request: FuzzRequest): Record<string, string> {
    const luck = isRead(route) ? random.next() : 1;
    if (luck >= CUSTOMERS) return request.headers;
    const { Authorization: _, ...rest } = request.headers;
    return luck < ANONYMOUS ? rest : { ...rest, ...callers.customer };
  }

  async function ask(): Promise<void> {
    const request = draw();
    const { method, path, body } = request;
    const response = await fetch(`${url}${path}`, { method, headers: headersOf(request), body, redirect: "manual" });
    const isEndless = response.headers.get("Content-Type")?.startsWith("text/event-stream") ?? false;
    if (isEndless) await response.body?.cancel();
    else await response.arrayBuffer();
    context.answered(name, String(response.status));
  }

  return async (count, clients) => {
    let asked = 0;
    const client = async (): Promise<void> => {
      while (asked++ < count) await ask();
    };
    await Promise.all(Array.from({ length: Math.min(clients, count) }, client));
  };
}
