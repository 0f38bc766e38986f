import type { ATTEMPT_OUTCOMES, ProviderName } from "../../../contracts/provider.ts";
import type { ProviderQuote } from "../../../contracts/quote.ts";
import type { Instrument } from "../../../contracts/symbol.ts";
import { checkQuote, type Print, type QuoteMemory } from "../../../core/data-quality/check-quote.ts";
import { openMarketAge } from "../../../core/freshness.ts";
import type { Market } from "../../../core/market-calendar/markets.ts";
import { isoTime } from "../../../core/time.ts";
import { isUpstream } from "../../../providers/catalogue.ts";
import { freshnessPolicyOf } from "../../../providers/freshness-policy.ts";
import { isFailure } from "../../../providers/provider.ts";
import type { QuoteAnomaly } from "../quality-log.ts";
import { listingOf, type Priority, type Upstreams } from "../upstreams.ts";

/** What came of asking one source. */
export interface Attempt {
  provider: ProviderName;
  outcome: (typeof ATTEMPT_OUTCOMES)[number];
  /** Why it did not answer, in a word of ours. */
  reason: string | null;
  /** Seconds after which the upstream may be asked again, where it said so. */
  retry_after: number | null;
  at: string;
}

/** What came of asking a symbol's sources in order. */
export interface FailoverResult {
  /** The first good quote; the most recent stale one where there is no good one; null where there is none at all. */
  quote: ProviderQuote | null;
  attempts: Attempt[];
  /** What is remembered to judge the next quote with. */
  memory: QuoteMemory;
  /** Suspicions, for those who look after data quality. */
  anomalies: QuoteAnomaly[];
}

/** What sources are asked for. */
export interface FailoverRequest {
  instrument: Instrument;
  sources: readonly ProviderName[];
  market: Market;
  memory: QuoteMemory;
  priority: Priority;
  /** Unix seconds. */
  now: () => number;
}

const timeOf = (quote: ProviderQuote): number => Date.parse(quote.timestamp) / 1000;

/** Two sources may price another pair (dollars for tethers), so each is checked by what it sent itself, unless it confirms. */
function printOf(quote: ProviderQuote, provider: ProviderName): Print | null {
  return quote.price === null ? null : { price: quote.price, time: timeOf(quote), source: provider };
}

function isStale(quote: ProviderQuote, market: Market, now: number): boolean {
  const { staleAfter } = freshnessPolicyOf(quote.provider);
  return openMarketAge(market, timeOf(quote), now, staleAfter + 1) > staleAfter;
}

/**
 * Asks a symbol's sources in order until one returns a price that is fresh and not suspicious. Failure, staleness, refusal
 * and suspicion move on to the next; a suspicious price is accepted once a second source or the next print confirms it.
 */
export async function queryWithFailover(request: FailoverRequest, upstreams: Upstreams): Promise<FailoverResult> {
  const { instrument, market, priority } = request;
  const result: FailoverResult = { quote: null, attempts: [], memory: request.memory, anomalies: [] };
  for (const provider of request.sources) {
    const note = (outcome: Attempt["outcome"], reason: string | null, retryAfter: number | null = null): void => {
      result.attempts.push({ provider, outcome, reason, retry_after: retryAfter, at: isoTime(request.now()) });
    };
    const listing = listingOf(instrument, provider);
    if (!listing) {
      note("not_listed", isUpstream(provider) ? "no_provider_symbol" : "no_candles");
      continue;
    }
    const answer = await upstreams(provider).quote(listing, priority);
    if (isFailure(answer)) {
      note("failed", answer.reason, answer.retryAfter);
      continue;
    }
    const print = printOf(answer, provider);
    if (!print) {
      note("failed", "no_price");
      continue;
    }
    const now = request.now();
    const judgement = checkQuote(print, result.memory, {
      market,
      now,
      negativePrices: instrument.type === "commodity",
    });
    result.memory = judgement.memory;
    const { decision } = judgement;
    if (decision.verdict === "suspicious" && decision.reason !== "older") {
      note("suspicious", decision.reason);
      result.anomalies.push({ provider, time: print.time, reason: decision.reason, detail: decision.detail });
      continue;
    }
    if (decision.verdict === "suspicious" || isStale(answer, market, now)) {
      note("stale", decision.verdict === "suspicious" ? decision.reason : null);
      if (!result.quote || timeOf(answer) > timeOf(result.quote)) result.quote = answer;
      continue;
    }
    note("answered", null);
    result.quote = answer;
    break;
  }
  return result;
}
