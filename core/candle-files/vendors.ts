import { normaliseName } from "./columns.ts";
import { CandleFileError, type FormatName, shown } from "./types.ts";

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

/** How pandas writes a time that has a zone. */
const PANDAS_TIME = /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}[+-]\d{2}:\d{2}$/;

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
  // What MetaTrader's package for Python answers, as a table.
  { format: "metatrader5", fits: (names) => hasAll(names, "time", "close", "tick volume", "spread") },
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
  {
    format: "yahoo",
    fits: (names) => names.has("date") && !names.has("adj open") && (names.has("adj close") || names.has("adjclose")),
  },
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
  { format: "yfinance", fits: (_, plain) => plain[0]?.trim() === "Datetime" },
  // yfinance sorts the names of prices by letter.
  { format: "yfinance", fits: (_, plain) => /^Date,Close,High,Low,Open(?:,Volume)?$/.test(plain.join(",")) },
  { format: "pandas", fits: (_, plain) => plain[0]?.trim() === "datetime" },
  { format: "pandas", fits: (_, __, ___, time) => PANDAS_TIME.test(time.trim()) },
  {
    format: "alphavantage",
    fits: (_, plain, __, time) => plain[0]?.trim() === "timestamp" && /^\d{4}-\d{2}-\d{2}/.test(time.trim()),
  },
  {
    format: "stooq",
    fits: (_, plain, __, time) =>
      /^\d{4}-\d{2}-\d{2}$/.test(time.trim()) &&
      /^Date,Open,High,Low,Close(?:,Volume)?$/.test(plain.map((name) => name.trim()).join(",")),
  },
];

/** The head of a file whose columns have names. */
export interface NamedHead {
  /** The names of the columns as they stand in the file. */
  header: readonly string[];
  /** The lines above them. */
  titles: readonly string[];
  /** Whether lines with further names stand between them and the rows. */
  hasLevels: boolean;
  /** How the first row writes the time. */
  time: string;
}

const namesOf = (header: readonly string[]): ReadonlySet<string> => new Set(header.map(normaliseName));

/** The form of a file by the names of its columns. */
export function formatOfNames({ header, titles, hasLevels, time }: NamedHead): FormatName {
  if (hasLevels) return "yfinance";
  const names = namesOf(header);
  return FORMS.find(({ fits }) => fits(names, header, titles, time))?.format ?? "csv";
}

/** What a file's columns must be called for a form that is said of it: all names of one of the lists. */
const NEEDED: Readonly<Record<FormatName, readonly (readonly string[])[]>> = {
  wizdata: [["time"]],
  yahoo: [["date"]],
  yfinance: [["date"], ["datetime"]],
  tradingview: [["time"]],
  binance: [["open time"], ["timestamp"]],
  metatrader4: [["date", "time"]],
  metatrader5: [
    ["date", "time"],
    ["date", "tickvol"],
    ["date", "vol"],
    ["time", "tick volume"],
  ],
  dukascopy: [["gmt time"], ["local time"], ["time (utc)"], ["time (gmt)"], ["time (eet)"]],
  stooq: [["date"], ["ticker", "per"]],
  alphavantage: [["timestamp"]],
  pandas: [[]],
  cryptodatadownload: [["unix"], ["date", "symbol"]],
  finnhub: [["t", "c"]],
  csv: [[]],
};

/** Forms whose columns are called like nothing else. */
const UNMISTAKABLE: ReadonlySet<FormatName> = new Set<FormatName>([
  "cryptodatadownload",
  "metatrader5",
  "binance",
  "dukascopy",
  "yahoo",
  "finnhub",
]);

/**
 * The form that a caller said of a file, or the one that was recognised where none was said.
 * @throws CandleFileError where the one that was said does not fit
 */
export function saidFormat(said: FormatName | undefined, recognised: FormatName, head: NamedHead): FormatName {
  if (said === undefined || said === recognised || said === "csv" || said === "pandas") return said ?? recognised;
  const { header, titles, time } = head;
  const names = namesOf(header);
  const fits =
    FORMS.some((form) => form.format === said && form.fits(names, header, titles, time)) ||
    NEEDED[said].some((needed) => hasAll(names, ...needed));
  // yfinance writes Yahoo's columns too.
  const isAnother = UNMISTAKABLE.has(recognised) && !(recognised === "yahoo" && said === "yfinance");
  if (fits && !isAnother) return said;
  const shownNames = header.slice(0, 8).map((name) => `"${shown(name)}"`);
  const more = header.length > 8 ? " and more" : "";
  const hint = recognised === "csv" ? "" : `; they are those of --format ${recognised}`;
  throw new CandleFileError(
    `--format ${said} does not fit the columns ${shownNames.join(", ")}${more}${hint}. Leave --format out, or name the columns, as --map time=Date,close=Close.`,
  );
}

/**
 * The same for a file that names no columns.
 * @throws CandleFileError where files of that form name theirs, or the one that was said does not fit
 */
export function saidFormatOfUnnamed(
  said: FormatName | undefined,
  { format, names }: { format: FormatName; names: readonly string[] },
): FormatName {
  if (said === undefined || said === format || said === "csv") return said ?? format;
  const hasClock = names[1] === "time";
  const isMetaTrader = said === "metatrader4" || said === "metatrader5";
  if (isMetaTrader ? format !== "binance" && hasClock : format === "csv" && said === "binance" && !hasClock)
    return said;
  if (format === "csv" && said === "pandas") return said;
  const hint = format === "csv" ? "" : `; it is in that of --format ${format}`;
  throw new CandleFileError(
    `--format ${said} does not fit a file whose first line is a row${hint}. Leave --format out, or number the columns, as --map time=1,close=5.`,
  );
}
