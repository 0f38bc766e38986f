import type { z } from "zod";
import { NUMBER_FIELDS } from "../core/candles.ts";
import { isUnfit, type ReadRow, type UnfitRow } from "./bars.ts";
import type { LeftOut, LeftOutCheck } from "./provider.ts";

/** A row of an answer that may be a candle, its numbers as they came. */
export interface RawRow {
  /** Unix seconds; null where its stamp cannot be read. */
  time: number | null;
  open: unknown;
  high: unknown;
  low: unknown;
  close: unknown;
  volume: unknown;
}

/** How an upstream writes its numbers. */
export interface RowFormat {
  number: z.ZodType<number>;
  /** What stands for an open, high or low that is unknown: zero, or nothing as well. By default none may be unknown. */
  unknown?: "zero" | "zero_or_nothing";
}

const isMissing = (value: unknown): boolean => value === null || value === undefined || value === "";

/** A row that is no candle. */
export const unfit = (time: number | null, check: LeftOutCheck, detail: string, isRow = true): UnfitRow => ({
  isRow,
  time,
  check,
  detail,
});

/** Reads one row. Whether its numbers fit each other is not checked here. */
export function readRow(row: RawRow, { number, unknown }: RowFormat): ReadRow {
  const { time } = row;
  const faults: Omit<LeftOut, "time">[] = [];
  let found = 0;
  const read = (field: (typeof NUMBER_FIELDS)[number]): number | null => {
    const value = row[field];
    const mayLack = field === "volume" || (field !== "close" && unknown === "zero_or_nothing");
    if (isMissing(value)) {
      if (!mayLack) faults.push({ check: "no_price", detail: `it has no ${field}` });
      return null;
    }
    const parsed = number.safeParse(value);
    if (!parsed.success) {
      faults.push({ check: "impossible", detail: `its ${field} cannot be read` });
      return null;
    }
    found++;
    const isPart = field === "open" || field === "high" || field === "low";
    return isPart && unknown !== undefined && parsed.data === 0 ? null : parsed.data;
  };
  const [open, high, low, close, volume] = NUMBER_FIELDS.map(read);
  if (time === null) return unfit(null, "impossible", "its stamp cannot be read", false);
  const [fault] = faults;
  if (fault) return unfit(time, fault.check, fault.detail, found > 0);
  return close === null ? unfit(time, "no_price", "it has no close") : { time, open, high, low, close, volume };
}

/**
 * Reads the rows of one answer. What cannot be a candle stays among them, as such.
 * @param read returns null where it is no row of numbers at all
 * @returns null where there are rows and not one of them is one: then it is no answer
 */
export function readRows<Row>(rows: readonly Row[], read: (row: Row) => ReadRow | null): ReadRow[] | null {
  const all = rows.map((row) => read(row) ?? unfit(null, "impossible", "it cannot be read as a candle", false));
  return all.length === 0 || all.some((row) => !isUnfit(row) || row.isRow) ? all : null;
}

/** The stamp of the last row that has one, unix seconds. */
export const lastTime = (rows: readonly ReadRow[]): number | null =>
  rows.findLast(({ time }) => time !== null)?.time ?? null;
