import { INTERVALS, type Interval } from "../../../../core/interval.ts";
import type { Span } from "../../../../core/spans.ts";
import type { Series } from "../series.ts";
import { knownStretch } from "./known-stretch.ts";

/** The stretch of each interval for which a room's store has candles. */
export function knownIntervals(series: Series): Partial<Record<Interval, Span>> {
  const intervals = INTERVALS.flatMap((interval) => {
    const known = knownStretch(series, interval);
    return known ? [[interval, known]] : [];
  });
  return Object.fromEntries(intervals);
}
