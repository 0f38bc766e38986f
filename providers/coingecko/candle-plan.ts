import { INTRADAY_SECONDS, type Interval } from "../../core/interval.ts";
import { DAY } from "../../core/time.ts";
import type { Plan } from "./client.ts";

/** One way to the candles of an interval, which reaches that many days back from now. */
interface Source {
  endpoint: "ohlc" | "chart";
  /** The days that may be asked for, ascending. */
  days: readonly number[];
  /** For paid plans' candles of a length of their own. */
  length?: "hourly" | "daily";
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** The finest first: a candle is always taken from the same source as long as that source reaches it. */
const FREE_SOURCES: Partial<Record<Interval, readonly Source[]>> = {
  "30m": [{ endpoint: "ohlc", days: [1] }],
  "1h": [
    { endpoint: "chart", days: [1] },
    { endpoint: "chart", days: range(2, 90) },
  ],
  "4h": [{ endpoint: "ohlc", days: [7, 14, 30] }],
  "1d": [
    { endpoint: "chart", days: range(2, 90) },
    { endpoint: "chart", days: range(91, 365) },
  ],
};

const SOURCES: Record<Plan, Partial<Record<Interval, readonly Source[]>>> = {
  keyless: FREE_SOURCES,
  demo: FREE_SOURCES,
  pro: {
    ...FREE_SOURCES,
    "1h": [{ endpoint: "ohlc", days: [1, 7, 14, 30, 90], length: "hourly" }],
    "1d": [{ endpoint: "ohlc", days: [1, 7, 14, 30, 90, 180], length: "daily" }],
  },
};

/** The intervals that can be had. */
export const SUPPORTED_INTERVALS: readonly Interval[] = ["30m", "1h", "4h", "1d"];

/** A call, and the part of the range whose candles are taken from it. */
export interface PlannedCall {
  endpoint: "ohlc" | "chart";
  days: number;
  length?: "hourly" | "daily";
  /** Unix seconds; candles stamped within [from, to). */
  from: number;
  to: number;
}

/**
 * The calls that candles within [`from`, `to`) take at the moment `now`; none where no source reaches them. The sources of
 * one interval are all candles of the service or all prices to sample, never both.
 */
export function planCalls(plan: Plan, interval: Interval, from: number, to: number, now: number): PlannedCall[] {
  const length = INTRADAY_SECONDS[interval] ?? DAY;
  const calls: PlannedCall[] = [];
  let end = to;
  for (const source of SOURCES[plan][interval] ?? []) {
    const maxDays = source.days[source.days.length - 1];
    const earliest = Math.ceil((now - maxDays * DAY) / length) * length;
    if (end <= earliest) continue;
    if (end <= from) break;
    const wanted = (now - from) / DAY;
    // A day more than is wanted, where that can be had, keeps the edge of what was sampled out of the answer.
    const margin = source.endpoint === "chart" ? 1 : 0;
    const days = source.days.find((candidate) => candidate >= wanted + margin) ?? maxDays;
    calls.push({ endpoint: source.endpoint, days, length: source.length, from: Math.max(from, earliest), to: end });
    end = earliest;
  }
  return calls;
}
