import { type CandleColumns, emptyCandles } from "../../../core/candles.ts";

const FILES: Readonly<Record<string, string>> = import.meta.glob(
  ["../../../../shared/data/vectors/**/*.{csv,json}", "../../../../shared/data/candles/*.csv"],
  { query: "?raw", import: "default", eager: true },
);

/** Whether the folder of shared data stands beside the project; without it tests that need it are skipped. */
export const HAS_REFERENCE_DATA = Object.keys(FILES).length > 0;

/** Why such a test is skipped. */
export const NEEDS_REFERENCE_DATA = HAS_REFERENCE_DATA ? "" : " (skipped: ../shared/data is not there)";

/** The text of a shared file by its path under `data`, e.g. `vectors/talib/AAPL_1d.json`. */
export function referenceFile(path: string): string {
  const text = FILES[`../../../../shared/data/${path}`];
  if (text === undefined) throw new Error(`../shared/data/${path} is not there.`);
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
