import type { MarketId } from "../../core/market-calendar/markets.ts";
import { COINS, COMMODITIES, DOLLAR_COSTS, DOLLARS_FOR, ownValue } from "./levels.ts";
import { seedOf, uniform } from "./random.ts";

/** How the market quotes something against the dollar: the pair from which all its other pairs follow. */
export interface DollarPair {
  /** Names the price's path: `EUR/USD`, `USD/ZAR`, `BTC/USD`. */
  name: string;
  /** Whether the pair says what a dollar costs, not what the thing costs in dollars. */
  isInverse: boolean;
  market: MarketId;
  level: number;
  decimals: number;
  /** Standard deviation of a calendar day's log return. */
  dailyVolatility: number;
}

/** One factor of a cross: a dollar pair, multiplied or divided by. */
export interface Factor {
  pair: DollarPair;
  power: 1 | -1;
}

/** The dollar, and tokens that follow it. */
const DOLLARS = new Set(["USD", "USDT", "USDC", "BUSD", "DAI", "FDUSD", "TUSD", "USDP", "PYUSD"]);

const MAJOR_VOLATILITY = 0.0045;
const RAND_VOLATILITY = 0.0065;
const COIN_VOLATILITY = 0.036;
const COMMODITY_VOLATILITY = 0.011;

/** A number within a decade or more from `least`, drawn from a name. */
export const drawFromName = (name: string, min: number, max: number): number =>
  min * (max / min) ** uniform(seedOf(name), 1);

function currencyPair(code: string): DollarPair {
  const dollars = ownValue(DOLLARS_FOR, code);
  const decimals = code === "JPY" ? 3 : 5;
  const dailyVolatility = code === "ZAR" ? RAND_VOLATILITY : MAJOR_VOLATILITY;
  const shared = { market: "FOREX", decimals, dailyVolatility } as const;
  if (dollars !== undefined) return { ...shared, name: `${code}/USD`, isInverse: false, level: dollars };
  const name = `USD/${code}`;
  return { ...shared, name, isInverse: true, level: ownValue(DOLLAR_COSTS, code) ?? drawFromName(name, 1, 50) };
}

function coinPair(code: string): DollarPair {
  const name = `${code}/USD`;
  const { price, decimals } = ownValue(COINS, code) ?? { price: drawFromName(name, 0.1, 50), decimals: 4 };
  return { name, isInverse: false, market: "CRYPTO", level: price, decimals, dailyVolatility: COIN_VOLATILITY };
}

function commodityPair(code: string): DollarPair {
  const name = `${code}/USD`;
  const level = ownValue(COMMODITIES, code) ?? drawFromName(name, 10, 500);
  return { name, isInverse: false, market: "FOREX", level, decimals: 2, dailyVolatility: COMMODITY_VOLATILITY };
}

const isCurrency = (code: string): boolean =>
  ownValue(DOLLARS_FOR, code) !== undefined || ownValue(DOLLAR_COSTS, code) !== undefined;

/** A code's dollar pair; null for the dollar. Unknown codes are what the pair's type says of its base. */
function dollarPairOf(code: string, fallback: (code: string) => DollarPair): DollarPair | null {
  if (DOLLARS.has(code)) return null;
  if (isCurrency(code)) return currencyPair(code);
  if (ownValue(COINS, code)) return coinPair(code);
  if (ownValue(COMMODITIES, code)) return commodityPair(code);
  return fallback(code);
}

const UNKNOWN = { forex: currencyPair, crypto: coinPair, commodity: commodityPair };

/**
 * The dollar pairs of which a pair is made: EUR/GBP is EUR/USD over GBP/USD, EUR/JPY is EUR/USD times USD/JPY, BTC/USDT is BTC/USD
 * itself. One dollar token against another, or a code against itself, has none.
 */
export function factorsOf(base: string, quote: string, type: keyof typeof UNKNOWN): Factor[] {
  if (base === quote) return [];
  const above = dollarPairOf(base, UNKNOWN[type]);
  const below = dollarPairOf(quote, type === "commodity" ? currencyPair : UNKNOWN[type]);
  return [
    ...(above ? [{ pair: above, power: above.isInverse ? -1 : 1 } as const] : []),
    ...(below ? [{ pair: below, power: below.isInverse ? 1 : -1 } as const] : []),
  ];
}
