import { describe, expect, test } from "vitest";
import type { ReadingOptions } from "../../../core/candle-files/types.ts";
import type { Interval } from "../../../core/interval.ts";
import type { MarketId } from "../../../core/market-calendar/markets.ts";
import { lines, readFile } from "./read-file.ts";

/** A file as a vendor writes it, and what is read of it. */
interface Vendor {
  name: string;
  text: string;
  market?: MarketId;
  interval?: Interval;
  options?: ReadingOptions;
  format: string;
  ignored?: string[];
  rows: string[];
}

/** The numbers are made up; the names and the spelling are the vendors'. */
const VENDORS: Vendor[] = [
  {
    name: "Yahoo, with an adjusted close",
    text: "Date,Open,High,Low,Close,Adj Close,Volume\n2024-01-02,187.15,188.44,183.89,185.64,184.73,82488700\n",
    format: "yahoo",
    ignored: ["Adj Close"],
    rows: ["2024-01-02 187.15 188.44 183.89 185.64 82488700"],
  },
  {
    name: "Yahoo's page, copied",
    text: "Date\tOpen\tHigh\tLow\tClose*\tAdj Close**\tVolume\nJan 2, 2024\t187.15\t188.44\t183.89\t185.64\t184.73\t82,488,700\n",
    format: "yahoo",
    ignored: ["Adj Close**"],
    rows: ["2024-01-02 187.15 188.44 183.89 185.64 82488700"],
  },
  {
    name: "TradingView, in unix seconds with indicators",
    text: "time,open,high,low,close,Volume,Volume MA,RSI\n1704205800,187.15,188.44,183.885,185.64,82488700,1,NaN\n",
    format: "tradingview",
    ignored: ["Volume MA", "RSI"],
    rows: ["2024-01-02 187.15 188.44 183.885 185.64 82488700"],
  },
  {
    name: "TradingView, in ISO with a zone",
    text: "time,open,high,low,close,Volume\n2024-01-02T09:30:00-05:00,187.15,188.44,183.885,185.64,100\n",
    interval: "1h",
    format: "tradingview",
    rows: ["2024-01-02T14:30:00Z 187.15 188.44 183.885 185.64 100"],
  },
  {
    name: "Binance's archive without names, in milliseconds",
    text: "1704067200000,42283.58,42554.57,42261.02,42475.23,1271.68,1704070799999,53957248.97,47134,682.57,28957416.8,0\n",
    market: "CRYPTO",
    interval: "1h",
    format: "binance",
    ignored: ["close_time", "quote_volume", "count", "taker_buy_volume", "taker_buy_quote_volume", "ignore"],
    rows: ["2024-01-01 42283.58 42554.57 42261.02 42475.23 1271.68"],
  },
  {
    name: "Binance's archive with names, in microseconds",
    text: "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore\n1735689660000000,0.31,0.32,0.30,0.316,27.0,1735689719999999,8.5,1,0.0,0.0,0\n",
    market: "CRYPTO",
    interval: "1m",
    format: "binance",
    rows: ["2025-01-01T00:01:00Z 0.31 0.32 0.30 0.316 27.0"],
  },
  {
    name: "MetaTrader 5, days with tabs",
    text: "<DATE>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n2024.01.02\t1.10427\t1.10460\t1.09380\t1.09419\t87654\t0\t3\n",
    market: "FOREX",
    format: "metatrader5",
    ignored: ["<VOL>", "<SPREAD>"],
    rows: ["2024-01-02 1.10427 1.10460 1.09380 1.09419 87654"],
  },
  {
    name: "MetaTrader 4, days without names",
    text: "2024.01.02,00:00,1.10427,1.10460,1.09380,1.09419,87654\n",
    market: "FOREX",
    format: "metatrader4",
    rows: ["2024-01-02 1.10427 1.10460 1.09380 1.09419 87654"],
  },
  {
    name: "Dukascopy, in GMT with the day first",
    text: "Gmt time,Open,High,Low,Close,Volume\n02.01.2024 00:01:00.000,1.10427,1.10460,1.09380,1.09419,153.22\n",
    market: "FOREX",
    interval: "1m",
    format: "dukascopy",
    rows: ["2024-01-02T00:01:00Z 1.10427 1.10460 1.09380 1.09419 153.22"],
  },
  {
    name: "Dukascopy, in local time with its offset",
    text: "Local time,Open,High,Low,Close,Volume\n02.01.2024 02:01:00.000 GMT+0200,1.10427,1.10460,1.09380,1.09419,153.22\n",
    market: "FOREX",
    interval: "1m",
    format: "dukascopy",
    rows: ["2024-01-02T00:01:00Z 1.10427 1.10460 1.09380 1.09419 153.22"],
  },
  {
    name: "Stooq's own page",
    text: "Date,Open,High,Low,Close,Volume\n2024-01-02,187.15,188.44,183.885,185.64,82488674\n",
    format: "stooq",
    rows: ["2024-01-02 187.15 188.44 183.885 185.64 82488674"],
  },
  {
    name: "Stooq's archive",
    text: "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\nAAPL.US,D,20240102,000000,187.15,188.44,183.885,185.64,82488674,0\n",
    format: "stooq",
    ignored: ["<TICKER>", "<PER>", "<OPENINT>"],
    rows: ["2024-01-02 187.15 188.44 183.885 185.64 82488674"],
  },
  {
    name: "Alpha Vantage, adjusted days, newest first",
    text: "timestamp,open,high,low,close,adjusted_close,volume,dividend_amount,split_coefficient\n2024-01-03,184.2,185.9,183.4,184.3,183.9,58414460,0,1\n2024-01-02,187.2,188.4,183.9,185.6,185.2,82488674,0,1\n",
    format: "alphavantage",
    ignored: ["adjusted_close", "dividend_amount", "split_coefficient"],
    rows: ["2024-01-03 184.2 185.9 183.4 184.3 58414460", "2024-01-02 187.2 188.4 183.9 185.6 82488674"],
  },
  {
    name: "pandas, with times as an index without a name",
    text: ",open,high,low,close,volume\n2024-01-02 00:00:00+00:00,1e-05,2e-05,9.5e-06,1.1e-05,100.0\n",
    market: "CRYPTO",
    format: "pandas",
    rows: ["2024-01-02 1e-05 2e-05 9.5e-06 1.1e-05 100.0"],
  },
  {
    name: "pandas, with numbers as an index",
    text: ",date,open,high,low,close,volume\n0,2024-01-02,1,2,0.5,1.5,\n1,2024-01-03,1,2,0.5,1.6,10\n",
    market: "CRYPTO",
    format: "pandas",
    ignored: ["index"],
    rows: ["2024-01-02 1 2 0.5 1.5 ?", "2024-01-03 1 2 0.5 1.6 10"],
  },
  {
    name: "pandas, with times as an index that is called so, and a first row of which no number is known",
    text: "index,open,high,low,close\n2024-01-02T14:30:00.000Z,NaN,NaN,NaN,\n2024-01-02T15:30:00.000Z,1,2,0.5,1.5\n",
    interval: "1h",
    format: "pandas",
    ignored: [],
    rows: ["2024-01-02T14:30:00Z ? ? ? ? ?", "2024-01-02T15:30:00Z 1 2 0.5 1.5 ?"],
  },
  {
    name: "Dukascopy's days, which begin with the session of forex",
    text: "Gmt time,Open,High,Low,Close,Volume\n15.01.2024 22:00:00.000,1.10427,1.10460,1.09380,1.09419,153.22\n",
    market: "FOREX",
    format: "dukascopy",
    rows: ["2024-01-16 1.10427 1.10460 1.09380 1.09419 153.22"],
  },
  {
    name: "yfinance, of a ticker's history",
    text: "Date,Open,High,Low,Close,Volume,Dividends,Stock Splits\n2024-01-02 00:00:00-05:00,186.03,187.31,182.79,184.53,82488700,0.0,0.0\n",
    format: "yfinance",
    ignored: ["Dividends", "Stock Splits"],
    rows: ["2024-01-02 186.03 187.31 182.79 184.53 82488700"],
  },
  {
    name: "yfinance, of a download with two levels of names",
    text: "Price,Close,High,Low,Open,Volume\nTicker,AAPL,AAPL,AAPL,AAPL,AAPL\nDate,,,,,\n2024-01-02,184.53,187.31,182.79,186.03,82488700\n",
    format: "yfinance",
    rows: ["2024-01-02 186.03 187.31 182.79 184.53 82488700"],
  },
  {
    name: "yfinance, of hours",
    text: "Datetime,Open,High,Low,Close,Volume,Dividends,Stock Splits\n2024-01-02 09:30:00-05:00,187.15,188.44,186.89,187.64,100,0.0,0.0\n",
    interval: "1h",
    format: "yfinance",
    rows: ["2024-01-02T14:30:00Z 187.15 188.44 186.89 187.64 100"],
  },
  {
    name: "CryptoDataDownload, with a title, newest first",
    text: "https://www.CryptoDataDownload.com\nUnix,Date,Symbol,Open,High,Low,Close,Volume BTC,Volume USDT,tradecount\n1704070800000,2024-01-01 01:00:00,BTCUSDT,2,3,1,2.5,10,25,7\n1704067200000,2024-01-01 00:00:00,BTCUSDT,1,3,1,2,11,22,8\n",
    market: "CRYPTO",
    interval: "1h",
    format: "cryptodatadownload",
    ignored: ["Date", "Symbol", "Volume USDT", "tradecount"],
    rows: ["2024-01-01T01:00:00Z 2 3 1 2.5 10", "2024-01-01 1 3 1 2 11"],
  },
  {
    name: "CryptoDataDownload of earlier years, with half days",
    text: "https://www.CryptoDataDownload.com\nDate,Symbol,Open,High,Low,Close,Volume BTC,Volume USD\n2020-07-04 11-PM,BTCUSD,2,3,1,2.5,10,25\n",
    market: "CRYPTO",
    interval: "1h",
    format: "cryptodatadownload",
    rows: ["2020-07-04T23:00:00Z 2 3 1 2.5 10"],
  },
  {
    name: "Finnhub's columns",
    text: "c,h,l,o,s,t,v\n185.64,188.44,183.885,187.15,ok,1704153600,82488674\n",
    format: "finnhub",
    ignored: ["s"],
    rows: ["2024-01-02 187.15 188.44 183.885 185.64 82488674"],
  },
  {
    name: "our own export",
    text: "time,open,high,low,close,volume,state,revision,suspect,provider,simulated\n1704153600,1,2,0.5,1.5,,closed,0,false,import,false\n1704240000,1,2,0.5,1.6,5,open,0,false,import,false\n",
    format: "wizdata",
    ignored: ["state", "revision", "suspect", "provider"],
    rows: ["2024-01-02 1 2 0.5 1.5 ?"],
  },
  {
    name: "Nasdaq, with the month first and a currency",
    text: "Date,Close/Last,Volume,Open,High,Low\n01/31/2024,$184.40,55467800,$187.04,$187.095,$184.35\n01/02/2024,$1,185.64,82488700,$187.15,$188.44,$183.885\n".replace(
      "$1,185.64",
      '"$1,185.64"',
    ),
    format: "csv",
    rows: ["2024-01-31 187.04 187.095 184.35 184.40 55467800", "2024-01-02 187.15 188.44 183.885 1185.64 82488700"],
  },
  {
    name: "Investing.com, with letters for multiples",
    text: '"Date","Price","Open","High","Low","Vol.","Change %"\n"01/31/2024","1,184.40","1,187.04","1,187.10","1,184.35","55.47M","-1.94%"\n',
    format: "csv",
    ignored: ["Change %"],
    rows: ["2024-01-31 1187.04 1187.10 1184.35 1184.40 55470000"],
  },
  {
    name: "Kraken, without names",
    text: "1381095240,122.0,122.5,121.0,122.0,0.1,1\n1381179000,123.61,123.62,123.61,123.61,0.1,1\n",
    market: "CRYPTO",
    interval: "1m",
    format: "csv",
    ignored: ["column 7"],
    rows: ["2013-10-06T21:34:00Z 122.0 122.5 121.0 122.0 0.1", "2013-10-07T20:50:00Z 123.61 123.62 123.61 123.61 0.1"],
  },
  {
    name: "a table with the name of the month, semicolons, decimal commas and points between thousands",
    text: "Datum;Date;Open;High;Low;Close;Volume\n1;02-Jan-2024;1.187,15;1.188,44;1.183,89;1.185,64;82.488.700\n",
    format: "csv",
    ignored: ["Datum"],
    rows: ["2024-01-02 1187.15 1188.44 1183.89 1185.64 82488700"],
  },
  {
    name: "a Swiss table, with apostrophes between thousands",
    text: "Date;Open;High;Low;Close\n31.12.2024;1'187.15;1’188.44;1'183.89;1 185.64\n",
    format: "csv",
    rows: ["2024-12-31 1187.15 1188.44 1183.89 1185.64 ?"],
  },
  {
    name: "Yahoo's page of later years, copied with what it says of its closes",
    text: "Date\tOpen\tHigh\tLow\tClose Close price adjusted for splits.\tAdj Close Adjusted close price adjusted for splits and dividend and/or capital gain distributions.\tVolume\nJan 2, 2024\t187.15\t188.44\t183.89\t185.64\t184.73\t82,488,700\n",
    format: "yahoo",
    rows: ["2024-01-02 187.15 188.44 183.89 185.64 82488700"],
  },
  {
    name: "TradingView, with years in which unix times were short",
    text: "time,open,high,low,close,Volume\n-252322200,7.7,7.8,7.6,7.7,10\n52200,9.7,9.8,9.6,9.7,20\n94746600,9.7,9.9,9.6,9.8,30\n",
    format: "tradingview",
    rows: ["1962-01-02 7.7 7.8 7.6 7.7 10", "1970-01-01 9.7 9.8 9.6 9.7 20", "1973-01-01 9.7 9.9 9.6 9.8 30"],
  },
  {
    name: "MetaTrader 5, as its package for Python has them",
    text: "time,open,high,low,close,tick_volume,spread,real_volume\n1704153600,1.10427,1.10460,1.09380,1.09419,87654,3,0\n",
    market: "FOREX",
    format: "metatrader5",
    ignored: ["spread", "real_volume"],
    rows: ["2024-01-02 1.10427 1.10460 1.09380 1.09419 87654"],
  },
  {
    name: "yfinance, of a download with one level of names",
    text: "Date,Close,High,Low,Open,Volume\n2024-01-02,184.53,187.31,182.79,186.03,82488700\n",
    format: "yfinance",
    rows: ["2024-01-02 186.03 187.31 182.79 184.53 82488700"],
  },
  {
    name: "pandas, with a named index of times",
    text: "timestamp,open,high,low,close,volume\n2024-01-02 00:00:00+00:00,1,2,0.5,1.5,10\n",
    market: "CRYPTO",
    format: "pandas",
    rows: ["2024-01-02 1 2 0.5 1.5 10"],
  },
  {
    name: "Bybit, with names as its programs write them",
    text: "startTime,openPrice,highPrice,lowPrice,closePrice,volume,turnover\n1704067200000,1,2,0.5,1.5,10,15\n",
    market: "CRYPTO",
    interval: "1h",
    format: "csv",
    ignored: ["turnover"],
    rows: ["2024-01-01 1 2 0.5 1.5 10"],
  },
  {
    name: "OKX, with the symbol in every row",
    text: "instrument_name,open,high,low,close,vol,vol_ccy,vol_quote,open_time,confirm\nBTC-USDT,1,2,0.5,1.5,10,10,15,1704067200000,1\nBTC-USDT,1,2,0.5,1.6,11,11,16,1704070800000,1\n",
    market: "CRYPTO",
    interval: "1h",
    format: "csv",
    ignored: ["instrument_name", "vol_ccy", "vol_quote", "confirm"],
    rows: ["2024-01-01 1 2 0.5 1.5 10", "2024-01-01T01:00:00Z 1 2 0.5 1.6 11"],
  },
  {
    name: "CoinMarketCap, whose days have an opening and a last millisecond",
    text: "timeOpen;timeClose;timeHigh;timeLow;name;open;high;low;close;volume;marketCap;timestamp\n2024-01-02T00:00:00.000Z;2024-01-02T23:59:59.999Z;2024-01-02T01:00:00.000Z;2024-01-02T02:00:00.000Z;2781;4;5;3;4.5;39.5;88;2024-01-02T23:59:59.999Z\n",
    market: "CRYPTO",
    format: "csv",
    ignored: ["timeClose", "timeHigh", "timeLow", "name", "marketCap", "timestamp"],
    rows: ["2024-01-02 4 5 3 4.5 39.5"],
  },
  {
    name: "HistData, without names",
    text: "20240102 170000;1.10427;1.10460;1.09380;1.09419;0\n",
    market: "FOREX",
    options: { timezone: "Etc/GMT+5" },
    interval: "1m",
    format: "csv",
    rows: ["2024-01-02T22:00:00Z 1.10427 1.10460 1.09380 1.09419 0"],
  },
  {
    name: "the exchange of India, with lakh",
    text: 'Date ,series ,OPEN ,HIGH ,LOW ,PREV. CLOSE ,ltp ,close ,vwap ,VOLUME \n02-Jan-2024,EQ,"2,580.55","2,606.85","2,573.15","2,590.25","2,611.00","2,611.70","2,591.76","1,66,18,976"\n',
    format: "csv",
    ignored: ["series", "PREV. CLOSE", "ltp", "vwap"],
    rows: ["2024-01-02 2580.55 2606.85 2573.15 2611.70 16618976"],
  },
  {
    name: "a table with the sign of the currency after its numbers",
    text: "Date;Close\n31.01.2024;1.101,50 €\n",
    format: "csv",
    rows: ["2024-01-31 ? ? ? 1101.50 ?"],
  },
];

