import { bucketStamped } from "./buckets.ts";
import { type Candle, NUMBER_FIELDS, PRICE_FIELDS } from "./candles.ts";
import { type Interval, isDated } from "./interval.ts";
import type { Market } from "./market-calendar/markets.ts";
import { isWeekend } from "./market-calendar/sessions.ts";
import { isoTime, MIN_TIME, parseTime } from "./time.ts";

/** One row of a caller's file, as it stands there. Blank and null are unknown. */
export interface CandleRow {
  /** Where it stands in the file, from 1. */
  line: number;
  time: string | number;
  open?: string | number | null;
  high?: string | number | null;
  low?: string | number | null;
  close?: string | number | null;
  volume?: string | number | null;
  /** Whether the file says that a simulator made the row. */
  simulated?: boolean | string | null;
}

/** A row that cannot be a candle, and why. */
export interface RefusedRow {
  line: number;
  reason: string;
}

/** What the rows are checked against. */
export interface RowRules {
  market: Market;
  interval: Interval;
  /** Unix seconds; no candle may open later. */
  now: number;
  /** Whether prices of zero and below are possible, as they are for commodities. */
  negativePrices: boolean;
}

/** Rows that are candles, and those that are none. */
export interface ReadRows {
  /** Ascending, each stamp once. */
  candles: Candle[];
  /** The line of each of them. */
  lines: number[];
  refused: RefusedRow[];
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$/;

/**
 * Turns rows into candles. A bad row is refused with a reason, never repaired; a merely suspicious one is taken as it is.
 * The same candle twice is taken once.
 */
export function readCandleRows(rows: readonly CandleRow[], rules: RowRules): ReadRows {
  const byTime = new Map<number, { candle: Candle; line: number }>();
  const refused: RefusedRow[] = [];
  for (const row of rows) {
    const candle = readRow(row, rules);
    if (typeof candle === "string") {
      refused.push({ line: row.line, reason: candle });
      continue;
    }
    const before = byTime.get(candle.time);
    if (!before) byTime.set(candle.time, { candle, line: row.line });
    else if (!sameNumbers(before.candle, candle)) {
      refused.push({ line: row.line, reason: `has the time of line ${before.line} but other numbers` });
    }
  }
  const read = [...byTime.values()].sort((a, b) => a.candle.time - b.candle.time);
  return { candles: read.map(({ candle }) => candle), lines: read.map(({ line }) => line), refused };
}

function sameNumbers(a: Candle, b: Candle): boolean {
  return PRICE_FIELDS.every((field) => a[field] === b[field]) && a.volume === b.volume;
}

/** The candle of a row, or the reason why it is none. */
function readRow(row: CandleRow, rules: RowRules): Candle | string {
  const simulated = simulatedFault(row.simulated);
  if (simulated) return simulated;
  const time = readTime(row.time, rules);
  if (typeof time === "string") return time;
  const candle: Candle = {
    time,
    open: null,
    high: null,
    low: null,
    close: null,
    volume: null,
    revision: 0,
    suspect: false,
  };
  for (const field of NUMBER_FIELDS) {
    const value = readNumber(row[field]);
    if (typeof value === "string") return `${field} ${value}`;
    candle[field] = value;
  }
  return faultOf(candle, rules) ?? candle;
}

/** Why a row cannot be taken for a real candle by its own word; null where it can. */
function simulatedFault(value: boolean | string | null | undefined): string | null {
  const text = String(value ?? "").trim();
  if (/^true$/i.test(text)) return "is simulated; only real candles can be imported";
  if (text === "" || /^false$/i.test(text)) return null;
  return `simulated is "${text.slice(0, 40)}"; it must be true or false`;
}

function readTime(value: string | number, rules: RowRules): number | string {
  const time = parseTime(String(value).trim());
  if (typeof time !== "number") return `time ${time.error}`;
  if (!Number.isInteger(time)) return "time must be a whole second";
  if (time < MIN_TIME) return "time lies before the year 1900";
  const bucket = bucketStamped(rules.market, rules.interval, time);
  if (!bucket) return `time ${isoTime(time)} does not open a ${rules.interval} candle; use the opening of its bucket`;
  if (bucket.opens > rules.now) return `time ${isoTime(time)} is in the future`;
  if (!isDated(rules.interval) && isWeekend(rules.market, bucket.opens) && isWeekend(rules.market, bucket.closes - 1)) {
    return `time ${isoTime(time)} lies outside the session: the market is closed at weekends`;
  }
  return time;
}

function readNumber(value: string | number | null | undefined): number | null | string {
  if (value === null || value === undefined) return null;
  const text = String(value).trim();
  if (text === "") return null;
  if (!DECIMAL.test(text)) return `is "${text.slice(0, 40)}"; it must be a plain decimal such as 1234.56`;
  const number = Number(text);
  return Number.isFinite(number) ? number : "is too large a number";
}

function faultOf(candle: Candle, rules: RowRules): string | null {
  if (candle.close === null) return "close is missing";
  const bad = PRICE_FIELDS.find(
    (field) => !rules.negativePrices && candle[field] !== null && Number(candle[field]) <= 0,
  );
  if (bad) return `${bad} is ${candle[bad]}; a price must be above 0`;
  if (candle.volume !== null && candle.volume < 0) return `volume is ${candle.volume}; it cannot be below 0`;
  const { high, low } = candle;
  if (high !== null && low !== null && isBelow(high, low)) return `high ${high} is below low ${low}`;
  for (const field of ["open", "close"] as const) {
    const value = candle[field];
    if (value !== null && high !== null && isBelow(high, value)) return `${field} ${value} is above high ${high}`;
    if (value !== null && low !== null && isBelow(value, low)) return `${field} ${value} is below low ${low}`;
  }
  return null;
}

/** Two numbers that are no further apart are one: programs write the last digit of a binary fraction differently. */
const ROUNDING = 1e-12;

const isBelow = (one: number, other: number): boolean =>
  one < other && other - one > ROUNDING * Math.max(Math.abs(one), Math.abs(other));
