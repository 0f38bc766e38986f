/** Seconds in one minute, hour and day: UTC has no other days in unix time. */
export const MINUTE = 60;
export const HOUR = 3_600;
export const DAY = 86_400;

/** 0 Sunday to 6 Saturday, of the UTC day that holds `time` (unix seconds). */
export function weekday(time: number): number {
  // 1970-01-01 was a Thursday.
  return (((Math.floor(time / DAY) + 4) % 7) + 7) % 7;
}

/** 00:00 UTC of the day that holds `time`. */
export function startOfDay(time: number): number {
  return Math.floor(time / DAY) * DAY;
}

/** 00:00 UTC of the Monday on or before `time`. */
export function startOfWeek(time: number): number {
  const day = startOfDay(time);
  return day - ((weekday(day) + 6) % 7) * DAY;
}

/** 00:00 UTC of the first day of the month that holds `time`. */
export function startOfMonth(time: number): number {
  return firstOfMonth(time, 0);
}

/** 00:00 UTC of the first day of the month after the one that holds `time`. */
export function startOfNextMonth(time: number): number {
  return firstOfMonth(time, 1);
}

/** 00:00 UTC of the 1st, some months after the one that holds `time`. Not by `Date.UTC`, which reads the year 50 as 1950. */
function firstOfMonth(time: number, monthsLater: number): number {
  const date = new Date(startOfDay(time) * 1000);
  return date.setUTCMonth(date.getUTCMonth() + monthsLater, 1) / 1000;
}

/** `2026-11-22` for unix seconds. */
export function isoDate(time: number): string {
  return new Date(time * 1000).toISOString().slice(0, 10);
}

/** `2026-11-22T15:00:00.000Z` for unix seconds, to the nearest millisecond: seconds in binary may fall a hair short of one. */
export function isoTime(time: number): string {
  return new Date(Math.round(time * 1000)).toISOString();
}

/** The last second that a JavaScript date can name, less a year for calendars to look ahead. */
const MAX_CALENDAR_TIME = 8.64e12 - 366 * DAY;

/** Whether `time` (unix seconds) is a number that calendars can work with. */
export function isTime(time: number): boolean {
  return Number.isFinite(time) && Math.abs(time) <= MAX_CALENDAR_TIME;
}

const ISO = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/** A time that could not be read, and what would have been right. */
export interface TimeError {
  error: string;
}

/** Market data lies between these (unix seconds): the years 1900 and 2200. Calendars could count further, but not quickly. */
export const MIN_TIME = -2_208_988_800;
export const MAX_TIME = 7_258_118_400;

/** Numbers from these on are finer units by mistake; as seconds they would be the year 5138 and later. */
const FINER_UNITS: readonly (readonly [from: number, unit: string])[] = [
  [1e17, "nanoseconds"],
  [1e14, "microseconds"],
  [1e11, "milliseconds"],
];

/** A date with its day first, or with slashes. */
const OTHER_DATE = /^(?:\d{1,2}[-/.]\d{1,2}[-/.]\d{4}|\d{4}[/.]\d{1,2}[/.]\d{1,2})\b/;

/** A time whose zone has lost its plus sign, which an address reads as a blank. */
const MISSING_PLUS = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?) (\d{2}:?\d{2})$/;

/**
 * Reads unix seconds or ISO-8601. A date alone is its 00:00 UTC; a time without a zone is UTC.
 * @returns unix seconds, or what was wrong with the text.
 */
export function parseTime(text: string): number | TimeError {
  if (/^[+-]?\d+(\.\d+)?$/.test(text)) {
    const seconds = Number(text);
    const finer = FINER_UNITS.find(([from]) => Math.abs(seconds) >= from);
    if (finer) {
      return { error: `looks like ${finer[1]}; use unix seconds or ISO-8601, such as 2026-11-22T15:00:00Z` };
    }
    return seconds;
  }
  const match = ISO.exec(text);
  if (!match) {
    const missingPlus = MISSING_PLUS.exec(text);
    if (missingPlus) {
      return {
        error: `has lost the + of its zone: write it as %2B in an address, ${missingPlus[1]}%2B${missingPlus[2]}`,
      };
    }
    if (OTHER_DATE.test(text))
      return { error: "must be unix seconds or ISO-8601: the year first, with hyphens, such as 2026-11-22" };
    return { error: "must be unix seconds or ISO-8601, such as 1795359600 or 2026-11-22T15:00:00Z" };
  }
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0));
  const milliseconds = Number((match[7] ?? "").padEnd(3, "0").slice(0, 3) || 0);
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second, milliseconds);
  const zone = zoneSeconds(match[8]);
  const exists =
    date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  if (!exists || zone === null) return { error: "names a day or an hour that does not exist" };
  return (date.getTime() - zone * 1000) / 1000;
}

/** What `+02:00` is ahead of UTC; null where hours or minutes are no clock's. */
function zoneSeconds(zone: string | undefined): number | null {
  if (!zone || zone === "Z") return 0;
  const sign = zone.startsWith("-") ? -1 : 1;
  const digits = zone.slice(1).replace(":", "");
  const hours = Number(digits.slice(0, 2));
  const minutes = Number(digits.slice(2));
  return hours < 24 && minutes < 60 ? sign * (hours * HOUR + minutes * MINUTE) : null;
}

/**
 * Whether a remembered moment is less than `span` away from now, in one unit. One that lies further ahead is of a clock that was set
 * back since, so that nothing is known of how long ago it was.
 */
export const isWithin = (span: number, moment: number, now: number): boolean => Math.abs(now - moment) < span;
