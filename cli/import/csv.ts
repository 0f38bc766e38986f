import { createReadStream } from "node:fs";
import { CsvError, parse } from "csv-parse";
import type { CandleRow } from "../../core/candle-rows.ts";
import { NUMBER_FIELDS } from "../../core/candles.ts";

/** A file that cannot be read as candles at all. */
export class CsvFileError extends Error {
  override readonly name = "CsvFileError";
}

/** Characters of a cell at most: no number or time is longer, and the platform takes no more. */
const MAX_CELL = 64;

/** `simulated` says of rows that a simulator made them. */
const COLUMNS = ["time", ...NUMBER_FIELDS, "simulated"] as const;
const EXAMPLE = ["time", ...NUMBER_FIELDS].join(",");
const REQUIRED_COLUMNS = ["time", "close"] as const;

/** A row that is not even one: its line and why. */
export interface BrokenRow {
  line: number;
  reason: string;
}

/** One line of the file, and how far into the file it ends, in bytes. */
export interface CsvLine {
  row: CandleRow | BrokenRow;
  bytes: number;
}

type Column = (typeof COLUMNS)[number];

function headerOf(names: readonly string[]): Column[] {
  const header = names.map((name) => name.trim().toLowerCase());
  const expected = `the first line must name the columns, such as ${EXAMPLE}`;
  const unknown = header.find((name) => !COLUMNS.some((column) => column === name));
  if (unknown !== undefined) throw new CsvFileError(`The column "${unknown.slice(0, 40)}" is not known: ${expected}.`);
  const missing = REQUIRED_COLUMNS.find((name) => !header.includes(name));
  if (missing) throw new CsvFileError(`The column "${missing}" is missing: ${expected}.`);
  if (new Set(header).size < header.length) throw new CsvFileError(`A column is named twice: ${expected}.`);
  return header.flatMap((name) => COLUMNS.filter((column) => column === name));
}

/**
 * Reads a CSV file line by line, however large it is.
 * @throws CsvFileError where the file cannot be read, has no usable header or is no CSV
 */
export async function* readCsv(path: string): AsyncGenerator<CsvLine> {
  const file = createReadStream(path);
  const parser = parse({ bom: true, info: true, relax_column_count: true, skip_empty_lines: true });
  // `pipe` does not pass a failure of its source on.
  file.on("error", (error) => parser.destroy(new CsvFileError(`${path} cannot be read: ${error.message}.`)));
  file.pipe(parser);
  let header: Column[] | null = null;
  try {
    for await (const { record, info } of parser as AsyncIterable<{
      record: string[];
      info: { lines: number; bytes: number };
    }>) {
      if (header) yield { row: rowOf(header, record, info.lines), bytes: info.bytes };
      else header = headerOf(record);
    }
  } catch (error) {
    if (error instanceof CsvError) throw new CsvFileError(`The file is not CSV: ${error.message}.`);
    throw error;
  }
  if (!header) throw new CsvFileError("The file is empty.");
}

function rowOf(header: Column[], record: string[], line: number): CandleRow | BrokenRow {
  if (record.length !== header.length) {
    return { line, reason: `has ${record.length} fields where the first line has ${header.length}` };
  }
  const long = record.findIndex((cell) => cell.length > MAX_CELL);
  if (long >= 0) return { line, reason: `${header[long]} has ${record[long].length} characters` };
  const row: CandleRow = { line, time: "" };
  header.forEach((column, i) => {
    row[column] = record[i];
  });
  return row;
}
