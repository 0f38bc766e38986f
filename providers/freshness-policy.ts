import type { ProviderName } from "../contracts/provider.ts";
import type { FreshnessPolicy } from "../core/freshness.ts";
import { MINUTE } from "../core/time.ts";

/** What each provider promises of the age of its prices, in open-market seconds. */
const POLICIES: Record<ProviderName, FreshnessPolicy> = {
  simulator: { staleAfter: MINUTE, delay: 0, historical: false },
  binance: { staleAfter: MINUTE, delay: 0, historical: false },
  coingecko: { staleAfter: 10 * MINUTE, delay: 0, historical: false },
  alpha_vantage: { staleAfter: 40 * MINUTE, delay: 15 * MINUTE, historical: false },
  jse: { staleAfter: 30 * MINUTE, delay: 15 * MINUTE, historical: false },
  import: { staleAfter: 0, delay: 0, historical: true },
};

/** How the freshness of a provider's quotes is judged. */
export function freshnessPolicyOf(provider: ProviderName): FreshnessPolicy {
  return POLICIES[provider];
}
