import { normaliseName } from "./columns.ts";
import type { FormatName } from "./types.ts";

const OWN_NAMES = new Set([
  "time",
  "open",
  "high",
  "low",
  "close",
  "volume",
  "state",
  "revision",
  "suspect",
  "provider",
  "simulated",
]);

/** A form of file that its columns' names show. */
interface Form {
  format: FormatName;
  /** @param names in one spelling; `plain` are those of the file, `time` is how its first row writes the time */
  fits: (names: ReadonlySet<string>, plain: readonly string[], titles: readonly string[], time: string) => boolean;
}

const hasAll = (names: ReadonlySet<string>, ...wanted: readonly string[]): boolean =>
  wanted.every((name) => names.has(name));

/** Forms in the order in which they are tried: the ones with a sign of their own first. */
const FORMS: readonly Form[] = [
  {
    format: "cryptodatadownload",
    fits: (names, _, titles) =>
      titles.some((title) => /cryptodatadownload/i.test(title)) ||
      (names.has("symbol") && [...names].some((name) => /^volume \w+$/.test(name))),
  },
  { format: "stooq", fits: (names, plain) => plain[0]?.trim() === "<TICKER>" && names.has("per") },
  { format: "metatrader5", fits: (names, plain) => plain[0]?.trim() === "<DATE>" && names.has("close") },
  {
    format: "binance",
    fits: (names) => names.has("open time") && (names.has("close time") || names.has("taker buy volume")),
  },
  {
    format: "dukascopy",
    fits: (names, plain) =>
      /^(?:gmt time|local time|time \((?:utc|gmt|eet)\))$/i.test(plain[0]?.trim() ?? "") && names.has("close"),
  },
  { format: "yfinance", fits: (names) => names.has("stock splits") || names.has("dividends") },
  { format: "yahoo", fits: (names) => hasAll(names, "date", "adj close") },
  { format: "finnhub", fits: (names) => hasAll(names, "t", "c") },
  {
    format: "wizdata",
    fits: (_, plain) => plain.every((name) => OWN_NAMES.has(name.trim())) && plain.includes("time"),
  },
  {
    format: "tradingview",
    fits: (_, plain) =>
      ["time", "open", "high", "low", "close"].every((name) => plain.some((each) => each.trim() === name)),
  },
  { format: "pandas", fits: (_, plain) => /^(?:unnamed: 0|index)?$/i.test(plain[0]?.trim() ?? "") },
  { format: "alphavantage", fits: (names) => hasAll(names, "timestamp", "open", "close") },
  { format: "yfinance", fits: (_, plain) => plain[0]?.trim() === "Datetime" },
  { format: "pandas", fits: (_, plain) => plain[0]?.trim() === "datetime" },
  {
    format: "stooq",
    fits: (_, plain, __, time) =>
      /^\d{4}-\d{2}-\d{2}$/.test(time.trim()) &&
      /^Date,Open,High,Low,Close(?:,Volume)?$/.test(plain.map((name) => name.trim()).join(",")),
  },
];

/**
 * The form of a file by the names of its columns.
 * @param plain as they stand in the file
 * @param titles the lines above them
 * @param hasLevels whether lines with further names stand between them and the rows
 * @param time how the first row writes the time
 */
export function formatOfNames(
  plain: readonly string[],
  titles: readonly string[],
  { hasLevels, time }: { hasLevels: boolean; time: string },
): FormatName {
  if (hasLevels) return "yfinance";
  const names = new Set(plain.map(normaliseName));
  return FORMS.find(({ fits }) => fits(names, plain, titles, time))?.format ?? "csv";
}
