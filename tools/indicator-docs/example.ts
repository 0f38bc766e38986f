import { type CandleColumns, candlesFrom } from "../../core/candles.ts";
import { calculate } from "../../core/indicators/batch.ts";
import type { IndicatorDefinition } from "../../core/indicators/indicator.ts";
import { parseSpec } from "../../core/indicators/spec.ts";

/** time as a date, open, high, low, close, volume */
type Bar = readonly [string, number, number, number, number, number];

/** Twelve days of made-up candles: small enough to follow by hand. */
const BARS: readonly Bar[] = [
  ["2026-01-05", 10, 11, 9, 10.5, 100],
  ["2026-01-06", 10.5, 12, 10, 11.5, 150],
  ["2026-01-07", 11.5, 12.5, 11, 12, 120],
  ["2026-01-08", 12, 12.2, 10.8, 11, 180],
  ["2026-01-09", 11, 11.4, 10, 10.2, 160],
  ["2026-01-12", 10.2, 11.6, 10.1, 11.4, 140],
  ["2026-01-13", 11.4, 13, 11.3, 12.8, 200],
  ["2026-01-14", 12.8, 13.4, 12.4, 13.2, 170],
  ["2026-01-15", 13.2, 13.3, 12, 12.4, 130],
  ["2026-01-16", 12.4, 12.9, 11.8, 12.4, 110],
  ["2026-01-19", 12.4, 14, 12.3, 13.6, 210],
  ["2026-01-20", 13.6, 14.4, 13.2, 14, 190],
];

/** The candles of the worked examples as a table. */
export function exampleCandles(): string {
  return table(
    ["date", "open", "high", "low", "close", "volume"],
    BARS.map((bar) => bar.map(String)),
  );
}

/** The values of a definition's example over the example candles, as a table. */
export function workedExample({ example, outputs }: IndicatorDefinition): string {
  const candles = columnsOf(BARS);
  const values = calculate([parseSpec(example)], candles)[0].outputs;
  return table(
    ["date", "close", ...outputs],
    BARS.map(([date, , , , close], i) => [date, String(close), ...outputs.map((name) => shown(values[name][i]))]),
  );
}

function columnsOf(bars: readonly Bar[]): CandleColumns {
  return candlesFrom(
    bars.map(([date, open, high, low, close, volume]) => ({
      time: Date.parse(date) / 1000,
      open,
      high,
      low,
      close,
      volume,
      revision: 0,
      suspect: false,
    })),
  );
}

/** A value to six digits, or null. */
function shown(value: number): string {
  return Number.isNaN(value) ? "null" : String(Number(value.toPrecision(6)));
}

/** A Markdown table. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}
