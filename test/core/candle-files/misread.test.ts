import { describe, expect, test } from "vitest";
import { CandleFileError, type FormatName } from "../../../core/candle-files/types.ts";
import { lines, readFile } from "./read-file.ts";

const YAHOO = "Date,Open,High,Low,Close,Adj Close,Volume\n2024-01-02,1,2,0.5,1.5,1.4,10\n";
const PLAIN = "Date,Open,High,Low,Close,Volume\n2024-01-02,1,2,0.5,1.5,10\n";
const METATRADER4 = "2024.01.02,00:00,1,2,0.5,1.5,10\n";
const UNIX = "1704067200,1,2,0.5,1.5,10\n";
/** As Kraken answers: an average price stands before the volume. The second minute had no trades. */
const KRAKEN = "1381095240,122.0,122.5,121.0,122.0,121.9,0.1,1\n1381095300,122.0,122.0,122.0,122.0,0.0,0.0,0\n";
const TIINGO =
  "date,close,high,low,open,volume,adjClose,adjHigh,adjLow,adjOpen,adjVolume,divCash\n2024-01-02,10,12,9,11,100,5,6,4.5,5.5,200,0\n";

describe("a form that is said", () => {
  test.each<[FormatName, string]>([
    ["metatrader4", YAHOO],
    ["metatrader5", YAHOO],
    ["finnhub", YAHOO],
    ["binance", YAHOO],
    ["stooq", YAHOO],
    ["cryptodatadownload", PLAIN],
    ["dukascopy", PLAIN],
    ["yahoo", METATRADER4],
    ["binance", METATRADER4],
    ["metatrader4", UNIX],
    ["yahoo", UNIX],
  ])("and does not fit is refused: %s", (format, text) => {
    expect(() => readFile(text, { format })).toThrow(CandleFileError);
    expect(() => readFile(text, { format })).toThrow(`--format ${format} does not fit`);
  });

  test.each<[FormatName, string]>([
    ["yahoo", YAHOO],
    ["yfinance", YAHOO],
    ["csv", YAHOO],
    ["yahoo", PLAIN],
    ["yfinance", PLAIN],
    ["pandas", PLAIN],
    ["metatrader5", METATRADER4],
    ["binance", UNIX],
  ])("and fits is taken: %s", (format, text) => {
    expect(readFile(text, { format, market: "CRYPTO" })).toMatchObject({
      recognised: format,
      rows: [{ close: "1.5" }],
    });
  });
});

describe("an average price where volumes usually are", () => {
  const options = { market: "CRYPTO", interval: "1m" } as const;

  test("is not taken for a volume", () => {
    expect(() => readFile(KRAKEN, options)).toThrow("volume=7");
  });

  test("is passed over where the columns are numbered", () => {
    const map = new Map(
      (["time", "open", "high", "low", "close"] as const).map((field, i) => [field, String(i + 1)] as const),
    );
    const numbered = new Map([...map, ["volume", "7"] as const]);
    expect(lines(KRAKEN, { ...options, map: numbered })).toEqual([
      "2013-10-06T21:34:00Z 122.0 122.5 121.0 122.0 0.1",
      "2013-10-06T21:35:00Z 122.0 122.0 122.0 122.0 0.0",
    ]);
  });

  test("is one in every row: a volume that is as high as a price once is a volume", () => {
    const text = "1381095240,122,123,121,122,122,7\n1381095300,122,123,121,122,5,7\n";
    expect(lines(text, options).map((line) => line.split(" ").at(-1))).toEqual(["122", "5"]);
  });
});

describe("years of two digits", () => {
  const dates = (...days: string[]) => ["Date,Close", ...days.map((day, i) => `${day},${i + 1}`)].join("\n");
  const read = (text: string, options = {}) => lines(text, options).map((line) => line.split(" ")[0]);

  test("that stand where days may stand are asked for", () => {
    expect(() => readFile(dates("24-01-02", "24-01-03"))).toThrow("--date-order ymd or --date-order dmy");
  });

  test("are read with the option", () => {
    expect(read(dates("24-01-02", "24-01-03"), { dateOrder: "ymd" })).toEqual(["2024-01-02", "2024-01-03"]);
  });

  test("that are above 31 come first", () => {
    expect(read(dates("99-12-30", "99-12-31", "00-01-03"))).toEqual(["1999-12-30", "1999-12-31", "2000-01-03"]);
    expect(readFile(dates("99-12-30")).assumed).toEqual(["dates have the year first"]);
  });

  test("are last where days change more often, as they do", () => {
    expect(read(dates("29/12/23", "30/12/23", "02/01/24"))).toEqual(["2023-12-29", "2023-12-30", "2024-01-02"]);
  });

  test("are no years of four: with them, ymd names no day", () => {
    expect(() => readFile(dates("02/01/2024"), { dateOrder: "ymd" })).toThrow("is a day with --date-order ymd");
  });
});

describe("a column of symbols", () => {
  const rows = (...symbols: string[]) =>
    ["date,close,Name", ...symbols.map((symbol, i) => `2024-01-0${i + 2},${i + 1},${symbol}`)].join("\n");

  test("that differ is refused, with the lines", () => {
    expect(() => readFile(rows("AAL", "AAL", "AAPL"))).toThrow('several symbols, "AAL" in line 2 and "AAPL" in line 4');
  });

  test("that are one in two spellings, or not there, is one", () => {
    expect(lines(rows("BTC/USDT", "BTCUSDT", "", "btc-usdt"), { market: "CRYPTO" })).toHaveLength(4);
  });
});

describe("adjusted prices beside an adjusted close", () => {
  test("are taken with it, and the adjusted volume", () => {
    expect(lines(TIINGO, { adjusted: true })).toEqual(["2024-01-02 5.5 6 4.5 5 200"]);
    expect(readFile(TIINGO, { adjusted: true }).assumed).toEqual([
      "open, high, low, volume, close are the adjusted ones",
    ]);
  });

  test("are ignored without the option", () => {
    expect(lines(TIINGO)).toEqual(["2024-01-02 11 12 9 10 100"]);
  });
});
