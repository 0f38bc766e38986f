import type { ProviderName } from "../contracts/provider.ts";
import type { FreshnessPolicy } from "../core/freshness.ts";
import { MINUTE } from "../core/time.ts";

/** What a provider promises of the age of its prices, and how often it is worth asking. */
export interface ProviderPolicy extends FreshnessPolicy {
  /** Seconds for which its last quote is answered without asking again. */
  refreshAfter: number;
}

const POLICIES: Record<ProviderName, ProviderPolicy> = {
  simulator: { staleAfter: MINUTE, delay: 0, historical: false, refreshAfter: 1 },
  binance: { staleAfter: MINUTE, delay: 0, historical: false, refreshAfter: 5 },
  coingecko: { staleAfter: 10 * MINUTE, delay: 0, historical: false, refreshAfter: 30 },
  alpha_vantage: { staleAfter: 40 * MINUTE, delay: 15 * MINUTE, historical: false, refreshAfter: MINUTE },
  jse: { staleAfter: 30 * MINUTE, delay: 15 * MINUTE, historical: false, refreshAfter: 15 },
  import: { staleAfter: 0, delay: 0, historical: true, refreshAfter: Number.POSITIVE_INFINITY },
};

/** How the freshness of a provider's quotes is checked, and how often it is asked. */
export function freshnessPolicyOf(provider: ProviderName): ProviderPolicy {
  return POLICIES[provider];
}
