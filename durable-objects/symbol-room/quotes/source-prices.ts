import type { ProviderName } from "../../../contracts/provider.ts";
import type { ProviderQuote } from "../../../contracts/quote.ts";
import type { Instrument } from "../../../contracts/symbol.ts";
import { isFailure } from "../../../providers/provider.ts";
import { listingOf, type Upstreams } from "../upstreams.ts";

/** What one source says of a symbol's price. */
export interface SourcePrice {
  provider: ProviderName;
  quote: ProviderQuote | null;
  /** Why it says nothing, in a word of ours. */
  reason: string | null;
  /** Why its price is not believed beside the last ones, in a word of ours; null where it is, or where there is none. */
  anomaly: string | null;
}

/**
 * Asks every source of a symbol at once.
 * @param anomalyOf why a quote is not believed; null where it is
 */
export function askEachSource(
  instrument: Instrument,
  sources: readonly ProviderName[],
  gates: Upstreams,
  local: (source: ProviderName) => ProviderQuote | null,
  anomalyOf: (quote: ProviderQuote) => string | null,
): Promise<SourcePrice[]> {
  return Promise.all(
    sources.map(async (provider): Promise<SourcePrice> => {
      const own = local(provider);
      if (own) return { provider, quote: own, reason: null, anomaly: null };
      const listing = listingOf(instrument, provider);
      if (!listing) return { provider, quote: null, reason: "no_provider_symbol", anomaly: null };
      const answer = await gates(provider).quote(listing, "user");
      return isFailure(answer)
        ? { provider, quote: null, reason: answer.reason, anomaly: null }
        : { provider, quote: answer, reason: null, anomaly: anomalyOf(answer) };
    }),
  );
}
