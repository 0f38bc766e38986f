import { styleOf } from "./numbers.ts";
import { MAX_CELL } from "./records.ts";
import { readClock, readStamp } from "./stamp-text.ts";
import type { FormatName } from "./types.ts";

const BINANCE = [
  "open_time",
  "open",
  "high",
  "low",
  "close",
  "volume",
  "close_time",
  "quote_volume",
  "count",
  "taker_buy_volume",
  "taker_buy_quote_volume",
  "ignore",
];
const METATRADER4 = ["date", "time", "open", "high", "low", "close", "volume"];
const USUAL = ["time", "open", "high", "low", "close", "volume"];

/** Whether a cell is a number in any spelling. */
export const isNumber = (cell: string): boolean => cell.length <= MAX_CELL && styleOf(cell) !== null;

/** The names of the columns in front, and the numbers of those after them. */
const named = (names: readonly string[], count: number): string[] =>
  Array.from({ length: count }, (_, i) => names[i] ?? `column ${i + 1}`);

/** The columns of a file that names none, by its first row; null where they are not known. */
export function unnamedColumns(row: readonly string[]): { format: FormatName; names: string[] } | null {
  const cells = row.map((cell) => cell.trim());
  const isLong = (cell: string | undefined): boolean => cell !== undefined && /^\d{13}$|^\d{16}$/.test(cell);
  if (cells.length >= 11 && cells.length <= 12 && isLong(cells[0]) && isLong(cells[6])) {
    return { format: "binance", names: BINANCE.slice(0, cells.length) };
  }
  if (/^\d{4}\.\d{2}\.\d{2}$/.test(cells[0]) && readClock(cells[1] ?? "") !== null && cells.length >= 6) {
    return { format: "metatrader4", names: named(METATRADER4, cells.length) };
  }
  const hasClock = cells[1] !== undefined && /^\d{1,2}:\d{2}/.test(cells[1]) && readClock(cells[1]) !== null;
  if (readStamp(cells[0], hasClock ? cells[1] : null) === null) return null;
  const numbers = cells.slice(hasClock ? 2 : 1);
  if (numbers.length < 4 || !numbers.slice(0, 4).every(isNumber)) return null;
  return { format: "csv", names: named(hasClock ? METATRADER4 : USUAL, cells.length) };
}
