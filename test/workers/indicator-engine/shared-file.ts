import type { WrittenCandle } from "./engine-client.ts";

/** Files that stand beside the project, in `../shared/data`; a test that needs an absent one is skipped. */
const files: Record<string, string> = import.meta.glob(
  ["../../../../shared/data/candles/AAPL_1d.csv", "../../../../shared/data/vectors/talib/AAPL_1d.json"],
  { query: "?raw", import: "default", eager: true },
);

/** The text of a shared file; skips the running test where the file is absent. */
export function sharedFile(skip: (note: string) => never, name: string): string {
  return files[`../../../../shared/data/${name}`] ?? skip(`needs ../shared/data/${name}, which is not there`);
}

/** The candles of a shared file; an empty cell is unknown. */
export function sharedSeries(skip: (note: string) => never, name: string): WrittenCandle[] {
  const [, ...lines] = sharedFile(skip, `candles/${name}`).trim().split("\n");
  return lines.map((line) => {
    const [time, ...cells] = line.trim().split(",");
    const [open, high, low, close, volume] = cells.map((cell) => (cell === "" ? null : Number(cell)));
    return { time: Date.parse(time) / 1000, open, high, low, close, volume };
  });
}
