import type { z } from "zod";
import { ApiError } from "../../contracts/problem.ts";

/** The problem of a cursor that is not one, or one of another question. */
export const cursorError = (message: string): ApiError =>
  new ApiError("request.invalid", `cursor ${message}.`, { errors: [{ in: "query", path: "cursor", message }] });

/** Where a page ended, as clients carry it: opaque, of URL-safe characters. */
export function formatCursor(position: Record<string, string | number>): string {
  return btoa(JSON.stringify(position)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/**
 * Reads a cursor that an earlier page gave.
 * @throws ApiError request.invalid where it is none of the schema's
 */
export function parseCursor<T>(text: string, schema: z.ZodType<T>): T {
  const position = schema.safeParse(decode(text));
  if (!position.success) throw cursorError("must be the cursor of an earlier page, unchanged");
  return position.data;
}

function decode(text: string): unknown {
  if (!/^[A-Za-z0-9_-]{1,400}$/.test(text)) return null;
  try {
    return JSON.parse(atob(text.replace(/-/g, "+").replace(/_/g, "/")));
  } catch (error) {
    // Neither base64 nor JSON: no cursor of ours.
    if (error instanceof SyntaxError || error instanceof DOMException) return null;
    throw error;
  }
}
