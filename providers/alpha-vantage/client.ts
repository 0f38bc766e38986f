import type { z } from "zod";
import type { CallContext, Failure } from "../provider.ts";
import { callUpstream } from "../upstream-call.ts";
import { refusalOf } from "./refusals.ts";
import {
  BulkQuotesSchema,
  type ExchangeRate,
  ExchangeRateSchema,
  type GlobalQuote,
  GlobalQuoteSchema,
  type Overview,
  OverviewSchema,
  type Search,
  SearchSchema,
  type Series,
  SeriesSchema,
} from "./schema.ts";

/** What the key allows: 25 calls a day; calls by the minute and data delayed by 15 minutes; real-time data in bulk. */
export type Plan = "free" | "premium" | "realtime";

export interface AlphaVantageSettings {
  baseUrl: string;
  apiKey: string;
  plan: Plan;
  /** Calls a minute that a paid plan allows. */
  callsPerMinute: number;
}

/** How recent stock prices are asked for; without it they are those of the last finished day. */
const ENTITLEMENT: Record<Plan, Record<string, string>> = {
  free: {},
  premium: { entitlement: "delayed" },
  realtime: { entitlement: "realtime" },
};

/** The key travels in the address, where the service wants it: addresses are never logged, kept or cached. */
function query<T>(
  { baseUrl, apiKey }: AlphaVantageSettings,
  parameters: Record<string, string>,
  schema: z.ZodType<T>,
  context: CallContext,
): Promise<T | Failure> {
  const all = { ...parameters, apikey: apiKey };
  return callUpstream({ url: `${baseUrl}/query`, parameters: all, schema, refusal: refusalOf }, context);
}

/**
 * The latest price of one share; null where the symbol is unknown.
 * @see https://www.alphavantage.co/documentation/#latestprice
 */
export function globalQuote(
  settings: AlphaVantageSettings,
  symbol: string,
  context: CallContext,
): Promise<GlobalQuote | null | Failure> {
  const parameters = { function: "GLOBAL_QUOTE", symbol, ...ENTITLEMENT[settings.plan] };
  return query(settings, parameters, GlobalQuoteSchema, context);
}

/** The most shares that one call of `realtimeBulkQuotes` may name. */
export const SYMBOLS_PER_CALL = 100;

/**
 * Prices of up to 100 US shares.
 * @see https://www.alphavantage.co/documentation/#realtime-bulk-quotes
 */
export function realtimeBulkQuotes(
  settings: AlphaVantageSettings,
  symbols: readonly string[],
  context: CallContext,
): Promise<z.infer<typeof BulkQuotesSchema> | Failure> {
  const parameters = { function: "REALTIME_BULK_QUOTES", symbol: symbols.join(","), ...ENTITLEMENT[settings.plan] };
  return query(settings, parameters, BulkQuotesSchema, context);
}

/**
 * The rate of a pair of currencies.
 * @see https://www.alphavantage.co/documentation/#currency-exchange
 */
export function currencyExchangeRate(
  settings: AlphaVantageSettings,
  { from, to }: { from: string; to: string },
  context: CallContext,
): Promise<ExchangeRate | Failure> {
  const parameters = { function: "CURRENCY_EXCHANGE_RATE", from_currency: from, to_currency: to };
  return query(settings, parameters, ExchangeRateSchema, context);
}

/** The last 100 bars, or all of them. */
export type OutputSize = "compact" | "full";

export type IntradayLength = "1min" | "5min" | "15min" | "30min" | "60min";

/**
 * Bars of a US share as it was traded, in regular hours only; of one month (`2026-11`), or without one of the last 30 days.
 * @see https://www.alphavantage.co/documentation/#intraday
 */
export function timeSeriesIntraday(
  settings: AlphaVantageSettings,
  { symbol, interval, size, month }: { symbol: string; interval: IntradayLength; size: OutputSize; month?: string },
  context: CallContext,
): Promise<Series | Failure> {
  const parameters = {
    function: "TIME_SERIES_INTRADAY",
    symbol,
    interval,
    outputsize: size,
    ...(month && { month }),
    adjusted: "false",
    extended_hours: "false",
    ...ENTITLEMENT[settings.plan],
  };
  return query(settings, parameters, SeriesSchema, context);
}

/**
 * Days of a share as it was traded.
 * @see https://www.alphavantage.co/documentation/#daily
 */
export function timeSeriesDaily(
  settings: AlphaVantageSettings,
  { symbol, size }: { symbol: string; size: OutputSize },
  context: CallContext,
): Promise<Series | Failure> {
  const parameters = { function: "TIME_SERIES_DAILY", symbol, outputsize: size };
  return query(settings, parameters, SeriesSchema, context);
}

/**
 * Days of a share as it was traded, with its splits. Paid plans only.
 * @see https://www.alphavantage.co/documentation/#dailyadj
 */
export function timeSeriesDailyAdjusted(
  settings: AlphaVantageSettings,
  { symbol, size }: { symbol: string; size: OutputSize },
  context: CallContext,
): Promise<Series | Failure> {
  const parameters = {
    function: "TIME_SERIES_DAILY_ADJUSTED",
    symbol,
    outputsize: size,
    ...ENTITLEMENT[settings.plan],
  };
  return query(settings, parameters, SeriesSchema, context);
}

interface Pair {
  from: string;
  to: string;
  size: OutputSize;
}

/**
 * Bars of a pair of currencies. Paid plans only.
 * @see https://www.alphavantage.co/documentation/#fx-intraday
 */
export function fxIntraday(
  settings: AlphaVantageSettings,
  { from, to, size, interval }: Pair & { interval: IntradayLength },
  context: CallContext,
): Promise<Series | Failure> {
  const parameters = { function: "FX_INTRADAY", from_symbol: from, to_symbol: to, interval, outputsize: size };
  return query(settings, parameters, SeriesSchema, context);
}

/**
 * Days of a pair of currencies.
 * @see https://www.alphavantage.co/documentation/#fx-daily
 */
export function fxDaily(
  settings: AlphaVantageSettings,
  { from, to, size }: Pair,
  context: CallContext,
): Promise<Series | Failure> {
  const parameters = { function: "FX_DAILY", from_symbol: from, to_symbol: to, outputsize: size };
  return query(settings, parameters, SeriesSchema, context);
}

/**
 * Symbols by code or name.
 * @see https://www.alphavantage.co/documentation/#symbolsearch
 */
export function symbolSearch(
  settings: AlphaVantageSettings,
  keywords: string,
  context: CallContext,
): Promise<Search | Failure> {
  return query(settings, { function: "SYMBOL_SEARCH", keywords }, SearchSchema, context);
}

/**
 * What the service knows of a company.
 * @see https://www.alphavantage.co/documentation/#company-overview
 */
export function companyOverview(
  settings: AlphaVantageSettings,
  symbol: string,
  context: CallContext,
): Promise<Overview | Failure> {
  return query(settings, { function: "OVERVIEW", symbol }, OverviewSchema, context);
}
