import { type ImportChunk, type ImportReport, MAX_LISTED_REFUSALS } from "../../contracts/import.ts";
import type { CandleRow, RefusedRow } from "../../core/candle-rows.ts";
import { parseTime } from "../../core/time.ts";
import type { BrokenRow, CsvLine } from "./csv.ts";

/** Rows of one chunk: no more than an answer lists, so that the report names every bad row. */
const CHUNK_ROWS = MAX_LISTED_REFUSALS;

/** What an import did, row by row: `read` is the sum of all others. */
export interface Totals {
  read: number;
  stored: number;
  replaced: number;
  unchanged: number;
  refused: RefusedRow[];
  /** Good rows that were not stored because of bad ones. */
  withheld: number;
}

/** How an import is done. */
export interface ImportOptions {
  symbol: string;
  interval: ImportChunk["interval"];
  adjustment: ImportChunk["adjustment"];
  keepGood: boolean;
  /** Judge every row and store nothing. */
  checkOnly: boolean;
  /** Store rows although their spacing says that they are of another interval. */
  force?: boolean;
  /** The day, as `2026-11-20`, up to which past prices are adjusted, where it is known. */
  adjustedAsOf?: string;
  /** The file that the lines are of; without it each chunk is an import of its own. */
  file?: Omit<NonNullable<ImportChunk["import"]>, "last">;
}

/** What the platform says of a chunk; of a refused one it names no import. */
export type ChunkReport = Omit<ImportReport, "import_id"> & Partial<Pick<ImportReport, "import_id">>;

type Send = (chunk: ImportChunk) => Promise<ChunkReport>;

const isBroken = (row: CandleRow | BrokenRow): row is BrokenRow => "reason" in row;

/** A row that was sent in an earlier chunk and found good. */
interface EarlierRow {
  line: number;
  numbers: string;
  stored: boolean;
}

/** What a row is to the rows of earlier chunks: a new time, a repetition, or a contradiction. */
type Relation = "new" | "unchanged" | "withheld" | RefusedRow;

/** A row's numbers in one spelling, or null where one of them is none: then the platform says why. */
function numbersOf(row: CandleRow): string | null {
  const numbers = [row.open, row.high, row.low, row.close, row.volume].map((cell) => {
    const text = String(cell ?? "").trim();
    return text === "" ? null : Number(text);
  });
  return numbers.some(Number.isNaN) ? null : numbers.join(",");
}

const timeOf = (row: CandleRow): number | null => {
  const time = parseTime(String(row.time).trim());
  return typeof time === "number" ? time : null;
};

/** Finds rows that repeat or contradict one of an earlier chunk; the platform sees one chunk at a time and could not. */
class EarlierRows {
  readonly #byTime = new Map<number, EarlierRow>();

  relationOf(row: CandleRow): Relation {
    const time = timeOf(row);
    const before = time === null ? undefined : this.#byTime.get(time);
    const numbers = before && numbersOf(row);
    if (!before || numbers === null) return "new";
    if (before.numbers !== numbers) {
      return { line: row.line, reason: `has the time of line ${before.line} but other numbers` };
    }
    return before.stored ? "unchanged" : "withheld";
  }

  /** Keeps the good rows of a chunk. A bad row is no candle, so that a good one may still have its time. */
  remember(rows: readonly CandleRow[], report: ChunkReport): void {
    const refused = new Set(report.refused.map(({ line }) => line));
    const stored = report.stored + report.replaced + report.unchanged > 0;
    for (const row of rows) {
      const time = timeOf(row);
      const numbers = numbersOf(row);
      if (time === null || numbers === null || refused.has(row.line) || this.#byTime.has(time)) continue;
      this.#byTime.set(time, { line: row.line, numbers, stored });
    }
  }
}

/** A chunk while it is collected. */
interface Draft {
  rows: CandleRow[];
  refused: RefusedRow[];
  /** Rows that repeat a stored row of an earlier chunk. */
  unchanged: number;
  /** Rows that repeat one that was held back. */
  withheld: number;
}

const emptyDraft = (): Draft => ({ rows: [], refused: [], unchanged: 0, withheld: 0 });

const sizeOf = (draft: Draft): number => draft.rows.length + draft.refused.length + draft.unchanged + draft.withheld;

/**
 * Imports lines in chunks, the last of which ends the import. After the first chunk with a bad row nothing more is stored, unless
 * `keepGood`; the rest is still checked, so that the report names every bad row.
 * @param progress called with the bytes that are done
 */
export async function importLines(
  lines: AsyncIterable<CsvLine>,
  options: ImportOptions,
  send: Send,
  progress: (bytes: number) => void,
  chunkRows: number = CHUNK_ROWS,
): Promise<Totals> {
  const totals: Totals = { read: 0, stored: 0, replaced: 0, unchanged: 0, refused: [], withheld: 0 };
  const earlier = new EarlierRows();
  let draft = emptyDraft();
  let storing = !options.checkOnly;
  let bytes = 0;
  const flush = async (last: boolean): Promise<void> => {
    const good = storing && (options.keepGood || draft.refused.length === 0);
    storing = await sendDraft(draft, options, send, totals, earlier, good, last);
    draft = emptyDraft();
    progress(bytes);
  };
  for await (const line of lines) {
    if (sizeOf(draft) >= chunkRows) await flush(false);
    bytes = line.bytes;
    totals.read++;
    if (isBroken(line.row)) draft.refused.push(line.row);
    else collect(draft, line.row, earlier.relationOf(line.row));
  }
  if (sizeOf(draft) > 0) await flush(true);
  totals.refused.sort((a, b) => a.line - b.line);
  return totals;
}

function collect(draft: Draft, row: CandleRow, relation: Relation): void {
  if (relation === "new") draft.rows.push(row);
  else if (relation === "unchanged" || relation === "withheld") draft[relation]++;
  else draft.refused.push(relation);
}

/** Sends a chunk, to be stored or only checked. Returns whether later chunks may still be stored. */
async function sendDraft(
  draft: Draft,
  options: ImportOptions,
  send: Send,
  totals: Totals,
  earlier: EarlierRows,
  store: boolean,
  last: boolean,
): Promise<boolean> {
  totals.refused.push(...draft.refused);
  totals.unchanged += draft.unchanged;
  totals.withheld += draft.withheld;
  const { symbol, interval, adjustment, keepGood, force, adjustedAsOf } = options;
  // An import is begun only where something is to be stored.
  const file = options.checkOnly ? undefined : options.file;
  if (draft.rows.length === 0 && !(file && last)) return store;
  const report = await send({
    symbol,
    interval,
    adjustment,
    ...(adjustedAsOf === undefined ? {} : { adjusted_as_of: adjustedAsOf }),
    ...(file ? { import: { ...file, last } } : {}),
    ...(force ? { force } : {}),
    keep_good: keepGood,
    check_only: !store,
    rows: draft.rows,
  });
  earlier.remember(draft.rows, report);
  totals.refused.push(...report.refused);
  totals.stored += report.stored;
  totals.replaced += report.replaced;
  totals.unchanged += report.unchanged;
  totals.withheld += draft.rows.length - report.refused.length - report.stored - report.replaced - report.unchanged;
  return store && (keepGood || report.refused.length === 0);
}
