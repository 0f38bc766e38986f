import type { Market } from "../../core/market-calendar/markets.ts";
import { sessionOn } from "../../core/market-calendar/sessions.ts";
import { instantOf, type Zone } from "../../core/market-calendar/zone.ts";
import { HOUR, MINUTE } from "../../core/time.ts";

/** A date (`2017-12-18`) as its 00:00 UTC, unix seconds. */
export function dateStamp(date: string): number {
  return Date.parse(`${date}T00:00:00Z`) / 1000;
}

/** The instant at which clocks in `zone` show `2017-12-18 14:56:00`, unix seconds. */
export function momentIn(zone: Zone, text: string): number {
  const [date, clock] = text.split(" ");
  const [hours, minutes, seconds] = clock.split(":").map(Number);
  return instantOf(zone, dateStamp(date), hours * HOUR + minutes * MINUTE + seconds);
}

/**
 * When a price was true of which the source says only the trading date: at that date's close once it is past, else `delay` seconds
 * ago and not before the opening.
 */
export function momentOnDate(market: Market, date: string, delay: number, now: number): number {
  const stamp = dateStamp(date);
  const session = sessionOn(market, stamp);
  const open = session?.open ?? instantOf(market.zone, stamp, market.open);
  const close = session?.close ?? instantOf(market.zone, stamp, market.close);
  return Math.min(close, Math.max(open, now - delay));
}
