import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { basename } from "node:path";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { ItemFailure, systemReason } from "../platform/failures.ts";
import { type CandleSource, counter, piped } from "./streams.ts";
import { isZip, zipEntries } from "./zip.ts";

/** The first bytes of a file, and its size. */
async function headOf(path: string): Promise<{ head: Buffer; size: number }> {
  try {
    const file = await open(path);
    try {
      const buffer = Buffer.alloc(8);
      const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
      return { head: buffer.subarray(0, bytesRead), size: (await file.stat()).size };
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new ItemFailure(`The file cannot be read: ${systemReason(error)}.`);
  }
}

const isGzip = (head: Buffer): boolean => head[0] === 0x1f && head[1] === 0x8b;

/**
 * The texts in a file: one, or the tables in a zip archive.
 * @throws ItemFailure where it cannot be read
 */
export async function sourcesOf(path: string): Promise<CandleSource[]> {
  const { head, size } = await headOf(path);
  if (isZip(head)) return zipEntries(path);
  const read = async (progress: (bytes: number) => void): Promise<Readable> => {
    const bytes = piped(createReadStream(path), counter(progress));
    return isGzip(head) ? piped(bytes, createGunzip()) : bytes;
  };
  return [{ path, names: [basename(path)], size, read }];
}
