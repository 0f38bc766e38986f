import type { Instrument } from "../../contracts/symbol.ts";
import { type Market, marketOf } from "../../core/market-calendar/markets.ts";
import { seedOf, uniform } from "./random.ts";

/** How a simulated instrument behaves. */
export interface Profile {
  market: Market;
  seed: number;
  /** Around what the price moves, in the price unit. */
  basePrice: number;
  /** Standard deviation of a day's log return. */
  dailyVolatility: number;
  /** What one tick of price is worth in the price unit: a power of ten. */
  decimals: number;
  /** Mean volume of a day, in the volume unit; null where there is none (spot forex). */
  dailyVolume: number | null;
  /** Volumes are whole multiples of this power of two, so that sums of them are exact in binary. */
  volumeStep: number;
}

/**
 * Orders of magnitude of well-known instruments (price in the price unit, volume of a day), so that a demo looks familiar.
 * They are no market data: every answer made of them says `simulated`.
 */
const KNOWN: Record<string, readonly [price: number, volume: number | null]> = {
  "BTC/USDT": [90_000, 25_000],
  "BTC/USD": [90_000, 12_000],
  "ETH/USDT": [3_000, 400_000],
  "ETH/USD": [3_000, 150_000],
  "SOL/USDT": [150, 4_000_000],
  "XRP/USDT": [2, 200_000_000],
  "BNB/USDT": [700, 300_000],
  "ADA/USDT": [0.6, 150_000_000],
  "DOGE/USDT": [0.15, 1_500_000_000],
  "DOT/USDT": [4, 15_000_000],
  "LTC/USDT": [90, 800_000],
  "LINK/USDT": [14, 6_000_000],
  "JSE:NPN": [110_000, 2_500_000],
  "JSE:PRX": [100_000, 3_000_000],
  "JSE:BHG": [50_000, 1_500_000],
  "JSE:AGL": [60_000, 3_000_000],
  "JSE:SOL": [11_000, 4_000_000],
  "JSE:SBK": [24_000, 5_000_000],
  "JSE:MTN": [15_000, 7_000_000],
  "JSE:FSR": [8_000, 12_000_000],
  "JSE:CPI": [400_000, 250_000],
  AAPL: [230, 50_000_000],
  GOOGL: [190, 25_000_000],
  MSFT: [430, 20_000_000],
  TSLA: [300, 90_000_000],
  NVDA: [150, 200_000_000],
  AMZN: [210, 40_000_000],
  META: [600, 12_000_000],
  "USD/ZAR": [18, null],
  "EUR/USD": [1.1, null],
  "GBP/USD": [1.3, null],
  "USD/JPY": [150, null],
  "EUR/ZAR": [20, null],
  "GBP/ZAR": [23, null],
};

const VOLATILITY: Record<Instrument["type"], number> = {
  stock: 0.016,
  etf: 0.009,
  index: 0.009,
  commodity: 0.012,
  crypto: 0.03,
  forex: 0.006,
};

/** The largest power of two not above a millionth of a day's volume, and at most 1: a month's sum has under fifteen digits. */
function volumeStep(type: Instrument["type"], dailyVolume: number | null): number {
  if (type !== "crypto" || dailyVolume === null) return 1;
  return 2 ** Math.min(0, Math.floor(Math.log2(dailyVolume / 1e6)));
}

/** The behaviour of an instrument; one that is not well known gets a price and a volume of its own from its name. */
export function profileOf(instrument: Instrument): Profile {
  const { symbol, type } = instrument;
  const seed = seedOf(symbol);
  const invented: readonly [number, number | null] = [
    10 ** (type === "forex" ? 0.2 + uniform(seed, 1) : 1 + 2 * uniform(seed, 1)) *
      (instrument.price_unit === "ZAc" ? 100 : 1),
    type === "forex" || type === "index" ? null : 10 ** (5 + 2 * uniform(seed, 2)),
  ];
  const [basePrice, dailyVolume] = KNOWN[symbol] ?? invented;
  return {
    market: marketOf(instrument.primary_exchange),
    seed,
    basePrice: Math.max(basePrice, 100 * 10 ** -instrument.price_decimals),
    dailyVolatility: VOLATILITY[type],
    decimals: instrument.price_decimals,
    dailyVolume: instrument.volume_unit === null ? null : dailyVolume,
    volumeStep: volumeStep(type, dailyVolume),
  };
}
