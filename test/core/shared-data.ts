/**
 * Files in full, which stand beside the project in `../shared/data`, and parts of some in it (test/fixtures/data/ORIGINS.md). A test that needs
 * a file of which there is neither is skipped.
 */
const files: Record<string, string> = import.meta.glob(
  [
    "../../../shared/data/calendars.md",
    "../../../shared/data/levels.csv",
    "../../../shared/data/candles/BTC-USD_1m.csv",
    "../../../shared/data/candles/EURUSD_1h.csv",
    "../../../shared/data/candles/BTCUSDT_1h_defects.csv",
    "../../../shared/data/candles/JSE_NPN_1d_adjclose.csv",
    "../../../shared/data/candles/USDZAR_1d_close.csv",
    "../fixtures/data/candles/*.csv",
  ],
  { query: "?raw", import: "default", eager: true },
);

/** The text of a file, whole if it can be had; skips the running test if there is none. */
export function sharedText(skip: (note: string) => never, name: string): string {
  const text = files[`../../../shared/data/${name}`] ?? files[`../fixtures/data/${name}`];
  return text ?? skip(`needs ../shared/data/${name}, which is not there`);
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

/** The lines of a candle file, whole if it can be had. */
export const sharedCandles = (skip: (note: string) => never, name: string): WrittenCandle[] =>
  candleLines(sharedText(skip, `candles/${name}`));

/** The lines of the part of a candle file that is in the project. */
export const partOfCandles = (name: string): WrittenCandle[] => candleLines(files[`../fixtures/data/candles/${name}`]);

function candleLines(csv: string): WrittenCandle[] {
  const lines = csv.trim().split("\n").slice(1);
  return lines.map((text, i) => {
    const [iso, open, high, low, close, volume = ""] = text.trim().split(",");
    return { line: i + 2, time: Date.parse(iso) / 1000, iso, open, high, low, close, volume };
  });
}
