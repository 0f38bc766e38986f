import { DAY, HOUR, MINUTE } from "../time.ts";

/** Time zones of the markets that we know. */
export type Zone = "UTC" | "Africa/Johannesburg" | "America/New_York";

interface Transition {
  /** Unix seconds from which the offset holds. */
  from: number;
  /** Local time less UTC, in seconds. */
  offset: number;
}

const formatters = new Map<Zone, Intl.DateTimeFormat>();
/** More than the years from which any market has prices. */
const MAX_YEARS = 400;
const years: Record<Zone, Map<number, Transition[]>> = {
  UTC: new Map(),
  "Africa/Johannesburg": new Map(),
  "America/New_York": new Map(),
};

/** Clocks of earlier years keep this one's first offset: no zone had a law yet, and `Date.UTC` reads the year 50 as 1950. */
const MIN_YEAR = 1800;

/** Local time less UTC in seconds, as the runtime's time-zone database has it. */
function lookUp(zone: Zone, time: number): number {
  let formatter = formatters.get(zone);
  if (!formatter) {
    formatter = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    formatters.set(zone, formatter);
  }
  const part: Record<string, number> = {};
  for (const { type, value } of formatter.formatToParts(time * 1000)) part[type] = Number(value);
  return Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second) / 1000 - Math.floor(time);
}

/** The changes of offset in one UTC year, the first at its start. Asking the database is slow, so years are kept. */
function transitionsOf(zone: Zone, year: number): Transition[] {
  const cached = years[zone].get(year);
  if (cached) return cached;
  const start = Date.UTC(year, 0, 1) / 1000;
  const end = Date.UTC(year + 1, 0, 1) / 1000;
  const found: Transition[] = [{ from: start, offset: lookUp(zone, start) }];
  for (let day = start; day < end; day += 7 * DAY) {
    const next = Math.min(day + 7 * DAY, end);
    const before = found[found.length - 1].offset;
    if (lookUp(zone, next - 1) === before) continue;
    let low = day;
    let high = next - 1;
    while (high - low > MINUTE) {
      const middle = Math.floor((low + high) / 2 / MINUTE) * MINUTE;
      if (lookUp(zone, middle) === before) low = middle;
      else high = middle;
    }
    const from = Math.ceil(high / MINUTE) * MINUTE;
    found.push({ from, offset: lookUp(zone, from) });
  }
  if (years[zone].size >= MAX_YEARS) years[zone].clear();
  years[zone].set(year, found);
  return found;
}

/** Local time less UTC in `zone` at `time` (unix seconds), in seconds: −18,000 for New York in winter. */
export function offsetAt(zone: Zone, time: number): number {
  if (zone === "UTC") return 0;
  if (zone === "Africa/Johannesburg") return 2 * HOUR;
  const year = Math.max(new Date(time * 1000).getUTCFullYear(), MIN_YEAR);
  const transitions = transitionsOf(zone, year);
  let { offset } = transitions[0];
  for (const transition of transitions) if (time >= transition.from) offset = transition.offset;
  return offset;
}

/**
 * The instant (unix seconds) at which clocks in `zone` show `date` (00:00 UTC stamp) plus `seconds`.
 * An hour that a change of clocks skips or repeats is read with the offset in force before it.
 */
export function instantOf(zone: Zone, date: number, seconds: number): number {
  const local = date + seconds;
  const guess = local - offsetAt(zone, local);
  const instant = local - offsetAt(zone, guess);
  const skipped = offsetAt(zone, instant) !== offsetAt(zone, guess);
  return skipped ? guess : instant;
}
