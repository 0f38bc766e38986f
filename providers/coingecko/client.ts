import type { z } from "zod";
import type { CallContext, Failure } from "../provider.ts";
import { callUpstream, type Refusal } from "../upstream-call.ts";
import {
  type Chart,
  ChartSchema,
  MarketsSchema,
  NotFoundSchema,
  OhlcSchema,
  RefusalSchema,
  SearchSchema,
} from "./schema.ts";

/** How the service may be asked: without a key, with a free one, or with a paid one. */
export type Plan = "keyless" | "demo" | "pro";

export interface CoinGeckoSettings {
  plan: Plan;
  baseUrl: string;
  /** Null without a key. */
  apiKey: string | null;
}

/** @see https://docs.coingecko.com/docs/setting-up-your-api-key */
const KEY_HEADER = { keyless: null, demo: "x-cg-demo-api-key", pro: "x-cg-pro-api-key" } as const;

/**
 * The refusals by the service's own codes. They come with 401, 403 or 429, and 429 has been seen inside a 200.
 * @see https://docs.coingecko.com/docs/common-errors-rate-limit
 */
function refusalOf(body: unknown, httpStatus: number): Refusal | null {
  switch (RefusalSchema.safeParse(body).data?.status.error_code) {
    case 429:
      return { reason: "throttled" };
    // Beyond the plan's endpoints.
    case 10005:
      return { reason: "premium_only" };
    // Beyond the plan's days of history: that range's matter, and no other's.
    case 10012:
      return { reason: "unsupported" };
    // No key; a wrong one; a key of the other plan's host.
    case 10002:
    case 10010:
    case 10011:
      return { reason: "bad_key" };
    default:
      if (httpStatus === 404 && NotFoundSchema.safeParse(body).success) return { reason: "unknown_symbol" };
      return null;
  }
}

function get<T>(
  { plan, baseUrl, apiKey }: CoinGeckoSettings,
  path: string,
  parameters: Record<string, string>,
  schema: z.ZodType<T>,
  context: CallContext,
): Promise<T | Failure> {
  const header = KEY_HEADER[plan];
  const headers: Record<string, string> = header && apiKey ? { [header]: apiKey } : {};
  return callUpstream({ url: `${baseUrl}${path}`, parameters, schema, headers, refusal: refusalOf }, context);
}

/** The most coins that one call of `coinsMarkets` answers; a hundred ids are as long as an address should be. */
export const COINS_PER_CALL = 100;

/**
 * Prices and 24-hour figures of up to 100 coins, by their ids. A coin that the service does not know is left out.
 * @see https://docs.coingecko.com/reference/coins-markets
 */
export function coinsMarkets(
  settings: CoinGeckoSettings,
  { ids, currency }: { ids: readonly string[]; currency: string },
  context: CallContext,
): Promise<unknown[] | Failure> {
  const parameters = {
    vs_currency: currency,
    ids: ids.join(","),
    per_page: String(COINS_PER_CALL),
    page: "1",
    sparkline: "false",
    precision: "full",
  };
  return get(settings, "/coins/markets", parameters, MarketsSchema, context);
}

/** Of one coin, back from now. */
export interface HistoryQuery {
  id: string;
  currency: string;
  days: number;
  /** Paid plans only; without it the days decide: 1 returns 30 minutes, up to 30 four hours, more four days. */
  interval?: "hourly" | "daily";
}

/**
 * Candles of a coin, stamped with their end.
 * @see https://docs.coingecko.com/reference/coins-id-ohlc
 */
export function coinOhlc(
  settings: CoinGeckoSettings,
  { id, currency, days, interval }: HistoryQuery,
  context: CallContext,
): Promise<unknown[] | Failure> {
  const path = `/coins/${encodeURIComponent(id)}/ohlc`;
  const parameters = { vs_currency: currency, days: String(days), ...(interval && { interval }), precision: "full" };
  return get(settings, path, parameters, OhlcSchema, context);
}

/**
 * Prices of a coin at instants: every 5 minutes for one day, every hour for up to 90, 00:00 UTC of each day for more.
 * The last one is of now.
 * @see https://docs.coingecko.com/reference/coins-id-market-chart
 */
export function coinMarketChart(
  settings: CoinGeckoSettings,
  { id, currency, days }: HistoryQuery,
  context: CallContext,
): Promise<Chart | Failure> {
  const path = `/coins/${encodeURIComponent(id)}/market_chart`;
  return get(settings, path, { vs_currency: currency, days: String(days), precision: "full" }, ChartSchema, context);
}

/**
 * Coins by name or code.
 * @see https://docs.coingecko.com/reference/search-data
 */
export function searchCoins(
  settings: CoinGeckoSettings,
  text: string,
  context: CallContext,
): Promise<z.infer<typeof SearchSchema> | Failure> {
  return get(settings, "/search", { query: text }, SearchSchema, context);
}
