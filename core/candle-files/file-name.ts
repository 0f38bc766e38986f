import { INTERVALS, type Interval, likelyInterval } from "../interval.ts";

/** What a file's name says of its series; null where it does not say it. */
export interface NameFacts {
  /** As the vendor writes it: an alias that the registry may know. */
  symbol: string | null;
  interval: Interval | null;
}

/** How TradingView and MetaTrader write intervals: in minutes, or by a letter. */
const MINUTES: Readonly<Record<string, Interval>> = {
  "1": "1m",
  "5": "5m",
  "15": "15m",
  "30": "30m",
  "60": "1h",
  "240": "4h",
  "1440": "1d",
  "10080": "1w",
  "43200": "1M",
  D: "1d",
  "1D": "1d",
  W: "1w",
  "1W": "1w",
  M: "1M",
  "1M": "1M",
};

const METATRADER: Readonly<Record<string, Interval>> = {
  M1: "1m",
  M5: "5m",
  M15: "15m",
  M30: "30m",
  H1: "1h",
  H4: "4h",
  D1: "1d",
  W1: "1w",
  MN1: "1M",
  MN: "1M",
  Daily: "1d",
  Weekly: "1w",
  Monthly: "1M",
};

const DUKASCOPY: Readonly<Record<string, Interval>> = {
  "1_M": "1m",
  "5_M": "5m",
  "15_M": "15m",
  "30_M": "30m",
  "1_Hour": "1h",
  "4_Hours": "4h",
  "1_D": "1d",
  "1_W": "1w",
  "1_MO": "1M",
};

/** The symbol's exchange, as TradingView writes it before its ticker: delayed data has a further part. */
const exchangeAndTicker = (exchange: string, ticker: string): string => `${exchange.replace(/_DLY$/, "")}:${ticker}`;

const own = (text: string): Interval | null => INTERVALS.find((interval) => interval === text) ?? null;

/** A form of name: what it looks like, and what its parts say. */
type NameForm = readonly [pattern: RegExp, read: (parts: readonly string[]) => NameFacts];

const FORMS: readonly NameForm[] = [
  // Binance's archives: BTCUSDT-1h-2024-01.
  [
    /^([A-Z0-9]{5,20})-(1mo|\d{1,2}[smhdwM])-\d{4}(?:-\d{2}){0,2}$/,
    ([symbol, interval]) => ({ symbol, interval: interval === "1mo" ? "1M" : own(interval) }),
  ],
  // Dukascopy: EURUSD_Candlestick_1_M_BID_01.01.2024-31.01.2024.
  [
    /^([A-Z0-9.]{3,20})_Candlestick_(\d+_[A-Za-z]+)_(?:BID|ASK)/,
    ([symbol, interval]) => ({ symbol, interval: DUKASCOPY[interval] ?? null }),
  ],
  // TradingView: NASDAQ_AAPL, 1D and BINANCE_BTCUSDT, 60_a1b2c.
  [
    /^([A-Z]+(?:_DLY)?)_([A-Z0-9.!]+), ?(\w+?)(?:_[0-9a-f]{5})?(?: \(\d+\))?$/,
    ([exchange, ticker, interval]) => ({
      symbol: exchange === "FX" || exchange === "OANDA" ? ticker : exchangeAndTicker(exchange, ticker),
      interval: MINUTES[interval] ?? null,
    }),
  ],
  // CryptoDataDownload: Binance_BTCUSDT_1h, Binance_BTCUSDT_d, Binance_BTCUSDT_2024_minute.
  [
    /^[A-Z][a-z]+_([A-Z0-9]{5,20})_(?:\d{4}_)?(1h|d|minute|1min|hour|day)$/,
    ([symbol, interval]) => ({ symbol, interval: likelyInterval(interval) }),
  ],
  // MetaTrader 5: EURUSD_M1_202401020000_202412312359, EURUSD_Daily, EURUSD.m_H1.
  [
    /^([A-Z0-9]{3,20})(?:\.\w+)?_(M\d{1,2}|H\d|D1|W1|MN1?|Daily|Weekly|Monthly)(?:_\d{8,14}){0,2}$/,
    ([symbol, interval]) => ({ symbol, interval: METATRADER[interval] ?? null }),
  ],
  // Our own: JSE_NPN_1d and BTC-USDT_1m.
  [
    /^(.+)_(1m|5m|15m|30m|1h|4h|1d|1w|1M)$/,
    ([symbol, interval]) => ({ symbol: ownSymbol(symbol), interval: own(interval) }),
  ],
  // MetaTrader 4: USDJPY1 and EURUSD1440.
  [/^([A-Z]{6})(1|5|15|30|60|240|1440|10080|43200)$/, ([symbol, minutes]) => ({ symbol, interval: MINUTES[minutes] })],
  // Stooq: aapl_us_d and aapl.us.
  [
    /^([a-z0-9]+)[._]us(?:_([dwm]))?$/,
    ([symbol, interval]) => ({ symbol: symbol.toUpperCase(), interval: STOOQ[interval] ?? null }),
  ],
  // Yahoo: AAPL, NPN.JO, BTC-USD, EURUSD=X.
  [/^([A-Z][A-Z0-9]{0,9}(?:\.[A-Z]{1,3}|-[A-Z]{3,4}|=X)?)$/, ([symbol]) => ({ symbol, interval: null })],
];

const STOOQ: Readonly<Record<string, Interval>> = { d: "1d", w: "1w", m: "1M" };

/** Exported files have the colon and the slash of a symbol as `_` and `-`. */
const ownSymbol = (text: string): string => text.replace(/^([A-Z]{2,10})_/, "$1:");

/** The endings of names that say nothing of the series. */
const ENDINGS = /(?:\.(?:csv|txt|tsv|prn|gz|zip))+$/i;

/**
 * Reads the symbol and the interval from the name of a file, where vendors write them so. A name that is in no vendor's form says nothing.
 * @param fileName without folders
 */
export function factsOfName(fileName: string): NameFacts {
  const name = fileName.replace(ENDINGS, "").trim();
  if (name.length > 120) return { symbol: null, interval: null };
  for (const [pattern, read] of FORMS) {
    const match = pattern.exec(name);
    if (match) return read(match.slice(1));
  }
  return { symbol: null, interval: null };
}
