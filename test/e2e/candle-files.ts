import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../scripts/dev-vars.ts";
import { madeCloses, madeHours, madeMinutes } from "./made-candles.ts";

/** Real candles in full, beside the project, and parts of them in it (test/fixtures/data/ORIGINS.md). */
const FOLDERS = [join(ROOT, "..", "shared", "data", "candles"), join(ROOT, "test", "fixtures", "data", "candles")];

/** What is made if it is not there, because its data may not be in the project. */
const MADE: ReadonlyMap<string, () => string> = new Map([
  ["JSE_NPN_1d_adjclose.csv", madeCloses],
  ["BTCUSDT_1h_defects.csv", madeHours],
  ["made_1m.csv", () => madeMinutes(6_500)],
]);

const written = new Map<string, string>();

function make(name: string): string {
  const path = written.get(name) ?? join(mkdtempSync(join(tmpdir(), "wizdata-candles-")), name);
  const candles = MADE.get(name);
  if (!candles) throw new Error(`There are no candles ${name}.`);
  if (!written.has(name)) writeFileSync(path, candles());
  written.set(name, path);
  return path;
}

process.once("exit", () => {
  for (const path of written.values()) rmSync(join(path, ".."), { recursive: true, force: true });
});

/** The path of one of the files: the whole one if it can be had, else the project's part, else one that is made. */
export const candleFile = (name: string): string =>
  FOLDERS.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? make(name);

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
