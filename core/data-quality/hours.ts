import { bucketStamped } from "../buckets.ts";
import { INTRADAY_SECONDS } from "../interval.ts";
import type { Market } from "../market-calendar/markets.ts";
import { holidaysKnown, marketStatus, sessionOf, sessionOn } from "../market-calendar/sessions.ts";
import { offsetAt } from "../market-calendar/zone.ts";
import { DAY, isoDate, isoTime, isTime, startOfDay, weekday } from "../time.ts";
import { type Batch, MAX_CLOCK_SKEW_SECONDS, type ReportFinding, type SeriesRules } from "./finding.ts";

/** No bucket begins later after its stamp. */
const MAX_BUCKET = 31 * DAY;

/** Flags candles that open in the future, and those that are stamped while their market was closed. */
export function checkHours(batch: Batch, report: ReportFinding): void {
  const { time, length } = batch.candles;
  for (let i = 0; i < length; i++) {
    if (!isTime(time[i])) continue;
    if (time[i] + MAX_BUCKET > batch.now && opens(batch, time[i]) > batch.now + MAX_CLOCK_SKEW_SECONDS) {
      report(i, "future", `opens at ${isoTime(time[i])}, now is ${isoTime(batch.now)}`);
      continue;
    }
    const closure = closureAt(batch, time[i]);
    if (closure) report(i, "closed", closure);
  }
}

/** When the candle stamped `time` begins: a forex day begins before its date. */
function opens({ market, interval }: SeriesRules, time: number): number {
  return bucketStamped(market, interval, time)?.opens ?? time;
}

/** Why there can be no candle stamped `time`, or null where there can, or where the calendar does not know. */
function closureAt({ market, interval }: SeriesRules, time: number): string | null {
  if (interval === "1w" || interval === "1M") return null;
  const seconds = INTRADAY_SECONDS[interval];
  const date = startOfDay(seconds === null ? time : time + offsetAt(market.zone, time));
  // The hours of past years are as unknown as their holidays; that no one trades at weekends is known.
  if (!holidaysKnown(market, date) && market.tradingDays.includes(weekday(date))) return null;
  if (seconds === null ? sessionOn(market, date) : isTradedAt(market, time, time + seconds - 1)) return null;
  const holiday = market.holidays.get(isoDate(date));
  const when = seconds === null ? `on ${isoDate(date)}` : `at ${isoTime(time)}`;
  return `${market.id} is closed ${when}${holiday ? `, ${holiday}` : ""}`;
}

/** Whether there is regular, early or late trading at one of two instants. */
function isTradedAt(market: Market, first: number, last: number): boolean {
  if (sessionOf(market, first) || sessionOf(market, last)) return true;
  const status = marketStatus(market, first);
  return status === "pre" || status === "post";
}
