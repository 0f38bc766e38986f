import { z } from "zod";
import { type ImportChunk, type ImportReport, ImportReportSchema, RefusedRowsSchema } from "../../contracts/import.ts";

/** The platform refused the import as a whole, or could not be reached. */
export class ImportFailure extends Error {
  override readonly name = "ImportFailure";
}

const Answer = z.object({ data: ImportReportSchema });
const Problem = z.looseObject({ code: z.string(), detail: z.string() });

const TRIES = 4;
const FIRST_PAUSE_MS = 250;

/**
 * Sends one chunk. A chunk that may or may not have arrived is sent again: storing it twice changes nothing.
 * @returns what became of its rows; `refused` and nothing stored where the chunk was refused for bad rows
 * @throws ImportFailure where the platform cannot be reached or refuses the import
 */
export async function sendChunk(url: string, token: string, chunk: ImportChunk): Promise<ImportReport> {
  const response = await post(`${url}/admin/import`, token, JSON.stringify(chunk));
  const body: unknown = await response.json().catch(() => null);
  if (response.ok) return Answer.parse(body).data;
  const bad = RefusedRowsSchema.safeParse(body);
  if (bad.success) {
    const { length: rows } = chunk.rows;
    return { symbol: chunk.symbol, rows, stored: 0, replaced: 0, unchanged: 0, refused: bad.data.refused };
  }
  const problem = Problem.safeParse(body);
  throw new ImportFailure(problem.success ? problem.data.detail : `${url} answered with status ${response.status}.`);
}

async function post(address: string, token: string, body: string): Promise<Response> {
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  for (let attempt = 1; ; attempt++) {
    try {
      const response = await fetch(address, { method: "POST", headers, body, signal: AbortSignal.timeout(60_000) });
      if (response.status < 500 || attempt === TRIES) return response;
      await response.arrayBuffer();
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof DOMException)) throw error;
      if (attempt === TRIES)
        throw new ImportFailure(`${new URL(address).origin} does not answer. Is the platform running?`);
    }
    await new Promise((resolve) => setTimeout(resolve, FIRST_PAUSE_MS * 2 ** (attempt - 1)));
  }
}
