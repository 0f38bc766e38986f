import type { ImportChunk, ImportReport } from "../../contracts/import.ts";
import type { CandleRow, RefusedRow } from "../../core/candle-rows.ts";
import { parseTime } from "../../core/time.ts";
import type { BrokenRow, CsvLine } from "./csv.ts";

/** Rows of one chunk. */
const CHUNK_ROWS = 2_000;

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
}

type Send = (chunk: ImportChunk) => Promise<ImportReport>;

const isBroken = (row: CandleRow | BrokenRow): row is BrokenRow => "reason" in row;

const numbersOf = (row: CandleRow): string => [row.open, row.high, row.low, row.close, row.volume].join(",");

/** Finds rows of one file that give a time of an earlier row; the platform sees one chunk at a time and could not. */
function repetitions(): (row: CandleRow) => "first" | "same" | RefusedRow {
  const seen = new Map<number, { line: number; numbers: string }>();
  return (row) => {
    const time = parseTime(String(row.time).trim());
    if (typeof time !== "number") return "first";
    const before = seen.get(time);
    if (!before) {
      seen.set(time, { line: row.line, numbers: numbersOf(row) });
      return "first";
    }
    if (before.numbers === numbersOf(row)) return "same";
    return { line: row.line, reason: `has the time of line ${before.line} but other numbers` };
  };
}

/** A chunk while it is collected. */
interface Draft {
  rows: CandleRow[];
  refused: RefusedRow[];
  repeated: number;
}

const emptyDraft = (): Draft => ({ rows: [], refused: [], repeated: 0 });

/**
 * Imports lines in chunks. After the first chunk with a bad row nothing more is stored, unless `keepGood`; the rest is
 * still judged, so that the report names every bad row.
 * @param progress called with the bytes that are done
 */
export async function importLines(
  lines: AsyncIterable<CsvLine>,
  options: ImportOptions,
  send: Send,
  progress: (bytes: number) => void,
): Promise<Totals> {
  const totals: Totals = { read: 0, stored: 0, replaced: 0, unchanged: 0, refused: [], withheld: 0 };
  const repetition = repetitions();
  let draft = emptyDraft();
  let storing = !options.checkOnly;
  const flush = async (bytes: number): Promise<void> => {
    const good = storing && (options.keepGood || draft.refused.length === 0);
    storing = await sendDraft(draft, options, send, totals, good);
    draft = emptyDraft();
    progress(bytes);
  };
  let bytes = 0;
  for await (const line of lines) {
    bytes = line.bytes;
    totals.read++;
    if (isBroken(line.row)) draft.refused.push(line.row);
    else collect(draft, line.row, repetition(line.row));
    if (draft.rows.length + draft.refused.length + draft.repeated >= CHUNK_ROWS) await flush(bytes);
  }
  if (draft.rows.length + draft.refused.length + draft.repeated > 0) await flush(bytes);
  totals.refused.sort((a, b) => a.line - b.line);
  return totals;
}

function collect(draft: Draft, row: CandleRow, repetition: "first" | "same" | RefusedRow): void {
  if (repetition === "first") draft.rows.push(row);
  else if (repetition === "same") draft.repeated++;
  else draft.refused.push(repetition);
}

/** Sends a draft, to be stored or only judged. Returns whether later chunks may still be stored. */
async function sendDraft(
  draft: Draft,
  options: ImportOptions,
  send: Send,
  totals: Totals,
  store: boolean,
): Promise<boolean> {
  totals.refused.push(...draft.refused);
  totals.unchanged += draft.repeated;
  if (draft.rows.length === 0) return store;
  const { symbol, interval, adjustment, keepGood } = options;
  const report = await send({
    symbol,
    interval,
    adjustment,
    keep_good: keepGood,
    check_only: !store,
    rows: draft.rows,
  });
  totals.refused.push(...report.refused);
  totals.stored += report.stored;
  totals.replaced += report.replaced;
  totals.unchanged += report.unchanged;
  totals.withheld += draft.rows.length - report.refused.length - report.stored - report.replaced - report.unchanged;
  return store && (keepGood || report.refused.length === 0);
}
