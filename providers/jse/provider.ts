import type { ProviderQuote } from "../../contracts/quote.ts";
import { MARKETS } from "../../core/market-calendar/markets.ts";
import { DAY, MINUTE } from "../../core/time.ts";
import { barsWithin, rulesOf } from "../bars.ts";
import {
  type CallContext,
  type CandleRequest,
  type Failure,
  type FoundListing,
  failure,
  isFailure,
  type Listing,
  type Provider,
  type ProviderCandles,
} from "../provider.ts";
import { readRows } from "../rows.ts";
import { findInstruments, type JseSettings, shareHistory, shareQuote } from "./client.ts";
import { listingsFrom, quoteFrom, rowFrom } from "./mapper.ts";

/** The JSE's delayed quotes, from the host of a party that is licensed to pass them on. */
export function jseProvider(settings: JseSettings): Provider {
  return {
    name: "jse",
    capabilities: {
      assetTypes: ["stock", "etf"],
      intervals: settings.history ? { stock: ["1d"], etf: ["1d"] } : {},
      batchSize: 1,
      delay: 15 * MINUTE,
      budget: { perSecond: 5, perMinute: 120, perDay: null },
    },
    quotes: (listings, context) => quotes(settings, listings, context),
    candles: (request, context) => candles(settings, request, context),
    search: (text, context) => search(settings, text, context),
  };
}

async function quotes(
  settings: JseSettings,
  listings: readonly Listing[],
  context: CallContext,
): Promise<Map<string, ProviderQuote | Failure>> {
  const found = new Map<string, ProviderQuote | Failure>();
  for (const listing of listings) found.set(listing.instrument.symbol, await quote(settings, listing, context));
  return found;
}

async function quote(
  settings: JseSettings,
  { instrument, providerSymbol }: Listing,
  context: CallContext,
): Promise<ProviderQuote | Failure> {
  const answer = await shareQuote(settings, providerSymbol, context);
  if (isFailure(answer)) return answer;
  if (answer.data === null) return failure("unknown_symbol");
  const isRequested = answer.data.shareCode.toUpperCase() === providerSymbol.toUpperCase();
  return isRequested ? quoteFrom(answer.data, instrument, context.now()) : failure("bad_answer");
}

/** Days, where the host has them. */
async function candles(
  settings: JseSettings,
  request: CandleRequest,
  context: CallContext,
): Promise<ProviderCandles | Failure> {
  const { listing, interval, from, to } = request;
  if (!settings.history || interval !== "1d") return failure("unsupported");
  const answer = await shareHistory(settings, { code: listing.providerSymbol, from, to: to - DAY / 2 }, context);
  if (isFailure(answer)) return answer;
  if (answer.data === null) return failure("unknown_symbol");
  const rows = readRows(answer.data, rowFrom);
  if (rows === null) return failure("bad_answer");
  const kept = barsWithin(rows, rulesOf(request, MARKETS.JSE));
  return { kind: "candles", ...kept, upTo: to, interval, adjustment: "unknown", construction: "provider" };
}

async function search(settings: JseSettings, text: string, context: CallContext): Promise<FoundListing[] | Failure> {
  const answer = await findInstruments(settings, text, context);
  return isFailure(answer) ? answer : listingsFrom(answer.data ?? []);
}
