/**
 * What the reference symbols cost in the autumn of 2026, so that a demo looks familiar. Prices are rounded facts, with sources
 * from Yahoo's closes, exchanges' minimum orders and the European Central Bank's reference rates; they are no market data, and
 * every answer made of them says `simulated`.
 */

/** JSE shares, in cents. */
const JSE: Readonly<Record<string, number>> = {
  ...{ ABG: 21_500, AGL: 91_000, ANG: 154_000, APN: 16_200, BHG: 71_500, BID: 44_000, BTI: 88_000, BVT: 22_700 },
  ...{ CFR: 348_000, CLS: 20_900, CPI: 428_000, DSY: 26_400, EXX: 17_400, FSR: 9_140, GFI: 59_500, GRT: 1_560 },
  ...{ HAR: 28_100, IMP: 18_800, INL: 13_400, INP: 13_500, KIO: 22_200, MRP: 16_900, MTN: 18_800, NED: 28_500 },
  ...{ NPN: 70_800, OMU: 1_320, PRX: 66_000, REM: 20_400, SBK: 30_000, SHP: 31_800, SLM: 8_120, SOL: 23_600 },
  ...{ SSW: 4_120, TBS: 24_800, VOD: 15_500, WHL: 3_680 },
};

/** US shares, in dollars. */
const US: Readonly<Record<string, number>> = {
  ...{
    AAPL: 335,
    AMD: 500,
    AMZN: 260,
    BA: 225,
    CSCO: 120,
    DIS: 95,
    GOOG: 350,
    GOOGL: 350,
    IBM: 220,
    INTC: 95,
    JNJ: 260,
  },
  ...{ JPM: 355, KO: 82, MA: 535, META: 650, MSFT: 515, NFLX: 73, NVDA: 215, PFE: 26.5, PG: 147, TSLA: 350, V: 360 },
  ...{ WMT: 110, XOM: 153 },
};

/** A price in dollars, and the decimals that it is quoted with. */
export interface DollarPrice {
  price: number;
  decimals: number;
}

/** Coins against the dollar or a token that follows it. */
export const COINS: Readonly<Record<string, DollarPrice>> = {
  BTC: { price: 65_000, decimals: 2 },
  ETH: { price: 1_900, decimals: 2 },
  SOL: { price: 75, decimals: 2 },
  XRP: { price: 1.2, decimals: 4 },
  BNB: { price: 600, decimals: 2 },
  ADA: { price: 0.2, decimals: 4 },
  DOGE: { price: 0.075, decimals: 5 },
  DOT: { price: 0.9, decimals: 3 },
  LTC: { price: 50, decimals: 2 },
  LINK: { price: 11, decimals: 2 },
  AVAX: { price: 7.3, decimals: 2 },
  TRX: { price: 0.33, decimals: 4 },
  UNI: { price: 3.5, decimals: 3 },
  ATOM: { price: 1.8, decimals: 3 },
  XLM: { price: 0.17, decimals: 4 },
  BCH: { price: 450, decimals: 2 },
  ETC: { price: 8.5, decimals: 2 },
  NEAR: { price: 2.2, decimals: 3 },
  FIL: { price: 1, decimals: 3 },
  ALGO: { price: 0.09, decimals: 4 },
};

/** Currencies that the market quotes in dollars: dollars for one of them. */
export const DOLLARS_FOR: Readonly<Record<string, number>> = { EUR: 1.12, GBP: 1.32, AUD: 0.69, NZD: 0.58 };

/** Other currencies: what one dollar costs. Those of the reference symbols first, then orders of magnitude. */
export const DOLLAR_COSTS: Readonly<Record<string, number>> = {
  ...{ ZAR: 16.6, JPY: 158, CHF: 0.83, CAD: 1.4 },
  ...{
    AED: 3.67,
    BRL: 5.4,
    BWP: 13.5,
    CNH: 7,
    CNY: 7,
    CZK: 21,
    DKK: 6.7,
    EGP: 48,
    HKD: 7.8,
    HUF: 340,
    ILS: 3.4,
    INR: 90,
  },
  ...{
    KES: 129,
    KRW: 1_400,
    MUR: 46,
    MXN: 18,
    NAD: 16.6,
    NGN: 1_450,
    NOK: 10,
    PLN: 3.7,
    SAR: 3.75,
    SEK: 9.5,
    SGD: 1.29,
  },
  ...{ THB: 33, TRY: 44, ZMW: 23 },
};

/** Raw materials in dollars, as orders of magnitude. */
export const COMMODITIES: Readonly<Record<string, number>> = {
  ...{ XAU: 4_000, GOLD: 4_000, XAG: 50, SILVER: 50, XPT: 1_500, XPD: 1_400 },
  ...{ WTI: 65, BRENT: 68, NATGAS: 3.5, COPPER: 5 },
};

/** What a listed symbol costs (JSE shares in cents, US shares in dollars); undefined for one that is not well known. */
export function listedLevel(symbol: string): number | undefined {
  return symbol.startsWith("JSE:") ? ownValue(JSE, symbol.slice(4)) : ownValue(US, symbol);
}

/** A record's value under a key that came from outside. */
export function ownValue<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

/** Units of a usual day's trading (shares, coins) of the most traded symbols. */
export const DAILY_VOLUMES: Readonly<Record<string, number>> = {
  "BTC/USDT": 25_000,
  "BTC/USD": 12_000,
  "ETH/USDT": 400_000,
  "ETH/USD": 150_000,
  "SOL/USDT": 4_000_000,
  "XRP/USDT": 200_000_000,
  "BNB/USDT": 300_000,
  "ADA/USDT": 150_000_000,
  "DOGE/USDT": 1_500_000_000,
  "DOT/USDT": 15_000_000,
  "LTC/USDT": 800_000,
  "LINK/USDT": 6_000_000,
  "JSE:NPN": 2_500_000,
  "JSE:PRX": 3_000_000,
  "JSE:BHG": 1_500_000,
  "JSE:AGL": 3_000_000,
  "JSE:SOL": 4_000_000,
  "JSE:SBK": 5_000_000,
  "JSE:MTN": 7_000_000,
  "JSE:FSR": 12_000_000,
  "JSE:CPI": 250_000,
  AAPL: 50_000_000,
  GOOG: 18_000_000,
  GOOGL: 25_000_000,
  MSFT: 20_000_000,
  TSLA: 90_000_000,
  NVDA: 200_000_000,
  AMZN: 40_000_000,
  META: 12_000_000,
};
