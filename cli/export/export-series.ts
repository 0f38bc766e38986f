import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Interval, isDated } from "../../core/interval.ts";
import { isoDate, isoTime } from "../../core/time.ts";
import type { Target } from "../platform/client.ts";
import { CommandFailure, Interrupted, ItemFailure, systemReason } from "../platform/failures.ts";
import type { ManifestEntry } from "./manifest.ts";
import type { ExportFormat, ExportSettings } from "./options.ts";
import { type ExportedCandle, findSeries, SeriesPages, type SeriesQuery } from "./series.ts";
import { digestOf, writeFile } from "./write.ts";

/** How often a series is read again that has changed while it was. */
const MAX_ATTEMPTS = 3;

/** The name of a file: letters, digits, `.`, `-` and `_`, whatever the symbol has, and no two symbols have the same. */
export function fileName(symbol: string, interval: Interval, format: ExportFormat): string {
  const plain = symbol
    .replace(":", "_")
    .replace("/", "-")
    .replace(/[^A-Z0-9._-]/g, (character) => `%${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
  return `${plain}_${interval}.${format}`;
}

/** What is called while a series is exported. */
export interface Steps {
  /** With the stamp that was reached, unix seconds. */
  progress(time: number): void;
  signal: AbortSignal;
}

/** What is counted of candles while they pass. */
interface Passed {
  rows: number;
  first: number | null;
  last: number | null;
}

async function* counted(
  pages: AsyncIterable<ExportedCandle[]>,
  passed: Passed,
  steps: Steps,
): AsyncGenerator<ExportedCandle[]> {
  for await (const candles of pages) {
    passed.rows += candles.length;
    passed.first ??= candles.at(0)?.time ?? null;
    passed.last = candles.at(-1)?.time ?? passed.last;
    if (passed.last !== null) steps.progress(passed.last);
    yield candles;
  }
}

/** Writes one state of a series; null where it has changed meanwhile. */
async function writeOnce(target: Target, query: SeriesQuery, path: string, format: ExportFormat, steps: Steps) {
  const pages = new SeriesPages(target, query, steps.signal);
  const passed: Passed = { rows: 0, first: null, last: null };
  try {
    await writeFile(path, format, counted(pages.read(), passed, steps));
  } catch (error) {
    const isOurs = error instanceof ItemFailure || error instanceof CommandFailure || error instanceof Interrupted;
    if (isOurs) throw error;
    throw new CommandFailure(`${path} cannot be written: ${systemReason(error)}.`);
  }
  const { record } = pages;
  return record && (await pages.areUnchanged()) ? { record, passed } : null;
}

/**
 * Exports one series into a file of its own. The file has its name only once it is whole.
 * @param now unix seconds
 * @throws ItemFailure, CommandFailure, Interrupted
 */
export async function exportSeries(
  target: Target,
  name: string,
  interval: Interval,
  { from, to, format, out }: Pick<ExportSettings, "from" | "to" | "format" | "out">,
  now: number,
  steps: Steps,
): Promise<ManifestEntry & { replaced: boolean }> {
  const end = to ?? Math.floor(now) + 1;
  const series = await findSeries(target, name, interval, from);
  if (series.from >= end) throw new ItemFailure(`Nothing of ${series.symbol} ${interval} lies before --to.`);
  const query = { ...series, interval, to: end };
  const file = fileName(series.symbol, interval, format);
  const path = join(out, file);
  const part = `${path}.part`;
  const text = (time: number | null): string | null =>
    time === null ? null : isDated(interval) ? isoDate(time) : isoTime(time);
  try {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const written = await writeOnce(target, query, part, format, steps);
      if (!written) continue;
      const { record, passed } = written;
      if (passed.rows === 0)
        throw new ItemFailure(`There are no closed ${interval} candles of ${series.symbol} there.`);
      const { bytes, sha256 } = await digestOf(part);
      const replaced = existsSync(path);
      renameSync(part, path);
      return {
        ...{ file, symbol: series.symbol, interval, format, rows: passed.rows },
        ...{ first: text(passed.first), last: text(passed.last) },
        asked: { from: isoTime(query.from), to: isoTime(end) },
        ...record,
        ...{ bytes, sha256, exported_at: isoTime(now), replaced },
      };
    }
  } finally {
    rmSync(part, { force: true });
  }
  throw new ItemFailure(
    `The ${interval} candles of ${series.symbol} changed each of the ${MAX_ATTEMPTS} times that they were read: export them when no import runs.`,
  );
}