describe("a file of", () => {
  test.each(VENDORS.map((vendor) => [vendor.name, vendor] as const))("%s is recognised", (_, vendor) => {
    const { text, market, interval, options, format, ignored, rows } = vendor;
    const read = readFile(text, { ...options, market, interval });
    expect(read.recognised).toBe(format);
    if (ignored) expect(read.ignored).toEqual(ignored);
    expect(lines(text, { ...options, market, interval })).toEqual(rows);
  });
});

describe("what is taken to be so", () => {
  const assumedOf = (name: string) => {
    const vendor = VENDORS.find((each) => each.name === name);
    return readFile(vendor?.text ?? "", { market: vendor?.market, interval: vendor?.interval }).assumed;
  };

  test.each([
    ["CryptoDataDownload, with a title, newest first", ["line 1 is a title"]],
    ["Dukascopy, in GMT with the day first", ["dates have the day first", "times are of UTC"]],
    ["Kraken, without names", ["no line names the columns: they are time, open, high, low, close, volume"]],
    ["MetaTrader 5, days with tabs", ["volumes count price changes, for no row has a volume of trades"]],
    ["our own export", ["candles that had not closed are left out (1)"]],
    ["Yahoo, with an adjusted close", []],
  ])("of %s is said", (name, assumed) => {
    expect(assumedOf(name)).toEqual(assumed);
  });
});
