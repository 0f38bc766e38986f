import { type Columns, columnsOf, type Field, normaliseName, saysUniversal, symbolColumn } from "./columns.ts";
import { isUnknown } from "./numbers.ts";
import { readStamp } from "./stamp-text.ts";
import {
  CandleFileError,
  type FileRecord,
  type FormatName,
  type MappedField,
  type ReadingOptions,
  shown,
} from "./types.ts";
import { isNumber, unnamedColumns } from "./unnamed-columns.ts";
import { formatOfNames, saidFormat, saidFormatOfUnnamed } from "./vendors.ts";

/** How a file's rows are laid out. */
export interface Layout {
  format: FormatName;
  columns: Columns;
  /** The names of all columns, as the file has them; of a file that names none, those that its vendor uses. */
  names: readonly string[];
  /** The line of the last record before the rows: those up to it are no rows. */
  headLine: number;
  /** The lines above the names of the columns. */
  titles: readonly number[];
  /** The position of the column that says whose candles the rows are; -1 where there is none. */
  symbol: number;
  /** Whether times without a zone are of UTC, because the vendor or a column says so. */
  isUniversal: boolean;
  /** Whether times are unix seconds. */
  isUnix: boolean;
  /** Whether the file names no columns, so that they were taken to be the usual ones. */
  isUnnamed: boolean;
}

/** Records that are looked at for the names of the columns. */
export const MAX_HEAD_RECORDS = 12;

/** Columns among which the time is looked for. */
const MAX_TIME_COLUMN = 16;

/** Whether a cell is a unix time in seconds; later units have more digits. */
function isUnixSeconds(cell: string | undefined): boolean {
  return cell !== undefined && /^-?\d{9,10}$/.test(cell.trim()) && readStamp(cell, null)?.kind === "unix";
}

/** Whether a record is a row of candles: it has a time, and beside it a number, or a cell that says that it has none. */
function isRow(cells: readonly string[]): boolean {
  const at = cells.slice(0, MAX_TIME_COLUMN).findIndex((cell) => readStamp(cell, null) !== null);
  return at >= 0 && cells.some((cell, i) => i !== at && (isNumber(cell) || isUnknown(cell)));
}

/** The columns that a caller numbers in a file that names none. */
function mapUnnamed(row: readonly string[], map: ReadonlyMap<MappedField, string>): Columns | null {
  const numbers = row.map((_, i) => String(i + 1));
  return columnsOf(numbers, map, row);
}

/** Whether a record stands between the names and the rows, as pandas writes them for tables with two levels of names. */
const isSecondLevel = (cells: readonly string[]): boolean =>
  /^(?:ticker|tickers|date|datetime|symbol)$/i.test(cells[0]?.trim() ?? "") || cells.every((cell) => !/\d/.test(cell));

/**
 * Finds the layout of a file by its first records.
 * @throws CandleFileError where it is none of candles, or could be several
 */
export function layoutOf(records: readonly FileRecord[], options: ReadingOptions): Layout {
  const map = options.map ?? new Map<MappedField, string>();
  const firstRow = records.findIndex(({ cells }) => isRow(cells));
  const end = firstRow < 0 ? records.length : firstRow;
  for (let i = end - 1; i >= 0; i--) {
    const named = namedLayout(records, i, firstRow, map, options);
    if (named) return named;
  }
  // Rows that do not read as rows may stand below the names: that is said of the rows.
  const header = records.slice(0, end).findIndex(({ cells }) => columnsOf(cells, map, null) !== null);
  const alone = header < 0 ? null : namedLayout(records.slice(0, header + 1), header, -1, map, options);
  if (alone) return alone;
  if (map.size > 0 && firstRow <= 0) {
    const row = records[0];
    const columns = row && mapUnnamed(row.cells, map);
    if (columns)
      return unnamedLayout(
        options.format ?? "csv",
        row.cells.map((_, i) => `column ${i + 1}`),
        columns,
        records,
        0,
      );
  }
  if (map.size > 0 && end > 0) columnsOf(records[end - 1].cells, map, null);
  if (firstRow >= 0 && end === firstRow && !records.slice(0, end).some(({ cells }) => hasNames(cells, 2))) {
    const found = unnamedColumns(records[firstRow].cells);
    const columns = found && columnsOf(found.names, new Map(), records[firstRow].cells);
    if (found && columns) {
      const format = saidFormatOfUnnamed(options.format, found);
      return unnamedLayout(format, found.names, columns, records, firstRow);
    }
  }
  throw noColumns(records, end);
}

