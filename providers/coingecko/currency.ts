/**
 * What a pair is asked against, and how its price is then labelled. There is no price against a stablecoin: a pair with
 * one is asked against the dollar, and its price says that it is in dollars.
 */
const QUOTE_CURRENCIES: Partial<Record<string, { code: string; label: string }>> = {
  USD: { code: "usd", label: "USD" },
  USDT: { code: "usd", label: "USD" },
  USDC: { code: "usd", label: "USD" },
  EUR: { code: "eur", label: "EUR" },
  GBP: { code: "gbp", label: "GBP" },
  JPY: { code: "jpy", label: "JPY" },
  ZAR: { code: "zar", label: "ZAR" },
  BTC: { code: "btc", label: "BTC" },
  ETH: { code: "eth", label: "ETH" },
};

/** How prices in a currency are asked for and labelled; null where they cannot be had. */
export function quoteCurrencyOf(currency: string): { code: string; label: string } | null {
  return QUOTE_CURRENCIES[currency] ?? null;
}
