import type { ProviderName } from "../../contracts/provider.ts";
import type { ProviderQuote } from "../../contracts/quote.ts";
import type { Instrument } from "../../contracts/symbol.ts";
import { isFailure } from "../../providers/provider.ts";
import { type Gates, listingOf } from "./gates.ts";

/** What one source says of a symbol's price. */
export interface SourcePrice {
  provider: ProviderName;
  quote: ProviderQuote | null;
  /** Why it says nothing, in a word of ours. */
  reason: string | null;
}

/** Asks every source of a symbol at once. */
export function askEachSource(
  instrument: Instrument,
  sources: readonly ProviderName[],
  gates: Gates,
  local: (source: ProviderName) => ProviderQuote | null,
): Promise<SourcePrice[]> {
  return Promise.all(
    sources.map(async (provider): Promise<SourcePrice> => {
      const own = local(provider);
      if (own) return { provider, quote: own, reason: null };
      const listing = listingOf(instrument, provider);
      if (!listing) return { provider, quote: null, reason: "not_listed" };
      const answer = await gates(provider).quote(listing, "user");
      return isFailure(answer)
        ? { provider, quote: null, reason: answer.reason }
        : { provider, quote: answer, reason: null };
    }),
  );
}
