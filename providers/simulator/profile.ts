import type { Instrument } from "../../contracts/symbol.ts";
import { MARKETS, type Market, marketOf } from "../../core/market-calendar/markets.ts";
import { DAILY_VOLUMES, listedLevel, ownValue } from "./levels.ts";
import { type DollarPair, drawFromName, type Factor, factorsOf } from "./pairs.ts";
import { hash, seedOf, uniform } from "./random.ts";

/** How a simulated instrument behaves. */
export interface Profile {
  market: Market;
  /** From which all randomness of its price comes; symbols that are one thing to the market share it. */
  pathSeed: number;
  /** From which the randomness of its volume comes. */
  seed: number;
  /** Around what the price moves, in the price unit. */
  level: number;
  /** Standard deviation of a calendar day's log return. */
  dailyVolatility: number;
  /** A tick is this power of ten, of the price unit: 2 for 0.01. */
  decimals: number;
  /** Mean volume of a day, in the volume unit; null where there is none (spot forex). */
  dailyVolume: number | null;
  /** Volumes are whole multiples of this power of two, so that sums of them are exact in binary. */
  volumeStep: number;
  /** The instruments whose product a cross is; empty for one that has a price of its own. */
  legs: readonly Leg[];
}

/** One factor of a cross: multiplied by (1) or divided by (-1). */
export interface Leg {
  profile: Profile;
  power: 1 | -1;
}

/** A calendar day's: a year has 365 of them, so that a share moves by a good quarter a year. */
const VOLATILITY = { stock: 0.015, etf: 0.009, index: 0.009, commodity: 0.011 };

/** Between what the price of one that is not well known lies, in points or in the currency of a US or a JSE listing. */
const USUAL_PRICES = {
  stock: { US: [20, 400], JSE: [20, 800] },
  etf: { US: [40, 400], JSE: [20, 150] },
  index: { US: [2_000, 40_000], JSE: [5_000, 100_000] },
} as const;

/** Between what a day's trading in one symbol lies, in dollars. */
const USUAL_TURNOVER = { stock: { US: [8e8, 4e9], JSE: [2e7, 1e8] }, crypto: [2e7, 4e8] } as const;

/** Two listings of one company, whose prices go together. */
const SAME_PATH: Readonly<Record<string, string>> = { GOOG: "GOOGL", "JSE:INL": "JSE:INP" };

/** Ticks below which a price could hardly move. */
const MIN_TICKS = 100;

/** Numbers of this many digits differ in binary, too. */
const EXACT_DIGITS = 15;

/**
 * The largest power of two not above a millionth of a day's volume, and at most 1; larger where a busy month's sum would have more
 * than fifteen digits otherwise (each halving is a decimal more).
 */
function volumeStep(type: Instrument["type"], dailyVolume: number | null): number {
  if (type !== "crypto" || dailyVolume === null) return 1;
  const fine = Math.ceil(Math.log2(1e6 / dailyVolume));
  const maxExponent = EXACT_DIGITS - Math.ceil(Math.log10(dailyVolume * 100));
  return 2 ** -Math.max(0, Math.min(fine, maxExponent));
}

/** The behaviour of an instrument; one that is not well known gets a price and a volume of its kind from its name. */
export function profileOf(instrument: Instrument): Profile {
  const { type } = instrument;
  return type === "stock" || type === "etf" || type === "index"
    ? listedProfile(instrument, type)
    : pairProfile(instrument, type);
}

function listedProfile(instrument: Instrument, type: "stock" | "etf" | "index"): Profile {
  const { symbol, price_unit: unit } = instrument;
  const market = marketOf(instrument.primary_exchange);
  const venue = market.id === "JSE" ? "JSE" : "US";
  const inCents = venue === "JSE" && type !== "index";
  const known = listedLevel(symbol);
  const range = USUAL_PRICES[type][venue];
  const amount = known === undefined ? drawFromName(symbol, range[0], range[1]) : known / (inCents ? 100 : 1);
  const turnover = USUAL_TURNOVER.stock[venue];
  const dollars = venue === "JSE" ? amount / 16.6 : amount;
  return {
    ...volumesOf(instrument, drawFromName(`${symbol} turnover`, turnover[0], turnover[1]) / dollars),
    market,
    pathSeed: seedOf(ownValue(SAME_PATH, symbol) ?? symbol),
    level: atLeastTicks(amount * (inCents && unit === "ZAc" ? 100 : 1), instrument.price_decimals),
    dailyVolatility: VOLATILITY[type],
    decimals: instrument.price_decimals,
    legs: [],
  };
}

function pairProfile(instrument: Instrument, type: "crypto" | "forex" | "commodity"): Profile {
  const { symbol, price_decimals: decimals } = instrument;
  const market = marketOf(instrument.primary_exchange);
  const [baseCode, quoteCode = instrument.currency] = symbol.split("/");
  const factors = factorsOf(baseCode, quoteCode, type);
  const inUnits = factors.reduce((product, { pair, power }) => product * pair.level ** power, 1);
  const level = inUnits * (instrument.price_unit === "ZAc" ? 100 : 1);
  const base = factors[0]?.pair.name.startsWith(`${baseCode}/`) ? factors[0].pair.level : 1;
  const turnover = drawFromName(`${symbol} turnover`, USUAL_TURNOVER.crypto[0], USUAL_TURNOVER.crypto[1]);
  const own = { ...volumesOf(instrument, turnover / base), market, decimals };
  const [first, second] = factors;
  const isItself = first && !second && first.power === 1 && first.pair.market === market.id;
  if (isItself) {
    return { ...own, ...pathOf(first.pair), level: atLeastTicks(level, decimals), legs: [] };
  }
  // The hours of other markets begin at other minutes than those of forex and crypto, which begin with UTC's.
  if (factors.length > 0 && level === inUnits && (market.id === "FOREX" || market.id === "CRYPTO")) {
    return { ...own, pathSeed: seedOf(symbol), level, dailyVolatility: 0, legs: factors.map(legOf) };
  }
  const dailyVolatility = Math.hypot(...factors.map(({ pair }) => pair.dailyVolatility)) || STABLE_VOLATILITY;
  return { ...own, pathSeed: seedOf(symbol), level: atLeastTicks(level, decimals), dailyVolatility, legs: [] };
}

/** Of one dollar token against another. */
const STABLE_VOLATILITY = 0.0002;

const atLeastTicks = (level: number, decimals: number): number => Math.max(level, MIN_TICKS * 10 ** -decimals);

const pathOf = ({ name, dailyVolatility }: DollarPair) => ({ pathSeed: seedOf(name), dailyVolatility });

const NO_VOLUME = { dailyVolume: null, volumeStep: 1 };

/** A dollar pair, as what divides or multiplies; only its price matters. */
function legOf({ pair, power }: Factor): Leg {
  const market = MARKETS[pair.market];
  const { level, decimals } = pair;
  return { power, profile: { ...NO_VOLUME, ...pathOf(pair), market, seed: 0, level, decimals, legs: [] } };
}

function volumesOf({ symbol, type, volume_unit: unit }: Instrument, usual: number) {
  const seed = hash(seedOf(symbol), 1);
  const busy = ownValue(DAILY_VOLUMES, symbol) ?? usual * (0.8 + 0.4 * uniform(seed, 2));
  const dailyVolume = unit === null ? null : busy;
  return { seed, dailyVolume, volumeStep: volumeStep(type, dailyVolume) };
}
