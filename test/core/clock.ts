/** Unix seconds of an ISO time with a zone, read by the runtime's own parser. */
export const unixTime = (iso: string): number => Date.parse(iso) / 1000;

const DAY = 86_400;

/** The n-th Sunday (from 1) of a month (from 0), as its 00:00 UTC. */
function sunday(year: number, month: number, n: number): number {
  const first = Date.UTC(year, month, 1) / 1000;
  const toSunday = (7 - new Date(first * 1000).getUTCDay()) % 7;
  return first + (toSunday + 7 * (n - 1)) * DAY;
}

/**
 * New York's offset by the Energy Policy Act of 2005 (15 U.S.C. 260a), in force since 2007: daylight saving time from 02:00 on the
 * second Sunday of March to 02:00 on the first Sunday of November.
 */
export function newYorkOffset(time: number): number {
  const year = new Date(time * 1000).getUTCFullYear();
  const summer = time >= sunday(year, 2, 2) + 7 * 3600 && time < sunday(year, 10, 1) + 6 * 3600;
  return summer ? -4 * 3600 : -5 * 3600;
}

/** The instant at which New York's clocks show `hhmm` on a date (`YYYY-MM-DD`); never asked of the hours around a change. */
export function newYork(date: string, hhmm: string): number {
  const local = unixTime(`${date}T${hhmm}:00Z`);
  return local - newYorkOffset(local + 5 * 3600);
}

/** Every date of the years `first` to `last`, `YYYY-MM-DD`. */
export function datesOf(first: number, last: number): string[] {
  const dates: string[] = [];
  for (let day = Date.UTC(first, 0, 1) / 1000; day < Date.UTC(last + 1, 0, 1) / 1000; day += DAY) {
    dates.push(new Date(day * 1000).toISOString().slice(0, 10));
  }
  return dates;
}

/** 0 Sunday to 6 Saturday, of a date `YYYY-MM-DD`. */
export const weekdayOf = (date: string): number => new Date(`${date}T00:00:00Z`).getUTCDay();
