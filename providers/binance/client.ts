import type { z } from "zod";
import type { Interval } from "../../core/interval.ts";
import type { CallContext, Failure } from "../provider.ts";
import { callUpstream, type Refusal } from "../upstream-call.ts";
import { ErrorSchema, KlinesSchema, TickersSchema } from "./schema.ts";

/** The most candles that one call answers. */
export const KLINES_PER_CALL = 1000;

/** How the exchange writes its symbols; others are refused as a whole call. */
export const SYMBOL = /^[A-Z0-9._-]{1,20}$/;

const TOO_MANY_REQUESTS = -1003;
const INVALID_SYMBOL = -1121;

/**
 * What the exchange refuses with: 418 is a ban after ignored 429s, 403 its firewall, 451 a region that it does not serve.
 * @see https://developers.binance.com/docs/binance-spot-api-docs/rest-api/limits
 * @see https://developers.binance.com/docs/binance-spot-api-docs/errors
 */
function refusalOf(body: unknown, status: number): Refusal | null {
  const code = ErrorSchema.safeParse(body).data?.code;
  if (code === INVALID_SYMBOL) return { reason: "unknown_symbol" };
  return status === 418 || code === TOO_MANY_REQUESTS ? { reason: "throttled" } : null;
}

function get<T>(
  baseUrl: string,
  path: string,
  parameters: Record<string, string>,
  schema: z.ZodType<T>,
  context: CallContext,
): Promise<T | Failure> {
  return callUpstream({ url: `${baseUrl}${path}`, parameters, schema, refusal: refusalOf }, context);
}

/**
 * The rolling 24 hours of up to 20 symbols, for which the call weighs 2 (up to 100 would weigh 40). One symbol that the
 * exchange does not know fails the whole call with `unknown_symbol`.
 * @see https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints#24hr-ticker-price-change-statistics
 */
export function ticker24h(
  baseUrl: string,
  symbols: readonly string[],
  context: CallContext,
): Promise<unknown[] | Failure> {
  return get(baseUrl, "/api/v3/ticker/24hr", { symbols: JSON.stringify(symbols) }, TickersSchema, context);
}

/** Which candles of a symbol: those that open within [`from`, `to`), unix seconds, the oldest first. */
export interface KlinesQuery {
  symbol: string;
  interval: Interval;
  from: number;
  to: number;
}

/**
 * The first 1,000 candles of a range. Its interval names are ours, and so are its UTC buckets; it weighs 2.
 * @see https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints#klinecandlestick-data
 */
export function klines(
  baseUrl: string,
  { symbol, interval, from, to }: KlinesQuery,
  context: CallContext,
): Promise<unknown[] | Failure> {
  const parameters = {
    symbol,
    interval,
    startTime: String(Math.max(0, Math.ceil(from * 1000))),
    // Both ends are included there.
    endTime: String(Math.ceil(to * 1000) - 1),
    limit: String(KLINES_PER_CALL),
  };
  return get(baseUrl, "/api/v3/klines", parameters, KlinesSchema, context);
}
