import type { Interval } from "../interval.ts";
import type { Market } from "../market-calendar/markets.ts";
import type { PriceUnit } from "../price-unit.ts";

/** The forms of candle files that are recognised. `csv` is a table that no vendor's form fits. */
export const FORMATS = [
  "wizdata",
  "yahoo",
  "yfinance",
  "tradingview",
  "binance",
  "metatrader4",
  "metatrader5",
  "dukascopy",
  "stooq",
  "alphavantage",
  "pandas",
  "cryptodatadownload",
  "finnhub",
  "csv",
] as const;

export type FormatName = (typeof FORMATS)[number];

/** What separates the cells of a line. */
export const DELIMITERS = [",", ";", "\t"] as const;

export type Delimiter = (typeof DELIMITERS)[number];

/** The order of a date's numbers: day, month, year; month, day, year; or year, month, day, of years that have two digits. */
export const DATE_ORDERS = ["dmy", "mdy", "ymd"] as const;

export type DateOrder = (typeof DATE_ORDERS)[number];

/** The days on which a file's weeks may begin. */
export const WEEK_STARTS = ["monday", "sunday", "saturday"] as const;

export type WeekStart = (typeof WEEK_STARTS)[number];

/** What a column of a file can be mapped to. */
export const MAPPED_FIELDS = ["time", "open", "high", "low", "close", "volume"] as const;

export type MappedField = (typeof MAPPED_FIELDS)[number];

/** One record of a file, cut into cells. */
export interface FileRecord {
  /** The line on which it begins, from 1. */
  line: number;
  cells: readonly string[];
}

/** What a caller says of a file; what is not said is recognised, or asked for. */
export interface ReadingOptions {
  format?: FormatName;
  delimiter?: Delimiter;
  /** The decimal sign. */
  decimal?: "." | ",";
  dateOrder?: DateOrder;
  /** `exchange`, `UTC` or an IANA name, of times that are written without a zone. */
  timezone?: string;
  weekStart?: WeekStart;
  /** The names of columns (or their numbers, from 1, where the file names none) by what they hold. */
  map?: ReadonlyMap<MappedField, string>;
  /** Whether adjusted closes are taken for the closes. */
  adjusted?: boolean;
  unit?: PriceUnit;
}

/** What is known of a file's series. */
export interface ReadingContext {
  interval: Interval;
  market: Market;
  /** The code of the exchange whose zone `exchange` is. */
  exchange: string;
  /** How many units of its prices are one of the currency: a power of ten, 100 for cents. */
  unitsPerMajor: number;
}

/** A file cannot be read as it is. The message is a sentence that names the option which would say what is not known. */
export class CandleFileError extends Error {
  override readonly name = "CandleFileError";
}

/** A name or a cell as it is repeated in a message: short, and without control characters. */
export function shown(text: string): string {
  const plain = text.replace(/\p{C}/gu, " ").trim();
  return plain.length > 40 ? `${plain.slice(0, 40)}…` : plain;
}
