import { expect, test } from "vitest";
import { factsOfName } from "../../../core/candle-files/file-name.ts";

test.each([
  ["BTCUSDT-1h-2024-01.zip", "BTCUSDT", "1h"],
  ["BTCUSDT-1m-2024-01-31.csv", "BTCUSDT", "1m"],
  ["ETHUSDT-1mo-2024.zip", "ETHUSDT", "1M"],
  ["BTCUSDT-3m-2024-01.zip", "BTCUSDT", null],
  ["NASDAQ_AAPL, 1D.csv", "NASDAQ:AAPL", "1d"],
  ["BINANCE_BTCUSDT, 60.csv", "BINANCE:BTCUSDT", "1h"],
  ["JSE_DLY_NPN, 1W.csv", "JSE:NPN", "1w"],
  ["FX_EURUSD, 5_a1b2c.csv", "EURUSD", "5m"],
  ["EURUSD_Candlestick_1_M_BID_01.01.2024-31.01.2024.csv", "EURUSD", "1m"],
  ["USDZAR_Candlestick_1_Hour_ASK_01.01.2024-31.01.2024.csv", "USDZAR", "1h"],
  ["Binance_BTCUSDT_1h.csv", "BTCUSDT", "1h"],
  ["Binance_BTCUSDT_d.csv", "BTCUSDT", "1d"],
  ["Bitstamp_BTCUSD_2024_minute.csv", "BTCUSD", "1m"],
  ["EURUSD_M15_202401020000_202412312359.csv", "EURUSD", "15m"],
  ["EURUSD_Daily_202401020000_202412310000.csv", "EURUSD", "1d"],
  ["USDJPY1.csv", "USDJPY", "1m"],
  ["USDJPY1440.csv", "USDJPY", "1d"],
  ["aapl_us_d.csv", "AAPL", "1d"],
  ["aapl.us.txt", "AAPL", null],
  ["JSE_NPN_1d.csv", "JSE:NPN", "1d"],
  ["BTC-USDT_1m.csv.gz", "BTC-USDT", "1m"],
  ["AAPL.csv", "AAPL", null],
  ["NPN.JO.csv", "NPN.JO", null],
  ["EURUSD=X.csv", "EURUSD=X", null],
  ["BTC-USD.csv", "BTC-USD", null],
  ["candles.csv", null, null],
  ["my prices (2).csv", null, null],
  [`${"A".repeat(500)}.csv`, null, null],
])("%s", (name, symbol, interval) => {
  expect(factsOfName(name)).toEqual({ symbol, interval });
});
