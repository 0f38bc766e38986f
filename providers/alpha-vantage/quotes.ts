import type { ProviderQuote } from "../../contracts/quote.ts";
import { marketOf } from "../../core/market-calendar/markets.ts";
import { type CallContext, type Failure, type FailureReason, failure, isFailure, type Listing } from "../provider.ts";
import {
  type AlphaVantageSettings,
  currencyExchangeRate,
  globalQuote,
  realtimeBulkQuotes,
  SYMBOLS_PER_CALL,
} from "./client.ts";
import { quoteFromBulk, quoteFromGlobal, quoteFromRate } from "./mapper.ts";
import { pairOf } from "./pair.ts";
import { type BulkQuote, BulkQuoteSchema } from "./schema.ts";

type Outcome = ProviderQuote | Failure;

/** After these the next call would end in the same way. */
const FINAL_REASONS: ReadonlySet<FailureReason> = new Set([
  "throttled",
  "quota_spent",
  "bad_key",
  "demo_key",
  "timeout",
  "unreachable",
]);

/** Quotes of shares and currencies: US shares in one call where the key allows, everything else one by one. */
export async function quotes(
  settings: AlphaVantageSettings,
  delay: number,
  listings: readonly Listing[],
  context: CallContext,
): Promise<Map<string, Outcome>> {
  const found = new Map<string, Outcome>();
  const inBulk = settings.plan === "realtime" ? listings.filter(isUsShare) : [];
  for (let i = 0; i < inBulk.length; i += SYMBOLS_PER_CALL) {
    await bulk(settings, inBulk.slice(i, i + SYMBOLS_PER_CALL), found, context);
  }
  let finalFailure: Failure | null = null;
  for (const listing of listings) {
    const { symbol } = listing.instrument;
    if (found.has(symbol)) continue;
    const outcome: Outcome = finalFailure ?? (await single(settings, delay, listing, context));
    if (isFailure(outcome) && FINAL_REASONS.has(outcome.reason)) finalFailure = outcome;
    found.set(symbol, outcome);
  }
  return found;
}

function isUsShare({ instrument }: Listing): boolean {
  return instrument.type !== "forex" && marketOf(instrument.primary_exchange).id === "US";
}

async function bulk(
  settings: AlphaVantageSettings,
  listings: readonly Listing[],
  found: Map<string, Outcome>,
  context: CallContext,
): Promise<void> {
  const symbols = listings.map(({ providerSymbol }) => providerSymbol);
  const answer = await realtimeBulkQuotes(settings, symbols, context);
  const rows = new Map<string, BulkQuote>();
  let unreadable = false;
  for (const row of isFailure(answer) ? [] : answer.data) {
    const quote = BulkQuoteSchema.safeParse(row);
    if (quote.success) rows.set(quote.data.symbol, quote.data);
    else unreadable = true;
  }
  const missing = isFailure(answer) ? answer : failure(unreadable ? "bad_answer" : "unknown_symbol");
  for (const { instrument, providerSymbol } of listings) {
    const row = rows.get(providerSymbol);
    found.set(instrument.symbol, row ? quoteFromBulk(row, instrument, context.now()) : missing);
  }
}

async function single(
  settings: AlphaVantageSettings,
  delay: number,
  { instrument, providerSymbol }: Listing,
  context: CallContext,
): Promise<Outcome> {
  if (instrument.type === "forex") {
    const pair = pairOf(providerSymbol);
    if (!pair) return failure("unknown_symbol");
    const rate = await currencyExchangeRate(settings, pair, context);
    if (isFailure(rate)) return rate;
    const isRequested = rate["1. From_Currency Code"] === pair.from && rate["3. To_Currency Code"] === pair.to;
    return isRequested ? quoteFromRate(rate, instrument, context.now()) : failure("bad_answer");
  }
  const quote = await globalQuote(settings, providerSymbol, context);
  if (quote === null) return failure("unknown_symbol");
  if (isFailure(quote)) return quote;
  const asked = quote["01. symbol"].toUpperCase() === providerSymbol.toUpperCase();
  return asked ? quoteFromGlobal(quote, instrument, delay, context.now()) : failure("bad_answer");
}
