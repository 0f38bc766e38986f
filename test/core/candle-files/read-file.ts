import { sniffDelimiter } from "../../../core/candle-files/dialect.ts";
import { FileSurvey } from "../../../core/candle-files/survey.ts";
import type { FileRecord, ReadingOptions } from "../../../core/candle-files/types.ts";
import type { CandleRow, RefusedRow } from "../../../core/candle-rows.ts";
import type { Interval } from "../../../core/interval.ts";
import { MARKETS, type MarketId } from "../../../core/market-calendar/markets.ts";

/** What a file was taken for, and its rows. */
export interface FileRead {
  recognised: string;
  ignored: readonly string[];
  assumed: readonly string[];
  rows: (CandleRow | RefusedRow)[];
  first: number | null;
  last: number | null;
}

/** Cuts lines into cells in the plainest way there is: quotes hold delimiters, and nothing else. */
function recordsOf(text: string, delimiter: string): FileRecord[] {
  return text.split(/\r?\n/).flatMap((line, i) => {
    if (line.trim() === "") return [];
    const cells = line.match(new RegExp(`("[^"]*"|[^${delimiter}]*)(${delimiter}|$)`, "g")) ?? [];
    const bare = cells.map((cell) => cell.replace(new RegExp(`${delimiter}$`), "").replace(/^"|"$/g, ""));
    return [{ line: i + 1, cells: line.endsWith(delimiter) ? bare : bare.slice(0, -1) }];
  });
}

/** Reads a file as the command does, survey first. */
export function readFile(
  text: string,
  { market = "US", interval = "1d", ...options }: ReadingOptions & { market?: MarketId; interval?: Interval } = {},
): FileRead {
  const records = recordsOf(text, options.delimiter ?? sniffDelimiter(`${text}\n`));
  const context = { interval, market: MARKETS[market], exchange: market, unitsPerMajor: 100 };
  const survey = new FileSurvey(options, context);
  for (const record of records) survey.see(record);
  const reading = survey.finish();
  const { recognised, ignored, assumed, first, last } = reading;
  const rows = records.flatMap((record) => reading.read(record) ?? []);
  return { recognised, ignored, assumed, rows, first, last };
}

/** The rows of a file as `time open high low close volume`, an unknown number as `?`; a refused row as its reason. */
export function lines(text: string, options: Parameters<typeof readFile>[1] = {}): string[] {
  return readFile(text, options).rows.map((row) => {
    if ("reason" in row) return row.reason;
    const time = new Date(Number(row.time) * 1000)
      .toISOString()
      .replace(/\.000Z$/, "Z")
      .replace("T00:00:00Z", "");
    return [time, row.open, row.high, row.low, row.close, row.volume].map((cell) => cell ?? "?").join(" ");
  });
}
