/** Where market data comes from: the upstreams, a user's import, or the simulator. */
export const PROVIDERS = ["binance", "coingecko", "alpha_vantage", "jse", "import", "simulator"] as const;

export type ProviderName = (typeof PROVIDERS)[number];

/** Which providers the platform runs on: the simulator for every symbol without imported data, or real upstreams only. */
export type MarketMode = "demo" | "live";

/** The providers that answer for a symbol in a mode, in order. Imported data is real and always wins over the simulator. */
export function effectiveSources(dataSources: readonly ProviderName[], mode: MarketMode): ProviderName[] {
  if (mode === "live" || dataSources.includes("import")) return [...dataSources];
  return ["simulator"];
}

/** Reads the `MARKET_MODE` variable; anything but `live` is the demo. */
export function marketModeOf(env: { MARKET_MODE: string }): MarketMode {
  return env.MARKET_MODE === "live" ? "live" : "demo";
}
