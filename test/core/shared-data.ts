/** Files that stand beside the project, in `../shared/data`; a test that needs an absent one is skipped. */
const files: Record<string, string> = import.meta.glob(
  [
    "../../../shared/data/calendars.md",
    "../../../shared/data/levels.csv",
    "../../../shared/data/candles/BTC-USD_1m.csv",
    "../../../shared/data/candles/EURUSD_1h.csv",
    "../../../shared/data/candles/BTCUSDT_1h_defects.csv",
    "../../../shared/data/candles/JSE_NPN_1d_adjclose.csv",
    "../../../shared/data/candles/USDZAR_1d_close.csv",
  ],
  { query: "?raw", import: "default", eager: true },
);

/** The text of a shared file; skips the running test where the file is absent. */
export function sharedText(skip: (note: string) => never, name: string): string {
  return files[`../../../shared/data/${name}`] ?? skip(`needs ../shared/data/${name}, which is not there`);
}

/** One line of a shared candle file, with its numbers as they are written. */
export interface WrittenCandle {
  line: number;
  time: number;
  iso: string;
  open: string;
  high: string;
  low: string;
  close: string;
  volume: string;
}

/** The lines of a shared candle file. */
export function sharedCandles(skip: (note: string) => never, name: string): WrittenCandle[] {
  const lines = sharedText(skip, `candles/${name}`).trim().split("\n").slice(1);
  return lines.map((text, i) => {
    const [iso, open, high, low, close, volume = ""] = text.trim().split(",");
    return { line: i + 2, time: Date.parse(iso) / 1000, iso, open, high, low, close, volume };
  });
}
