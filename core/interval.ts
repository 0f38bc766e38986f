import { DAY, HOUR, MINUTE, startOfDay, startOfMonth, startOfNextMonth, startOfWeek } from "./time.ts";

/** The intervals of candles, finest first. */
export const INTERVALS = ["1m", "5m", "15m", "30m", "1h", "4h", "1d", "1w", "1M"] as const;

/** The length of a candle. */
export type Interval = (typeof INTERVALS)[number];

/** Other ways in which intervals are written, by what is left of them without case, blanks and a plural. */
const ALTERNATIVE_SPELLINGS: ReadonlyMap<string, Interval> = new Map(
  Object.entries({
    minute: "1m",
    minutely: "1m",
    hour: "1h",
    hourly: "1h",
    "60m": "1h",
    "240m": "4h",
    "24h": "1d",
    day: "1d",
    daily: "1d",
    d: "1d",
    "7d": "1w",
    week: "1w",
    weekly: "1w",
    w: "1w",
    month: "1M",
    monthly: "1M",
    mo: "1M",
    "1mo": "1M",
    "1mth": "1M",
    "60": "1h",
    "1": "1m",
    "5": "5m",
    "15": "15m",
    "30": "30m",
    "240": "4h",
  } as const),
);

/** The interval that a text probably means: `1hour`, `60m`, `1D`, `monthly`; null if that is not known. */
export function likelyInterval(text: string): Interval | null {
  const bare = text
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_-]/g, "");
  const short = bare
    .replace(/^(\d+)(?:minutes?|mins?)$/, "$1m")
    .replace(/^(\d+)(?:hours?|hrs?)$/, "$1h")
    .replace(/^(\d+)days?$/, "$1d")
    .replace(/^(\d+)weeks?$/, "$1w")
    .replace(/^(\d+)(?:months?|mon)$/, "$1mo");
  const found = ALTERNATIVE_SPELLINGS.get(short) ?? ALTERNATIVE_SPELLINGS.get(short.replace(/s$/, ""));
  return found ?? INTERVALS.find((interval) => interval === short) ?? null;
}

/** An interval counted in trading dates, stamped 00:00 UTC. */
export type DatedInterval = "1d" | "1w" | "1M";

/** Seconds of an intraday interval; null for those that are counted in trading dates. */
export const INTRADAY_SECONDS: Record<Interval, number | null> = {
  "1m": MINUTE,
  "5m": 5 * MINUTE,
  "15m": 15 * MINUTE,
  "30m": 30 * MINUTE,
  "1h": HOUR,
  "4h": 4 * HOUR,
  "1d": null,
  "1w": null,
  "1M": null,
};

/** Whether every bucket of `coarse` is made of whole buckets of `fine`. */
export function isMultipleOf(fine: Interval, coarse: Interval): boolean {
  if (fine === coarse) return false;
  const fineSeconds = INTRADAY_SECONDS[fine];
  const coarseSeconds = INTRADAY_SECONDS[coarse];
  if (fineSeconds !== null)
    return coarseSeconds === null || (coarseSeconds > fineSeconds && coarseSeconds % fineSeconds === 0);
  return fine === "1d" && (coarse === "1w" || coarse === "1M");
}

/** The 00:00 UTC stamp of the daily, weekly or monthly bucket that holds a trading date. */
export function bucketStart(interval: DatedInterval, date: number): number {
  switch (interval) {
    case "1d":
      return startOfDay(date);
    case "1w":
      return startOfWeek(date);
    case "1M":
      return startOfMonth(date);
  }
}

/** The stamp of the bucket after the one that is stamped `time`, for daily and longer intervals. */
export function nextStamp(interval: DatedInterval, time: number): number {
  switch (interval) {
    case "1d":
      return time + DAY;
    case "1w":
      return time + 7 * DAY;
    case "1M":
      return startOfNextMonth(time);
  }
}

/** Whether an interval is counted in trading dates rather than in seconds. */
export const isDated = (interval: Interval): interval is DatedInterval => INTRADAY_SECONDS[interval] === null;
