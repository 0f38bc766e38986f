import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { parseTime } from "../../core/time.ts";
import { CsvFileError, readCsv } from "./csv.ts";

/** What is known of a file before its rows are sent. */
export interface FileFacts {
  /** SHA-256 of its bytes, in hexadecimal. */
  sha256: string;
  rows: number;
  /** The latest time of its rows, unix seconds; null where none of them has one that can be read. */
  lastTime: number | null;
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    for await (const part of createReadStream(path)) hash.update(part);
  } catch (error) {
    throw new CsvFileError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}.`);
  }
  return hash.digest("hex");
}

/**
 * Reads a whole file once, to know which one it is and how far it goes.
 * @throws CsvFileError where it cannot be read or is no CSV of candles
 */
export async function readFileFacts(path: string): Promise<FileFacts> {
  let rows = 0;
  let lastTime: number | null = null;
  for await (const { row } of readCsv(path)) {
    rows++;
    const time = "reason" in row ? null : parseTime(String(row.time).trim());
    if (typeof time === "number") lastTime = Math.max(lastTime ?? time, time);
  }
  return { sha256: await sha256Of(path), rows, lastTime };
}
