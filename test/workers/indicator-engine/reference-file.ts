import type { WrittenCandle } from "./engine-client.ts";

/** Files in full, beside the project, and parts of them in it (test/fixtures/data/ORIGINS.md). */
const FILES: Readonly<Record<string, string>> = import.meta.glob(
  [
    "../../../../shared/data/candles/AAPL_1d.csv",
    "../../../../shared/data/vectors/talib/AAPL_1d.json",
    "../../fixtures/data/candles/AAPL_1d.csv",
    "../../fixtures/data/vectors/talib/AAPL_1d.json",
  ],
  { query: "?raw", import: "default", eager: true },
);

/** The text of a file: whole if it can be had, else the project's part. */
export function referenceFile(name: string): string {
  const text = FILES[`../../../../shared/data/${name}`] ?? FILES[`../../fixtures/data/${name}`];
  if (text === undefined) throw new Error(`There is no ${name}.`);
  return text;
}

/** The candles of a file; an empty cell is unknown. */
export function referenceSeries(name: string): WrittenCandle[] {
  const [, ...lines] = referenceFile(`candles/${name}`).trim().split("\n");
  return lines.map((line) => {
    const [time, ...cells] = line.trim().split(",");
    const [open, high, low, close, volume] = cells.map((cell) => (cell === "" ? null : Number(cell)));
    return { time: Date.parse(time) / 1000, open, high, low, close, volume };
  });
}
