/** Where market data comes from: the upstreams, a user's import, or the simulator. */
export const PROVIDERS = ["binance", "coingecko", "alpha_vantage", "jse", "import", "simulator"] as const;

/** Whether a provider can be asked: it answers, its breaker is open or its budget spent, or it is not configured. */
export const PROVIDER_STATES = ["available", "degraded", "disabled"] as const;

/** The groups of endpoints of an upstream that fail together, each behind a breaker of its own. */
export const ENDPOINT_GROUPS = ["quotes", "candles", "search"] as const;

export type EndpointGroup = (typeof ENDPOINT_GROUPS)[number];

/** What came of asking one source. */
export const ATTEMPT_OUTCOMES = ["answered", "failed", "stale", "suspicious", "not_listed"] as const;

export type ProviderName = (typeof PROVIDERS)[number];

/** Which providers the platform runs on: the simulator for every symbol without imported data, or real ones only. */
export type MarketMode = "demo" | "live";

/** The providers that answer for a symbol in a mode, in order. In the demo imported data alone wins over the simulator. */
export function effectiveSources(dataSources: readonly ProviderName[], mode: MarketMode): ProviderName[] {
  if (mode === "live") return [...dataSources];
  return dataSources.includes("import") ? ["import"] : ["simulator"];
}

/** Those of a symbol's sources that are asked for what is new: imports have no more than they have. */
export function liveSources(sources: readonly ProviderName[]): ProviderName[] {
  return sources.filter((provider) => provider !== "import");
}

/** A symbol's sources in the order in which they are asked for its price: imports know the past, and come last wherever they stand. */
export function quoteOrder(sources: readonly ProviderName[]): ProviderName[] {
  const live = liveSources(sources);
  return live.length === sources.length ? live : [...live, "import"];
}

/** Reads the `MARKET_MODE` variable; anything but `live` is the demo. */
export function marketModeOf(env: { MARKET_MODE: string }): MarketMode {
  return env.MARKET_MODE === "live" ? "live" : "demo";
}
