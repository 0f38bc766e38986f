import { z } from "zod";
import { type ImportChunk, ImportReportSchema, RefusedRowsSchema } from "../../contracts/import.ts";
import { notThePlatformMessage, refusalMessage, unreachableMessage } from "../../scripts/platform-errors.ts";

import type { ChunkReport } from "./importer.ts";

/** The platform refused the import as a whole, or could not be reached. */
export class ImportFailure extends Error {
  override readonly name = "ImportFailure";
}

const Answer = z.object({ data: ImportReportSchema.partial({ import_id: true }) });
/** The fields of a chunk, by the flags of the command. */
const FLAGS = {
  symbol: "--symbol",
  interval: "--interval",
  adjustment: "--adjustment",
  adjusted_as_of: "--adjusted-as-of",
};

const MAX_ATTEMPTS = 4;
const FIRST_PAUSE_MS = 250;

/**
 * Sends one chunk. A chunk that may or may not have arrived is sent again: storing it twice changes nothing.
 * @returns what became of its rows; `refused` and nothing stored where the chunk was refused for bad rows
 * @throws ImportFailure where the platform cannot be reached or refuses the import
 */
export async function sendChunk(url: string, token: string, chunk: ImportChunk): Promise<ChunkReport> {
  const { status, body } = await post(`${url}/admin/import`, token, JSON.stringify(chunk));
  const report = Answer.safeParse(body);
  if (status === 200 && report.success) return report.data.data;
  const bad = RefusedRowsSchema.safeParse(body);
  if (bad.success) {
    const { length: rows } = chunk.rows;
    return { symbol: chunk.symbol, rows, stored: 0, replaced: 0, unchanged: 0, ...bad.data };
  }
  const refusal = status < 400 ? null : refusalMessage(url, body, FLAGS);
  throw new ImportFailure(refusal ?? notThePlatformMessage(url, `answered with status ${status} and no report`));
}

/** What was answered; `body` is null where it is no JSON. */
interface Reply {
  status: number;
  body: unknown;
}

async function post(address: string, token: string, body: string): Promise<Reply> {
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  for (let attempt = 1; ; attempt++) {
    try {
      const response = await fetch(address, { method: "POST", headers, body, signal: AbortSignal.timeout(60_000) });
      // The connection may break here too, and then nothing says whether the chunk was stored.
      const text = await response.text();
      if (response.status < 500 || attempt === MAX_ATTEMPTS) return { status: response.status, body: parsed(text) };
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof DOMException)) throw error;
      if (attempt === MAX_ATTEMPTS) {
        throw new ImportFailure(unreachableMessage(new URL(address).origin));
      }
    }
    await new Promise((resolve) => setTimeout(resolve, FIRST_PAUSE_MS * 2 ** (attempt - 1)));
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
