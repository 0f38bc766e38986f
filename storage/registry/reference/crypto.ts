import type { SymbolRecord } from "../../../contracts/symbol.ts";
import { record } from "./record.ts";

interface Coin {
  code: string;
  name: string;
  /** What CoinGecko calls it. */
  coingecko: string;
  /** Of its price in dollars. */
  decimals: number;
  /** Another code that it goes by. */
  otherCode?: string;
}

const COINS: readonly Coin[] = [
  { code: "BTC", name: "Bitcoin", coingecko: "bitcoin", decimals: 2, otherCode: "XBT" },
  { code: "ETH", name: "Ethereum", coingecko: "ethereum", decimals: 2 },
  { code: "SOL", name: "Solana", coingecko: "solana", decimals: 2 },
  { code: "XRP", name: "XRP", coingecko: "ripple", decimals: 4 },
  { code: "BNB", name: "BNB", coingecko: "binancecoin", decimals: 2 },
  { code: "ADA", name: "Cardano", coingecko: "cardano", decimals: 4 },
  { code: "DOGE", name: "Dogecoin", coingecko: "dogecoin", decimals: 5 },
  { code: "DOT", name: "Polkadot", coingecko: "polkadot", decimals: 3 },
  { code: "LTC", name: "Litecoin", coingecko: "litecoin", decimals: 2 },
  { code: "LINK", name: "Chainlink", coingecko: "chainlink", decimals: 2 },
  { code: "AVAX", name: "Avalanche", coingecko: "avalanche-2", decimals: 2 },
  { code: "TRX", name: "TRON", coingecko: "tron", decimals: 4 },
  { code: "UNI", name: "Uniswap", coingecko: "uniswap", decimals: 3 },
  { code: "ATOM", name: "Cosmos", coingecko: "cosmos", decimals: 3 },
  { code: "XLM", name: "Stellar", coingecko: "stellar", decimals: 4 },
  { code: "BCH", name: "Bitcoin Cash", coingecko: "bitcoin-cash", decimals: 2 },
  { code: "ETC", name: "Ethereum Classic", coingecko: "ethereum-classic", decimals: 2 },
  { code: "NEAR", name: "NEAR Protocol", coingecko: "near", decimals: 3 },
  { code: "FIL", name: "Filecoin", coingecko: "filecoin", decimals: 3 },
  { code: "ALGO", name: "Algorand", coingecko: "algorand", decimals: 4 },
];

const IN_DOLLARS = new Set(["BTC", "ETH"]);

/** The other writings of a pair whose base has another code. */
function alternativeSpellings(coin: Coin, quote: string): string[] {
  const { otherCode } = coin;
  return otherCode ? [otherCode, `${otherCode}/${quote}`, `${otherCode}-${quote}`, `${otherCode}${quote}`] : [];
}

function againstTether(coin: Coin): SymbolRecord {
  return record({
    symbol: `${coin.code}/USDT`,
    name: `${coin.name} / Tether`,
    type: "crypto",
    currency: "USDT",
    primary_exchange: "BINANCE",
    data_sources: ["binance", "coingecko"],
    price_unit: "USDT",
    price_decimals: coin.decimals,
    volume_unit: "base",
    provider_symbols: { binance: `${coin.code}USDT`, coingecko: coin.coingecko },
    aliases: alternativeSpellings(coin, "USDT"),
  });
}

/** CoinGecko averages over venues; no venue of its own is named. */
function againstDollar(coin: Coin): SymbolRecord {
  return record({
    symbol: `${coin.code}/USD`,
    name: `${coin.name} / US Dollar`,
    type: "crypto",
    currency: "USD",
    primary_exchange: "CRYPTO",
    data_sources: ["coingecko"],
    price_unit: "USD",
    price_decimals: coin.decimals,
    volume_unit: "base",
    provider_symbols: { coingecko: coin.coingecko },
    aliases: alternativeSpellings(coin, "USD"),
  });
}

/** Crypto against Tether as Binance trades it, and the largest coins against the dollar as an average over venues. */
export const CRYPTO_PAIRS: readonly SymbolRecord[] = [
  ...COINS.map(againstTether),
  ...COINS.filter((coin) => IN_DOLLARS.has(coin.code)).map(againstDollar),
];
