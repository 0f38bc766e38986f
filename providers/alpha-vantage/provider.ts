import { MINUTE } from "../../core/time.ts";
import {
  type Budget,
  type CallContext,
  type CompanyProfile,
  type Failure,
  type FoundListing,
  failure,
  isFailure,
  type Listing,
  type Provider,
} from "../provider.ts";
import { candles, SUPPORTED_INTERVALS } from "./candles.ts";
import { type AlphaVantageSettings, companyOverview, SYMBOLS_PER_CALL, symbolSearch } from "./client.ts";
import { listingsFrom } from "./mapper.ts";
import { profileFrom } from "./profile-mapper.ts";
import { quotes } from "./quotes.ts";

export const ALPHA_VANTAGE_BASE_URL = "https://www.alphavantage.co";

/** Calls a minute of the smallest paid plan. */
export const CALLS_PER_MINUTE = 75;

/** Seconds by which prices are late where the key has no real-time data. */
const DELAY = 15 * MINUTE;

/** @see https://www.alphavantage.co/premium/ */
function budgetOf({ plan, callsPerMinute }: AlphaVantageSettings): Budget {
  if (plan === "free") return { perSecond: 1, perMinute: null, perDay: 25 };
  return { perSecond: null, perMinute: callsPerMinute, perDay: null };
}

/** Alpha Vantage: shares and currencies, with a key. */
export function alphaVantageProvider(settings: AlphaVantageSettings): Provider {
  const realtime = settings.plan === "realtime";
  const delay = realtime ? 0 : DELAY;
  return {
    name: "alpha_vantage",
    capabilities: {
      assetTypes: ["stock", "etf", "forex"],
      intervals: SUPPORTED_INTERVALS,
      batchSize: realtime ? SYMBOLS_PER_CALL : 1,
      delay,
      budget: budgetOf(settings),
    },
    quotes: (listings, context) => quotes(settings, delay, listings, context),
    candles: (request, context) => candles(settings, request, context),
    search: (text, context) => search(settings, text, context),
    profile: (listing, context) => profile(settings, listing, context),
  };
}

async function search(
  settings: AlphaVantageSettings,
  text: string,
  context: CallContext,
): Promise<FoundListing[] | Failure> {
  const found = await symbolSearch(settings, text, context);
  return isFailure(found) ? found : listingsFrom(found);
}

async function profile(
  settings: AlphaVantageSettings,
  { instrument, providerSymbol }: Listing,
  context: CallContext,
): Promise<CompanyProfile | Failure> {
  if (instrument.type !== "stock") return failure("unsupported");
  const overview = await companyOverview(settings, providerSymbol, context);
  if (isFailure(overview)) return overview;
  if (overview.Symbol === undefined) return failure("unknown_symbol");
  return overview.Symbol.toUpperCase() === providerSymbol.toUpperCase() ? profileFrom(overview) : failure("bad_answer");
}