/** Whether more cells than that have letters. */
const hasNames = (cells: readonly string[], than: number): boolean =>
  cells.filter((cell) => /[a-z]/i.test(cell)).length > than;

function unnamedLayout(
  format: FormatName,
  names: readonly string[],
  columns: Columns,
  records: readonly FileRecord[],
  firstRow: number,
): Layout {
  return {
    format,
    columns,
    names,
    headLine: firstRow > 0 ? records[firstRow - 1].line : 0,
    titles: records.slice(0, firstRow).map(({ line }) => line),
    symbol: -1,
    isUniversal: format === "binance",
    isUnix: records.slice(firstRow).some(({ cells }) => isUnixSeconds(cells[columns.get("time") ?? 0])),
    isUnnamed: true,
  };
}

function namedLayout(
  records: readonly FileRecord[],
  at: number,
  firstRow: number,
  map: ReadonlyMap<MappedField, string>,
  options: ReadingOptions,
): Layout | null {
  const { cells } = records[at];
  const between = records.slice(at + 1, firstRow < 0 ? records.length : firstRow);
  if (!between.every((record) => isSecondLevel(record.cells))) return null;
  const header = [...cells];
  const first = firstRow < 0 ? null : records[firstRow].cells;
  const indexName = nameOfIndex(header, between, first);
  if (indexName !== null) header[0] = indexName;
  const columns = columnsOf(header, map, first);
  if (!columns) return null;
  const titles = records.slice(0, at);
  const time = columns.get("time") ?? 0;
  const named = {
    header: cells,
    titles: titles.map((record) => record.cells.join(",")),
    hasLevels: between.length > 0,
    time: first?.[time] ?? "",
  };
  const recognised = formatOfNames(named);
  const format = map.size > 0 ? (options.format ?? recognised) : saidFormat(options.format, recognised, named);
  const isVendors = format === "binance" || format === "cryptodatadownload";
  return {
    format,
    columns: columnsOfVendor(format, header, columns),
    names: header.map((name, i) => (name.trim() === "" ? (i === 0 ? "index" : `column ${i + 1}`) : name.trim())),
    headLine: between.at(-1)?.line ?? records[at].line,
    titles: titles.map(({ line }) => line),
    symbol: symbolColumn(cells),
    isUniversal: isVendors || saysUniversal(cells[time]),
    isUnix: firstRow >= 0 && records.slice(firstRow).some((record) => isUnixSeconds(record.cells[time])),
    isUnnamed: false,
  };
}

/** What the first column is where it has no name of its own: an index of times is one, an index of numbers is ignored. */
function nameOfIndex(
  header: readonly string[],
  between: readonly FileRecord[],
  first: readonly string[] | null,
): string | null {
  const name = header[0].trim();
  const isUnnamedIndex = /^(?:unnamed: 0|index)?$/i.test(name);
  if (!isUnnamedIndex && !(between.length > 0 && /^price$/i.test(name))) return null;
  const cell = first?.[0] ?? "";
  return readStamp(cell, null) !== null ? "date" : "";
}

/** CryptoDataDownload names volumes by what they count, the base first. */
function columnsOfVendor(format: FormatName, header: readonly string[], columns: Columns): Columns {
  if (columns.has("volume") || format !== "cryptodatadownload") return columns;
  const volume = header.findIndex((name) => /^volume \w+$/.test(normaliseName(name)));
  return volume < 0 ? columns : new Map<Field, number>([...columns, ["volume", volume]]);
}

function noColumns(records: readonly FileRecord[], end: number): CandleFileError {
  if (records.length === 0) return new CandleFileError("The file is empty.");
  const { line, cells } = records.slice(0, end).find((record) => hasNames(record.cells, 1)) ?? records[0];
  const names = cells.slice(0, 8).map((cell) => `"${shown(cell)}"`);
  const more = cells.length > 8 ? " and more" : "";
  return new CandleFileError(
    `Which columns hold the time and the close is not known: line ${line} has ${names.join(", ")}${more}. Name them, as --map time=Date,close="Adj Close"; where no line names the columns, by their numbers, as --map time=1,close=5.`,
  );
}
