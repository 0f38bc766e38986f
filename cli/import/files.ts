import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { ItemFailure, systemReason } from "../platform/failures.ts";

/** Names of files that may hold candles. */
const CANDLE_FILE = /\.(?:csv|txt|tsv|prn|gz|zip)$/i;

/** The files that a caller names, and the entries of folders that are passed over. */
export interface NamedFiles {
  paths: string[];
  skipped: string[];
}

function entriesOf(folder: string): NamedFiles {
  const entries = readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !name.startsWith("."))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const isCandles = (name: string, isFolder: boolean) => !isFolder && CANDLE_FILE.test(name);
  const paths = entries.filter((entry) => isCandles(entry.name, entry.isDirectory()));
  const skipped = entries.filter((entry) => !isCandles(entry.name, entry.isDirectory()));
  return {
    paths: paths.map(({ name }) => join(folder, name)),
    skipped: skipped.map(({ name }) => join(folder, name)),
  };
}

/**
 * The files that are named: a folder stands for the files of candles in it, by name, not for those in its folders.
 * @throws ItemFailure where one is not there, or a folder has none
 */
export function namedFiles(named: readonly string[]): NamedFiles {
  const all: NamedFiles = { paths: [], skipped: [] };
  for (const path of named) {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (!stats) throw new ItemFailure(`There is no file ${path}.`);
    if (!stats.isDirectory()) {
      all.paths.push(path);
      continue;
    }
    let found: NamedFiles;
    try {
      found = entriesOf(path);
    } catch (error) {
      throw new ItemFailure(`The folder ${path} cannot be read: ${systemReason(error)}.`);
    }
    if (found.paths.length === 0) {
      throw new ItemFailure(
        `The folder ${path} has no files of candles: their names end with .csv, .txt, .tsv, .gz or .zip.`,
      );
    }
    all.paths.push(...found.paths);
    all.skipped.push(...found.skipped);
  }
  return { paths: [...new Set(all.paths)], skipped: all.skipped };
}
