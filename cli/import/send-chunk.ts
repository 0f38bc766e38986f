import { z } from "zod";
import { type ImportChunk, ImportReportSchema, RefusedRowsSchema } from "../../contracts/import.ts";
import { call, refusalOf, type Target } from "../platform/client.ts";
import type { ChunkReport } from "./importer.ts";

const Answer = z.object({ data: ImportReportSchema.partial({ import_id: true, suspect: true }) });
/** The fields of a chunk, by the flags of the command. */
const FLAGS = {
  symbol: "--symbol",
  interval: "--interval",
  adjustment: "--adjustment",
  adjusted_as_of: "--adjusted-as-of",
};

/**
 * Sends one chunk. A chunk that may or may not have arrived is sent again: storing it twice changes nothing.
 * @returns what became of its rows; `refused` and nothing stored where the chunk was refused for bad rows
 * @throws CommandFailure where the platform cannot be reached, ItemFailure where it refuses the file's import
 */
export async function sendChunk(target: Target, chunk: ImportChunk): Promise<ChunkReport> {
  const reply = await call(target, "/admin/import", { body: JSON.stringify(chunk) });
  const report = Answer.safeParse(reply.body);
  if (reply.status === 200 && report.success) return report.data.data;
  const bad = RefusedRowsSchema.safeParse(reply.body);
  if (bad.success) {
    const { length: rows } = chunk.rows;
    return { symbol: chunk.symbol, rows, stored: 0, replaced: 0, unchanged: 0, ...bad.data };
  }
  throw refusalOf(target.url, reply, FLAGS);
}
