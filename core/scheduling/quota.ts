import { DAY, MINUTE } from "../time.ts";

/** What may be used in a minute and in a day. */
export interface Quota {
  minute: number;
  day: number;
}

/** What has been given out, by windows that begin on the clock: minutes and days of UTC, counted from 1970. */
export interface Usage {
  minute: number;
  usedInMinute: number;
  day: number;
  usedInDay: number;
}

/** Tokens that a holder got and did not spend, and the minute they are of. */
export interface Unspent {
  minute: number;
  tokens: number;
}

/** When each window ends, unix seconds. */
export interface Resets {
  minute: number;
  day: number;
}

export const EMPTY_USAGE: Usage = { minute: 0, usedInMinute: 0, day: 0, usedInDay: 0 };

/** The minute that a time (unix seconds) lies in. */
export const minuteOf = (now: number): number => Math.floor(now / MINUTE);

/**
 * A window by a clock that may be set back: it never turns back by one, lest a quota be given out twice. One that lies further ahead
 * would last for too long: it becomes the present one, with what was used in it.
 */
const windowAt = (stored: number, present: number): number =>
  stored > present + 1 ? present : Math.max(stored, present);

/** Usage as it stands at `now` (unix seconds): a window that has ended is forgotten. */
export function rollWindow(stored: Usage, now: number): Usage {
  const minute = windowAt(stored.minute, minuteOf(now));
  const day = windowAt(stored.day, Math.floor(now / DAY));
  const usage = { ...stored, minute: Math.min(stored.minute, minute), day: Math.min(stored.day, day) };
  return {
    minute,
    usedInMinute: minute === usage.minute ? usage.usedInMinute : 0,
    day,
    usedInDay: day === usage.day ? usage.usedInDay : 0,
  };
}

/** Usage without tokens that came back. Those of an earlier minute count for their day alone, and those of an earlier day no more. */
export function refund(usage: Usage, { minute, tokens }: Unspent): Usage {
  const sameMinute = minute === usage.minute;
  const sameDay = Math.floor((minute * MINUTE) / DAY) === usage.day;
  return {
    ...usage,
    usedInMinute: Math.max(0, usage.usedInMinute - (sameMinute ? tokens : 0)),
    usedInDay: Math.max(0, usage.usedInDay - (sameDay ? tokens : 0)),
  };
}

/** What is left in each window; nothing, where a quota was lowered below what is used. */
export function leftOf(usage: Usage, quota: Quota): Quota {
  return {
    minute: Math.max(0, quota.minute - usage.usedInMinute),
    day: Math.max(0, quota.day - usage.usedInDay),
  };
}

/** Usage with `tokens` more. */
export function consume(usage: Usage, tokens: number): Usage {
  return { ...usage, usedInMinute: usage.usedInMinute + tokens, usedInDay: usage.usedInDay + tokens };
}

/** When the windows of a usage end. */
export function resetsOf(usage: Usage): Resets {
  return { minute: (usage.minute + 1) * MINUTE, day: (usage.day + 1) * DAY };
}

/** How a holder has asked so far. */
export interface GrantRate {
  /** When it asked last, unix seconds. */
  at: number;
  /** The block that it was given then. */
  grant: number;
}

/** A holder that comes back within this (seconds) has spent its block quickly, and gets a larger one. */
const QUICK_RETURN_SECONDS = 1;
/** After this much silence a holder is new again. */
export const HOLDER_EXPIRY_SECONDS = 10;
/** The part of a minute's quota that is the smallest block. */
const MIN_GRANT = 1 / 200;
/** The part of what is left that one holder may have, beside another one and beside many. */
const SHARE_ALONE = 1 / 4;
const SHARE_AMONG = 1 / 2;

/**
 * Tokens that a holder is given ahead of its need. A holder that is new gets none, so that a trickle wastes none; one that
 * comes back soon gets twice the last block. No holder gets so much that the others would miss it.
 * @param holders how many there are, this one included
 */
export function grantFor(rate: GrantRate | null, now: number, left: Quota, quota: Quota, holders: number): number {
  if (!rate || now - rate.at > HOLDER_EXPIRY_SECONDS) return 0;
  const smallest = Math.max(1, Math.floor(quota.minute * MIN_GRANT));
  const wanted = now - rate.at <= QUICK_RETURN_SECONDS ? Math.max(smallest, rate.grant * 2) : smallest;
  const share = Math.min(SHARE_ALONE, SHARE_AMONG / holders);
  return Math.min(wanted, Math.floor(Math.min(left.minute, left.day) * share));
}
