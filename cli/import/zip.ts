import { basename } from "node:path";
import { type Entry, openPromise, type ZipFile } from "yauzl";
import { ItemFailure, systemReason } from "../platform/failures.ts";
import { type CandleSource, counter, piped } from "./streams.ts";

/** Entries of one archive that are looked at at most. */
const MAX_ENTRIES = 10_000;

/** How archives begin, and empty ones. */
const BEGINNINGS = ["504b0304", "504b0506"];

export const isZip = (head: Buffer): boolean => BEGINNINGS.includes(head.toString("hex", 0, 4));

const TABLE = /\.(?:csv|txt|tsv|prn)$/i;

const failure = (path: string, error: unknown): ItemFailure =>
  error instanceof ItemFailure ? error : new ItemFailure(`The archive ${path} cannot be read: ${systemReason(error)}.`);

/** Whether an entry is no file of the archive's own: a folder, or what a Mac adds. */
const isBeside = (name: string): boolean =>
  name.endsWith("/") || name.startsWith("__MACOSX/") || basename(name).startsWith(".");

async function entriesOf(zip: ZipFile): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const entry of zip.eachEntry()) {
    if (isBeside(entry.fileName)) continue;
    entries.push(entry);
    if (entries.length > MAX_ENTRIES) throw new ItemFailure(`The archive has more than ${MAX_ENTRIES} files.`);
  }
  if (entries.some(({ fileName }) => fileName === "[Content_Types].xml")) {
    throw new ItemFailure("The file is a spreadsheet, and no table of candles: export it as CSV.");
  }
  const tables = entries.filter(({ fileName }) => TABLE.test(fileName));
  const chosen = tables.length > 0 ? tables : entries.slice(0, 1);
  if (chosen.length === 0) throw new ItemFailure("The archive is empty.");
  if (chosen.some((entry) => entry.isEncrypted())) {
    throw new ItemFailure("The archive needs a password: unpack it, and import what is in it.");
  }
  return chosen;
}

/** Opens an entry again: an archive is held open only while one of its entries is read. */
async function readEntry(path: string, name: string, progress: (bytes: number) => void) {
  const zip = await openPromise(path, { lazyEntries: true, autoClose: false });
  try {
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName !== name) continue;
      const stream = await zip.openReadStreamPromise(entry);
      // What is read of the disk is not seen here: its part of the whole is that of what comes out of it.
      const part = entry.uncompressedSize > 0 ? entry.compressedSize / entry.uncompressedSize : 1;
      const counted = piped(
        stream,
        counter((bytes) => progress(bytes * part)),
      );
      counted.once("close", () => zip.close());
      return counted;
    }
    throw new ItemFailure(`The archive has no ${name} any more.`);
  } catch (error) {
    zip.close();
    throw failure(path, error);
  }
}

/**
 * The tables in a zip archive; where none has the ending of one, its first file. Nothing is unpacked onto the disk.
 * @throws ItemFailure where it cannot be read, is encrypted or has no file
 */
export async function zipEntries(path: string): Promise<CandleSource[]> {
  let zip: ZipFile;
  try {
    zip = await openPromise(path, { lazyEntries: true, autoClose: false });
  } catch (error) {
    throw failure(path, error);
  }
  try {
    const entries = await entriesOf(zip);
    return entries.map(({ fileName, compressedSize }) => ({
      path: entries.length > 1 ? `${path}/${fileName}` : path,
      // The archive's name says what the only file in it is, where the file's own does not.
      names: [basename(fileName), basename(path)],
      size: compressedSize,
      read: (progress: (bytes: number) => void) => readEntry(path, fileName, progress),
    }));
  } catch (error) {
    throw failure(path, error);
  } finally {
    zip.close();
  }
}
