import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../scripts/dev-vars.ts";

/** Real candles, beside the project. They belong to others and are not part of it. */
const FOLDER = join(ROOT, "..", "shared", "data", "candles");

/** Why tests of real candles are skipped; null where the candles are there. */
export const candlesMissing: string | null = existsSync(FOLDER) ? null : `there are no real candles at ${FOLDER}`;

if (candlesMissing) console.warn(`Tests of imported real candles are skipped: ${candlesMissing}.`);

/** The path of one of the files. */
export const candleFile = (name: string): string => join(FOLDER, name);

/** The numbers of a candle. */
export const FIELDS = ["open", "high", "low", "close", "volume"] as const;

type Field = (typeof FIELDS)[number];

/** A candle as decimals on paper; a blank is null. */
export type PaperCandle = { time: number } & Record<Field, string | null>;

/** A decimal in its shortest form, so that 7.50 and 7.5 are one. */
function shortest(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/**
 * Reads comma-separated candles in the plainest way there is: the columns of the first line, no quotes. Lines that repeat
 * an earlier one are left out.
 */
export function parseCandles(csv: string): PaperCandle[] {
  const [header, ...lines] = csv.trim().split(/\r?\n/);
  const columns = header.split(",");
  return [...new Set(lines)].map((line) => {
    const cells = line.split(",");
    const cell = (name: string): string => cells[columns.indexOf(name)];
    const number = (name: Field): string | null => (cell(name) === "" ? null : shortest(cell(name)));
    const time = /^-?\d+$/.test(cell("time")) ? Number(cell("time")) : Date.parse(cell("time")) / 1000;
    return {
      time,
      open: number("open"),
      high: number("high"),
      low: number("low"),
      close: number("close"),
      volume: number("volume"),
    };
  });
}

/** The candles of one of the files. */
export function readCandleFile(name: string): PaperCandle[] {
  return parseCandles(readFileSync(candleFile(name), "utf8"));
}
