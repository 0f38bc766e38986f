import { HOUR, MINUTE } from "../time.ts";
import { MAX_CELL } from "./records.ts";
import type { DateOrder } from "./types.ts";

/** A calendar date as it is written: known, or with a day and a month of which the text does not say which is which. */
export type WrittenDate =
  | { kind: "known"; day: number }
  /** `year` is that of the last number; `short` where it has two digits, and the first may be the year as well. */
  | { kind: "numeric"; first: number; second: number; year: number; short: boolean };

/** A time as a file writes it. */
export type WrittenStamp =
  /** Unix seconds. */
  | { kind: "unix"; time: number }
  /** What clocks show: `clock` is seconds of the day, null of a date alone; `ahead` what they are ahead of UTC, null where it does not say so. */
  | { kind: "written"; date: WrittenDate; clock: number | null; ahead: number | null };

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** 00:00 UTC of a calendar day, unix seconds; null where there is no such day. */
export function dayOf(year: number, month: number, day: number): number | null {
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= 31)) return null;
  const time = Date.UTC(year, month - 1, day);
  return year >= 1000 && new Date(time).getUTCDate() === day ? time / 1000 : null;
}

/** Years of two digits lie between 1970 and 2069. */
const fullYear = (text: string): number =>
  text.length > 2 ? Number(text) : Number(text) + (Number(text) < 70 ? 2000 : 1900);

const known = (day: number | null): WrittenDate | null => (day === null ? null : { kind: "known", day });

const YEAR_FIRST = /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$/;
const YEAR_LAST = /^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})$/;
const COMPACT = /^((?:19|20|21)\d{2})(\d{2})(\d{2})$/;
const DAY_MONTH = /^(\d{1,2})[-/. ]*([a-z]{3})[a-z]*\.?,?[-/. ]*(\d{4}|\d{2})$/;
const MONTH_DAY = /^([a-z]{3})[a-z]*\.?[-/. ]*(\d{1,2})(?:st|nd|rd|th)?,?[-/. ]+(\d{4})$/;

function readDate(text: string): WrittenDate | null {
  const first = YEAR_FIRST.exec(text) ?? COMPACT.exec(text);
  if (first) return known(dayOf(Number(first[1]), Number(first[2]), Number(first[3])));
  const numeric = YEAR_LAST.exec(text);
  if (numeric) {
    const [, one, two, last] = numeric;
    return { kind: "numeric", first: Number(one), second: Number(two), year: fullYear(last), short: last.length === 2 };
  }
  const words = text.toLowerCase();
  const dayMonth = DAY_MONTH.exec(words);
  if (dayMonth) {
    return known(dayOf(fullYear(dayMonth[3]), MONTHS.indexOf(dayMonth[2]) + 1, Number(dayMonth[1])));
  }
  const monthDay = MONTH_DAY.exec(words);
  return monthDay && known(dayOf(Number(monthDay[3]), MONTHS.indexOf(monthDay[1]) + 1, Number(monthDay[2])));
}

/** The 00:00 UTC of a written date, unix seconds; null where there is no such day. */
export function resolveDate(date: WrittenDate, order: DateOrder | null): number | null {
  if (date.kind === "known") return date.day;
  const { first, second, year, short } = date;
  if (order === "ymd") return short ? dayOf(fullYear(String(first).padStart(2, "0")), second, year % 100) : null;
  return order === "mdy" ? dayOf(year, first, second) : dayOf(year, second, first);
}

const CLOCK = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?:\s*([ap])\.?m\.?)?$/i;
const HALF_DAY_HOUR = /^(\d{1,2})\s*-?\s*([ap])m$/i;
const COMPACT_CLOCK = /^(\d{2})(\d{2})(\d{2})?$/;

/** Seconds of the day of a clock's time; null where it is none. Parts of a second are left out only where they are 0. */
export function readClock(text: string): number | null {
  const match = CLOCK.exec(text);
  if (match) return secondsOf(match[1], match[2], match[3] ?? "0", match[4] ?? "0", match[5]);
  const hour = HALF_DAY_HOUR.exec(text);
  if (hour) return secondsOf(hour[1], "0", "0", "0", hour[2]);
  const compact = COMPACT_CLOCK.exec(text);
  return compact && secondsOf(compact[1], compact[2], compact[3] ?? "0", "0", undefined);
}

function secondsOf(hours: string, minutes: string, seconds: string, fraction: string, half?: string): number | null {
  let hour = Number(hours);
  if (half !== undefined) {
    if (hour < 1 || hour > 12) return null;
    hour = (hour % 12) + (half.toLowerCase() === "p" ? 12 : 0);
  }
  if (hour > 23 || Number(minutes) > 59 || Number(seconds) > 59) return null;
  return hour * HOUR + Number(minutes) * MINUTE + Number(seconds) + Number(`0.${fraction}`);
}

const ZONE = /\s*(?:(Z|UTC|GMT)|(?:UTC|GMT)?([+-])(\d{1,2}):?(\d{2})?)$/i;

