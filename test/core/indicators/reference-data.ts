import { type CandleColumns, emptyCandles } from "../../../core/candles.ts";

/** Vectors and candles in full, beside the project, and parts of them in it (test/fixtures/data/ORIGINS.md). */
const FILES: Readonly<Record<string, string>> = import.meta.glob(
  [
    "../../../../shared/data/vectors/**/*.{csv,json}",
    "../../../../shared/data/candles/*.csv",
    "../../fixtures/data/vectors/**/*.{csv,json}",
    "../../fixtures/data/candles/*.csv",
  ],
  { query: "?raw", import: "default", eager: true },
);

const find = (path: string): string | undefined =>
  FILES[`../../../../shared/data/${path}`] ?? FILES[`../../fixtures/data/${path}`];

/** Whether a file is there, whole or in part. */
export const hasReference = (path: string): boolean => find(path) !== undefined;

/** The text of a file by its path under `data`, e.g. `vectors/talib/AAPL_1d.json`: whole if it can be had, else the project's part. */
export function referenceFile(path: string): string {
  const text = find(path);
  if (text === undefined) throw new Error(`There is no ${path}.`);
  return text;
}

/** The columns of a CSV by the names in its first row; of two columns of one name the first. Blanks are NaN. */
export function csvColumns(path: string): Map<string, Float64Array> {
  const [header, ...rows] = referenceFile(path)
    .trim()
    .split("\n")
    .map((line) => line.trim().split(","));
  const columns = new Map<string, Float64Array>();
  header.forEach((name, column) => {
    if (columns.has(name)) return;
    columns.set(
      name,
      Float64Array.from(rows, (row) => cell(row[column] ?? "")),
    );
  });
  return columns;
}

/** The candles of a CSV with the columns date or time, open, high, low, close and volume; a missing column is unknown. */
export function csvCandles(path: string, rows = Number.POSITIVE_INFINITY): CandleColumns {
  const columns = csvColumns(path);
  const close = columns.get("close");
  if (close === undefined) throw new Error(`${path} has no column close.`);
  const candles = emptyCandles(Math.min(rows, close.length));
  const times = columns.get("time") ?? columns.get("date");
  for (const field of ["open", "high", "low", "close", "volume"] as const) {
    candles[field].set((columns.get(field) ?? candles[field]).subarray(0, candles.length));
  }
  candles.time.set((times ?? candles.time).subarray(0, candles.length));
  return candles;
}

function cell(text: string): number {
  if (text === "") return Number.NaN;
  const number = Number(text);
  return Number.isNaN(number) ? Date.parse(text) / 1000 : number;
}
