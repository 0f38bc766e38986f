import type { CandleRow, RefusedRow } from "../candle-rows.ts";
import { PRICE_FIELDS, type PriceField } from "../candles.ts";
import { ADJUSTED_FIELDS, type Field } from "./columns.ts";
import type { Layout } from "./layout.ts";
import { plainNumber, shiftDecimal } from "./numbers.ts";
import { isBlank, MAX_CELL } from "./records.ts";
import { readStamp } from "./stamp-text.ts";
import type { StampReader } from "./stamps.ts";
import { type FileRecord, type FormatName, type ReadingContext, type ReadingOptions, shown } from "./types.ts";

/** What a survey found of a file. */
export interface Findings {
  layout: Layout;
  decimal: "." | ",";
  stamps: StampReader;
  rows: number;
  first: number | null;
  last: number | null;
  assumed: readonly string[];
  /** Whether volumes are those of the second column of volumes. */
  usesOtherVolume: boolean;
  options: ReadingOptions;
  context: ReadingContext;
}

/** The second reading of a file: its records as rows of candles, in the order of the file. */
export class FileReading {
  readonly recognised: FormatName;
  /** Columns that are not read, as the file names them. */
  readonly ignored: readonly string[];
  /** What was taken to be so, in words. */
  readonly assumed: readonly string[];
  /** How many rows there are. */
  readonly rows: number;
  /** The stamps of the first and the last candle, unix seconds; null where they cannot be read. */
  readonly first: number | null;
  readonly last: number | null;
  readonly #findings: Findings;
  /** The positions of what is read. */
  readonly #columns: ReadonlyMap<Field, number>;
  readonly #shift: number;

  constructor(findings: Findings) {
    const { layout, assumed, rows, first, last, options, context } = findings;
    this.#findings = findings;
    this.recognised = layout.format;
    this.assumed = assumed;
    this.rows = rows;
    this.first = first;
    this.last = last;
    this.#columns = columnsRead(findings);
    const read = new Set(this.#columns.values());
    this.ignored = layout.names.filter((_, i) => !read.has(i) || i === layout.columns.get("state"));
    this.#shift = options.unit === "major" ? Math.round(Math.log10(context.unitsPerMajor)) : 0;
  }

  /**
   * Reads the next record: a row to send, with a time in unix seconds and plain decimals; a row that is none, with the reason; null for
   * titles, names and rows that are left out.
   */
  read({ line, cells }: FileRecord): CandleRow | RefusedRow | null {
    const { layout, stamps } = this.#findings;
    if (line <= layout.headLine || isBlank(cells)) return null;
    const fault = this.#faultOf(cells);
    if (fault) return { line, reason: fault };
    if (layout.format === "wizdata" && this.#cell(cells, "state").trim() === "open") return null;
    const time = this.#cell(cells, "time");
    const stamp = readStamp(time, this.#columns.has("clock") ? this.#cell(cells, "clock") : null, layout.isUnix);
    if (!stamp) {
      const reason =
        time.trim() === "" ? "time is missing" : `time is "${shown(time)}", which is no time in a form that is known`;
      return { line, reason };
    }
    const at = stamps.read(stamp);
    if (typeof at === "string") return { line, reason: at };
    const row: CandleRow = { line, time: at };
    for (const field of PRICE_FIELDS) row[field] = this.#price(cells, field);
    row.volume = this.#columns.has("volume") ? plainNumber(this.#cell(cells, "volume"), this.#findings.decimal) : null;
    if (this.#columns.has("simulated")) row.simulated = this.#cell(cells, "simulated");
    return row;
  }

  #cell(cells: readonly string[], field: Field): string {
    return cells[this.#columns.get(field) ?? -1] ?? "";
  }

  #price(cells: readonly string[], field: PriceField): string | null {
    if (!this.#columns.has(field)) return null;
    const number = plainNumber(this.#cell(cells, field), this.#findings.decimal);
    return number === null ? null : shiftDecimal(number, this.#shift);
  }

  #faultOf(cells: readonly string[]): string | null {
    const { names, isUnnamed, headLine } = this.#findings.layout;
    if (cells.length < names.length || !isBlank(cells.slice(names.length))) {
      const where = isUnnamed || headLine <= 1 ? "the first line" : `line ${headLine}`;
      return `has ${cells.length} fields where ${where} has ${names.length}`;
    }
    for (const i of this.#columns.values()) {
      if (cells[i].length > MAX_CELL) return `${shown(names[i])} has ${cells[i].length} characters`;
    }
    return null;
  }
}

/** The columns of which something is read: with adjusted closes, these are the closes, and other prices are read where they are adjusted too. */
function columnsRead({ layout, usesOtherVolume, options }: Findings): ReadonlyMap<Field, number> {
  const columns = new Map(layout.columns);
  const [adjusted, other] = [columns.get("adjusted"), columns.get("otherVolume")];
  columns.delete("adjusted");
  columns.delete("otherVolume");
  for (const field of Object.values(ADJUSTED_FIELDS)) columns.delete(field);
  if (usesOtherVolume && other !== undefined) columns.set("volume", other);
  if (options.adjusted && adjusted !== undefined) {
    columns.set("close", adjusted);
    for (const field of ["open", "high", "low", "volume"] as const) {
      const position = layout.columns.get(ADJUSTED_FIELDS[field]);
      if (position !== undefined) columns.set(field, position);
      else if (field !== "volume") columns.delete(field);
    }
  }
  return columns;
}