/** What a zone at the end of a text is ahead of UTC, seconds, and the text before it; null where it has none. */
function splitZone(text: string): { rest: string; ahead: number } | null {
  const match = ZONE.exec(text);
  // A hyphen may be a date's: a zone stands after a time of day.
  if (!match || !/\d:\d{2}|\d{6}$|T\d{2}/.test(text.slice(0, match.index))) return null;
  const [, universal, sign, hours, minutes = "0"] = match;
  const ahead = universal ? 0 : (sign === "-" ? -1 : 1) * (Number(hours) * HOUR + Number(minutes) * MINUTE);
  return Math.abs(ahead) <= 15 * HOUR ? { rest: text.slice(0, match.index).trim(), ahead } : null;
}

/** Digits of unix times by their unit, in seconds. */
const UNIX_UNITS: readonly (readonly [least: number, perSecond: number])[] = [
  [1e17, 1e9],
  [1e14, 1e6],
  [1e11, 1e3],
  [0, 1],
];

/** `202401020930` and `20240102093000`: they would be milliseconds of 1976 and of the year 2611. */
const COMPACT_STAMP = /^((?:19|20)\d{6})(\d{4}|\d{6})$/;

const UNIX = /^-?\d{9,19}(?:\.\d+)?$/;
const SHORT_UNIX = /^-?\d{1,8}$/;

/** A unix time in seconds, whatever its unit; null where the text is no whole number, or one that has less than nine digits. */
function readUnix(text: string): number | null {
  if (!UNIX.test(text)) return null;
  const value = Number(text);
  const [, perSecond] = UNIX_UNITS.find(([least]) => Math.abs(value) >= least) ?? [0, 1];
  return value / perSecond;
}

const ISO = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2}))?)?(Z|[+-]\d{2}:\d{2})?$/;

/** A day of the calendar with a time of day. */
const written = (date: WrittenDate, clock: number | null, ahead: number | null): WrittenStamp => ({
  kind: "written",
  date,
  clock,
  ahead,
});

/** The usual form of a time, without a search for others; undefined where it is not in it. */
function readIso(text: string): WrittenStamp | null | undefined {
  const match = ISO.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hours, minutes, seconds = "0", zone] = match;
  const date = known(dayOf(Number(year), Number(month), Number(day)));
  if (date === null) return null;
  if (hours === undefined) return zone === undefined ? written(date, null, null) : null;
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return null;
  const clock = Number(hours) * HOUR + Number(minutes) * MINUTE + Number(seconds);
  if (zone === undefined) return written(date, clock, null);
  const size = zone === "Z" ? 0 : Number(zone.slice(1, 3)) * HOUR + Number(zone.slice(4)) * MINUTE;
  return written(date, clock, zone[0] === "-" ? -size : size);
}

/** A date, and the time of day that stands after it. */
const DATE_AND_CLOCK =
  /^(.*?\d{2,4}|.*?[a-z]{3,}\.?)(?:T|,?\s+)(\d{1,2}:.*|\d{4}(?:\d{2})?(?:\s*(?:Z|UTC|GMT|[+-]\d).*)?|\d{1,2}\s*-?\s*[AP]M)$/i;

/**
 * Reads a time as files write it: unix times in seconds to nanoseconds, ISO-8601, and dates in digits or with the name of the month, with
 * or without a time of day and a zone.
 * @param text the cell of the time, or of the date where the time of day has a cell of its own
 * @param clockText that cell
 * @param isUnix whether other times of the file are unix seconds: those of 1966 to 1973 have less than nine digits
 * @returns null where it is no time in any of these forms
 */
export function readStamp(text: string, clockText: string | null, isUnix = false): WrittenStamp | null {
  if (text.length > MAX_CELL || (clockText?.length ?? 0) > MAX_CELL) return null;
  const cell = text.trim();
  if (clockText !== null && clockText.trim() !== "") return readParts(cell, clockText.trim());
  if (isUnix && SHORT_UNIX.test(cell)) return { kind: "unix", time: Number(cell) };
  const iso = readIso(cell);
  if (iso !== undefined) return iso;
  const compact = COMPACT_STAMP.exec(cell);
  const stamp = compact && readParts(compact[1], compact[2]);
  if (stamp) return stamp;
  const time = readUnix(cell);
  if (time !== null) return { kind: "unix", time };
  const bare = cell.replace(/^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+/i, "");
  const date = readDate(bare);
  if (date) return written(date, null, null);
  const split = DATE_AND_CLOCK.exec(bare);
  return split && readParts(split[1], split[2]);
}

function readParts(dateText: string, clockText: string): WrittenStamp | null {
  const zoned = splitZone(clockText);
  const [date, clock] = [readDate(dateText), readClock(zoned?.rest ?? clockText)];
  return date && clock !== null ? written(date, clock, zoned?.ahead ?? null) : null;
}
