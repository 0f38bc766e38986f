import { MAX_LISTED_REFUSALS } from "../../contracts/import.ts";
import type { RefusedRow } from "../../core/candle-rows.ts";

/** The candle of a row, as numbers; unknown ones are null. */
export interface GoodCandle {
  time: number;
  open: number | null;
  high: number | null;
  low: number | null;
  close: number | null;
  volume: number | null;
}

/** A list of rows with reasons of which only the first are kept, and how many there are. */
export interface ListedRows {
  rows: RefusedRow[];
  count: number;
}

/** What an import did, row by row: `read` is the sum of all others but `suspect`. */
export interface Totals {
  read: number;
  stored: number;
  replaced: number;
  unchanged: number;
  refused: ListedRows;
  /** Rows that were good, and that data-quality checks flag. */
  suspect: ListedRows;
  /** Good rows that were not stored because of bad ones. */
  withheld: number;
  /** The earliest good candle. */
  first: GoodCandle | null;
}

/** The totals of an import that has not begun. */
export const emptyTotals = (): Totals => ({
  ...{ read: 0, stored: 0, replaced: 0, unchanged: 0, withheld: 0, first: null },
  refused: { rows: [], count: 0 },
  suspect: { rows: [], count: 0 },
});

/** Adds rows to a list of which an answer lists no more either. */
export function addTo(list: ListedRows, rows: readonly RefusedRow[], count: number = rows.length): void {
  list.rows.push(...rows.slice(0, Math.max(0, MAX_LISTED_REFUSALS - list.rows.length)));
  list.count += count;
}
