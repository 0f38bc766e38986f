import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { fileWriter, parquetWriteRows } from "hyparquet-writer";
import { CANDLE_COLUMNS } from "../../contracts/candle.ts";
import type { ExportFormat } from "./options.ts";
import type { ExportedCandle } from "./series.ts";

/** Rows of one part of a Parquet file, which is kept in memory while it is written. */
const ROWS_AT_ONCE = 50_000;

type Pages = AsyncIterable<readonly ExportedCandle[]>;

const line = (candle: ExportedCandle): string => CANDLE_COLUMNS.map((column) => candle[column] ?? "").join(",");

async function writeCsv(path: string, pages: Pages): Promise<void> {
  const file: FileHandle = await open(path, "w");
  try {
    await file.write(`${CANDLE_COLUMNS.join(",")}\n`);
    for await (const candles of pages) {
      if (candles.length > 0) await file.write(`${candles.map(line).join("\n")}\n`);
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

async function* rowsOf(pages: Pages): AsyncGenerator<Record<string, unknown>> {
  for await (const candles of pages) {
    for (const candle of candles) yield { ...candle, time: new Date(candle.time * 1000) };
  }
}

/**
 * Times are TIMESTAMP (milliseconds, UTC); prices and volumes are DOUBLE, bit by bit those of the answer, and null where they are not known.
 */
async function writeParquet(path: string, pages: Pages): Promise<void> {
  const required = { nullable: false };
  await parquetWriteRows({
    writer: fileWriter(path),
    rows: rowsOf(pages),
    columns: [
      { name: "time", type: "TIMESTAMP", ...required },
      { name: "open", type: "DOUBLE" },
      { name: "high", type: "DOUBLE" },
      { name: "low", type: "DOUBLE" },
      { name: "close", type: "DOUBLE" },
      { name: "volume", type: "DOUBLE" },
      { name: "state", type: "STRING", ...required },
      { name: "revision", type: "INT32", ...required },
      { name: "suspect", type: "BOOLEAN", ...required },
      { name: "provider", type: "STRING", ...required },
      { name: "simulated", type: "BOOLEAN", ...required },
    ],
    rowGroupSize: ROWS_AT_ONCE,
    createdBy: "WizData Edge",
  });
}

/** Writes candles into a file. */
export const writeFile = (path: string, format: ExportFormat, pages: Pages): Promise<void> =>
  format === "csv" ? writeCsv(path, pages) : writeParquet(path, pages);

/** The size of a file and the SHA-256 of its bytes, in hexadecimal. */
export async function digestOf(path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const part of createReadStream(path)) {
    hash.update(part);
    bytes += part.length;
  }
  return { bytes, sha256: hash.digest("hex") };
}
