/** The asset classes of the registry. */
export const ASSET_TYPES = ["stock", "crypto", "forex", "index", "commodity", "etf"] as const;

/** What kind of instrument a symbol is. */
export type AssetType = (typeof ASSET_TYPES)[number];

/** The longest symbol that anyone may ask for. */
export const MAX_SYMBOL_LENGTH = 32;

const SYMBOL = /^[A-Z0-9^][A-Z0-9.:/_^=-]*$/;

/** How a symbol is written by people and by us: `btc/usdt ` and `BTC/USDT` are one. */
export function normaliseSymbol(text: string): string {
  return text.trim().toUpperCase();
}

/** Whether a normalised text can be a symbol or an alias at all. */
export function isSymbolText(text: string): boolean {
  return text.length <= MAX_SYMBOL_LENGTH && SYMBOL.test(text);
}

/** What makes up the canonical symbol of each asset class. */
export const CANONICAL_FORM: Record<AssetType, { pattern: RegExp; example: string }> = {
  crypto: { pattern: /^[A-Z0-9]{1,15}\/[A-Z0-9]{2,10}$/, example: "BTC/USDT" },
  forex: { pattern: /^[A-Z]{3}\/[A-Z]{3}$/, example: "USD/ZAR" },
  stock: { pattern: /^([A-Z]{2,10}:)?[A-Z0-9][A-Z0-9.-]{0,14}$/, example: "AAPL or JSE:NPN" },
  etf: { pattern: /^([A-Z]{2,10}:)?[A-Z0-9][A-Z0-9.-]{0,14}$/, example: "SPY or JSE:STX40" },
  index: { pattern: /^([A-Z]{2,10}:)?[A-Z0-9^][A-Z0-9.-]{0,14}$/, example: "SPX or JSE:J203" },
  commodity: { pattern: /^[A-Z0-9]{1,15}(\/[A-Z]{3})?$/, example: "XAU/USD" },
};

/** How other platforms write the symbols of an exchange: `NPN.JO` on Yahoo, `NASDAQ:AAPL` on TradingView. */
const EXCHANGE_SUFFIX: Partial<Record<string, string>> = { JSE: ".JO" };

/**
 * The other ways in which a symbol is commonly written. A bare ticker (`NPN`, `BTC`) is one of them and may be shared by
 * several symbols: then it is ambiguous.
 * @param symbol canonical
 * @param exchange the code of its primary exchange, where it has one
 */
export function aliasesOf(symbol: string, type: AssetType, exchange: string | null): string[] {
  const pair = symbol.split("/");
  if (pair.length === 2) {
    const [base, quote] = pair;
    const joined = [`${base}-${quote}`, `${base}${quote}`, `${base}_${quote}`];
    if (type === "crypto") return [...joined, base, ...(exchange === "BINANCE" ? [`BINANCE:${base}${quote}`] : [])];
    if (type === "forex") return [...joined, `${base}${quote}=X`];
    return joined;
  }
  const colon = symbol.indexOf(":");
  if (colon > 0) {
    const prefix = symbol.slice(0, colon);
    const ticker = symbol.slice(colon + 1);
    const suffix = EXCHANGE_SUFFIX[prefix];
    return suffix ? [ticker, `${ticker}${suffix}`] : [ticker];
  }
  return exchange ? [`${exchange}:${symbol}`] : [];
}
