import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { CsvError, parse } from "csv-parse";
import { sniffDelimiter } from "../../core/candle-files/dialect.ts";
import type { Delimiter, FileRecord } from "../../core/candle-files/types.ts";
import { ItemFailure, systemReason } from "../platform/failures.ts";
import type { CandleSource } from "./streams.ts";
import { decoded, encodingOf, HEAD_BYTES, type TextEncoding } from "./text.ts";

/** Characters of one record at most: no table of candles has longer ones, and a quote that is never closed makes one of the whole file. */
const MAX_RECORD = 1_048_576;

/** Records that are passed on at a time. */
const BATCH = 1_000;

/** How the bytes of a file become records. */
export interface TableForm {
  encoding: TextEncoding;
  delimiter: Delimiter;
}

/** Records of a file, in order, and the bytes of the disk that were read for them. */
export interface RecordBatch {
  records: FileRecord[];
  bytes: number;
}

/** Errors of a stream that say what is wrong with a file. */
function fileFailure(error: unknown): unknown {
  if (error instanceof CsvError) {
    const hint =
      error.code === "CSV_MAX_RECORD_SIZE" ? "a line of it is too long, or a quote is never closed" : error.message;
    return new ItemFailure(`The file is not CSV: ${hint}.`);
  }
  // Of the disk, of gzip or of zip.
  return error instanceof Error && ("code" in error || "errno" in error || /invalid|CRC|size/i.test(error.message))
    ? new ItemFailure(`The file cannot be read: ${systemReason(error)}.`)
    : error;
}

/**
 * Finds the encoding and the delimiter of a file.
 * @param delimiter where it was said
 * @throws ItemFailure, CandleFileError
 */
export async function formOf(source: CandleSource, delimiter: Delimiter | undefined): Promise<TableForm> {
  const parts: Buffer[] = [];
  const stream = await source.read(() => {});
  try {
    let length = 0;
    for await (const part of stream as AsyncIterable<Buffer>) {
      parts.push(part);
      length += part.length;
      if (length >= HEAD_BYTES) break;
    }
  } catch (error) {
    throw fileFailure(error);
  } finally {
    stream.destroy();
  }
  const head = Buffer.concat(parts).subarray(0, HEAD_BYTES);
  const encoding = encodingOf(head);
  return { encoding, delimiter: delimiter ?? sniffDelimiter(new TextDecoder(encoding).decode(head)) };
}

/**
 * Reads the records of a file, some at a time.
 * @param digest is updated with the bytes of the text
 * @throws ItemFailure where the file cannot be read or is no CSV; WrongEncoding
 */
export async function* readTable(
  source: CandleSource,
  { encoding, delimiter }: TableForm,
  digest: ReturnType<typeof createHash> | null,
): AsyncGenerator<RecordBatch> {
  let bytes = 0;
  const stream = await source.read((read) => {
    bytes = read;
  });
  async function* content(): AsyncGenerator<Uint8Array> {
    for await (const part of stream as AsyncIterable<Buffer>) {
      digest?.update(part);
      yield part;
    }
  }
  const parser = parse({
    bom: true,
    delimiter,
    info: true,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: MAX_RECORD,
  });
  const text = Readable.from(decoded(content(), encoding));
  text.on("error", (error) => parser.destroy(error));
  text.pipe(parser);
  let records: FileRecord[] = [];
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      records.push({ line: info.lines, cells: record });
      if (records.length < BATCH) continue;
      yield { records, bytes };
      records = [];
    }
  } catch (error) {
    throw fileFailure(error);
  } finally {
    text.destroy();
    stream.destroy();
  }
  yield { records, bytes };
}

/** A digest of a file's text. */
export const newDigest = () => createHash("sha256");
