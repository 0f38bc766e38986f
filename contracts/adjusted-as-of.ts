import { DAY, isoDate, startOfDay } from "../core/time.ts";
import type { Adjustment } from "./candle.ts";

/** 00:00 UTC of a day, as `2026-11-20`, in unix seconds; null for null. */
export const secondsOfDay = (day: string | null): number | null => (day === null ? null : Date.parse(day) / 1000);

/**
 * The day up to which past prices of an import are adjusted where it was not said: the one after its last row.
 * @param last the stamp of the last row, unix seconds; null where there is none
 * @returns a day, as `2026-11-20`; null where prices are raw
 */
export function adjustedAsOfDefault(adjustment: Adjustment, last: number | null): string | null {
  if (last === null || adjustment === "raw") return null;
  return isoDate(startOfDay(last) + DAY);
}
