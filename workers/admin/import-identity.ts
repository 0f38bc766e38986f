import type { Adjustment } from "../../contracts/candle.ts";
import type { CandleRow } from "../../core/candle-rows.ts";
import type { Interval } from "../../core/interval.ts";
import { digestOf } from "../http/responses.ts";

/** What stands for the file of rows that came without one: the SHA-256 of the rows as JSON, in hexadecimal. */
export async function sha256OfRows(rows: readonly CandleRow[]): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify(rows)));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * The id of an import: the first 32 hexadecimal digits of the SHA-256 of symbol, interval, adjustment and the file's SHA-256, with a line
 * feed between them. The same command has the same id, so that it goes on.
 */
export function importIdOf(
  symbol: string,
  interval: Interval,
  adjustment: Adjustment,
  fileSha256: string,
): Promise<string> {
  return digestOf([symbol, interval, adjustment, fileSha256].join("\n"));
}
