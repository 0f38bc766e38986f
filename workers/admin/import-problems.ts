import type { Adjustment } from "../../contracts/candle.ts";
import { type ImportReport, MAX_LISTED_REFUSALS } from "../../contracts/import.ts";
import { MAX_LISTED_FAULTS } from "../../contracts/input-faults.ts";
import { ApiError } from "../../contracts/problem.ts";
import type { RefusedRow } from "../../core/candle-rows.ts";
import type { Interval } from "../../core/interval.ts";
import type { DoubtedCandle } from "../../durable-objects/symbol-room/symbol-room.ts";
import type { ImportRow } from "../../storage/imports.ts";

/** Refused rows as an answer lists them. */
export const listedRows = (refused: readonly RefusedRow[]) => ({
  refused: refused.slice(0, MAX_LISTED_REFUSALS),
  ...(refused.length > MAX_LISTED_REFUSALS ? { refused_count: refused.length } : {}),
});

/**
 * Candles that are doubted, as an answer lists them.
 * @param times stamps of all candles of the chunk, ascending, and `lines` where they stand in their file
 */
export function listedSuspects(
  suspect: readonly DoubtedCandle[],
  times: readonly number[],
  lines: readonly number[],
): Pick<ImportReport, "suspect" | "suspect_count"> {
  const lineOf = new Map(times.map((time, i) => [time, lines[i]]));
  const rows = suspect.map(({ time, reason }) => ({ line: lineOf.get(time) ?? 0, reason }));
  return {
    suspect: rows.sort((a, b) => a.line - b.line).slice(0, MAX_LISTED_REFUSALS),
    ...(rows.length > MAX_LISTED_REFUSALS ? { suspect_count: rows.length } : {}),
  };
}

/** A chunk whose bad rows keep the good ones from being stored. */
export function refusedRowsError(refused: readonly RefusedRow[]): ApiError {
  const [first] = refused;
  const errors = refused
    .slice(0, MAX_LISTED_FAULTS)
    .map(({ line, reason }) => ({ in: "body" as const, path: `line ${line}`, message: reason }));
  const detail = `${refused.length} of the rows cannot be candles, so none was stored. The first is line ${first.line}: ${first.reason}.`;
  return new ApiError("request.invalid", detail, { errors, extensions: listedRows(refused) });
}

/** Rows that are as far apart as those of a coarser interval. */
export function spacingError(said: Interval, found: Interval): ApiError {
  const message = `is ${said}, but the rows are as far apart as ${found} candles; import them as ${found}, or with force if they are ${said} all the same`;
  return new ApiError("request.invalid", `interval ${message}.`, {
    errors: [{ in: "body", path: "interval", message }],
  });
}

/** An import that has not ended has another adjustment. */
export function adjustmentConflict(other: ImportRow, sent: Adjustment): ApiError {
  const { id, symbol, interval, adjustment, file } = other;
  const which = file === null ? id : `${id} of ${file}`;
  return new ApiError(
    "candles.conflict",
    `The import ${which} brings ${interval} candles of ${symbol} as ${adjustment} and has not ended; these are ${sent}. End it, delete it with DELETE /admin/imports/${id}, or import these as ${adjustment}.`,
    { extensions: { adjustment, import_id: id } },
  );
}

/** An import that goes away can neither go on nor change. */
export const deletingError = (id: string): ApiError =>
  new ApiError(
    "import.deleting",
    `The import ${id} is being deleted. DELETE /admin/imports/${id} goes on with it; when that answers 200, import the file again.`,
  );

/** There is no import of an id. */
export const noSuchImport = (): ApiError =>
  new ApiError("route.not_found", "There is no import with this id. GET /admin/imports lists them.");
