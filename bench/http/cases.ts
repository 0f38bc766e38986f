import { REFERENCE_SYMBOLS } from "../../storage/registry/reference-data.ts";

/** One kind of request. */
export interface HttpCase {
  name: string;
  /** What is asked again and again. */
  paths: string[];
  /** The same kind of thing, none of it asked before. */
  cold: string[];
}

export const EMPTY = { paths: ["/empty"] };
export const QUOTE = { paths: ["/quotes/BTC/USDT"] };

const symbols = REFERENCE_SYMBOLS.map(({ symbol }) => encodeURIComponent(symbol));
const BATCH = 20;

const batches = Array.from({ length: Math.floor(symbols.length / BATCH) }, (_, i) =>
  symbols.slice(i * BATCH, (i + 1) * BATCH).join(","),
);

const TEN = "SMA,EMA,MACD,RSI,BOLLINGER,STOCHASTIC,WILLIAMS_R,CCI,ATR,ADX";

/** What is measured beside the cached quote. */
export const CASES: readonly HttpCase[] = [
  {
    name: "batch quotes",
    paths: [`/quotes?symbols=${batches[0]}`],
    cold: batches.map((batch) => `/quotes?symbols=${batch}`),
  },
  {
    name: "candles",
    paths: ["/ohlcv/BTC/USDT?interval=1h&limit=100"],
    cold: symbols.map((symbol) => `/ohlcv/${symbol}?interval=1h&limit=100`),
  },
  {
    name: "indicators",
    paths: [`/indicators/BTC/USDT?indicators=${TEN}&interval=1h&data_points=100`],
    cold: symbols.map((symbol) => `/indicators/${symbol}?indicators=${TEN}&interval=1h&data_points=100`),
  },
  {
    name: "symbols",
    paths: ["/symbols?limit=100"],
    cold: symbols.map((symbol) => `/symbols/${symbol}`),
  },
];
