import { z } from "zod";
import { cursorError, parseCursor } from "../http/cursor.ts";

const CandleCursorSchema = z.strictObject({
  symbol: z.string(),
  interval: z.string(),
  direction: z.enum(["forward", "backward"]),
  time: z.number().int().min(-8.64e12).max(8.64e12),
});

/** Where a page of candles ended: the next one goes on from there. */
export type CandleCursor = z.infer<typeof CandleCursorSchema>;

/**
 * The time at which a page of candles goes on.
 * @throws ApiError request.invalid where the text is no cursor, or one of other candles
 */
export function timeOfCursor(text: string, page: Omit<CandleCursor, "time">): number {
  const cursor = parseCursor(text, CandleCursorSchema);
  const same =
    cursor.symbol === page.symbol && cursor.interval === page.interval && cursor.direction === page.direction;
  if (!same) throw cursorError("belongs to a different query; keep symbol, interval, from and order as they were");
  return cursor.time;
}
