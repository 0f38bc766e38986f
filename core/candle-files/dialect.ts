import { CandleFileError, DELIMITERS, type Delimiter } from "./types.ts";

/** Lines that are looked at. */
const MAX_LINES = 50;
/** The part of them that must have as many cells as most have. */
const MIN_PART = 0.6;

/** The cells of a line, counted without regard to delimiters in quotes. */
function cellsOf(line: string, delimiter: Delimiter): number {
  let count = 1;
  let quoted = false;
  for (const character of line) {
    if (character === '"') quoted = !quoted;
    else if (character === delimiter && !quoted) count++;
  }
  return count;
}

/** How many cells most lines have; 1 where lines differ. */
function usualCells(lines: readonly string[], delimiter: Delimiter): number {
  const counts = new Map<number, number>();
  for (const line of lines) {
    const cells = cellsOf(line, delimiter);
    counts.set(cells, (counts.get(cells) ?? 0) + 1);
  }
  const [cells, lineCount] = [...counts].reduce((best, each) => (each[1] > best[1] ? each : best), [1, 0]);
  return lineCount >= lines.length * MIN_PART ? cells : 1;
}

/**
 * Finds what separates the cells of a file. Tabs stand in no number, and semicolons in none either, so that they come before commas, which
 * may be decimal signs.
 * @param head the beginning of the file's text; its last line may be cut
 * @throws CandleFileError where no delimiter makes a table of it
 */
export function sniffDelimiter(head: string): Delimiter {
  const whole = head.split(/\r\n|\n|\r/);
  const complete = whole.length > 1 ? whole.slice(0, -1) : whole;
  const lines = complete.filter((line) => line.trim() !== "").slice(0, MAX_LINES);
  const order: readonly Delimiter[] = ["\t", ";", ","];
  // A title may stand above the table.
  const body = lines.length > 3 ? lines.slice(1) : lines;
  const found = order.find((delimiter) => usualCells(body, delimiter) > 1);
  if (found) return found;
  const single = order.find((delimiter) => lines.some((line) => cellsOf(line, delimiter) > 1));
  if (single) return single;
  const names = DELIMITERS.map((delimiter) => (delimiter === "\t" ? "a tab" : `"${delimiter}"`)).join(", ");
  throw new CandleFileError(
    `The file is no table of candles: no line has cells that are separated by ${names}. --delimiter says what separates them.`,
  );
}
