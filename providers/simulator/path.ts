import type { Session } from "../../core/market-calendar/sessions.ts";
import { DAY, HOUR } from "../../core/time.ts";
import type { Profile } from "./profile.ts";
import { hash, jitter, uniform } from "./random.ts";

/** Days are bridged between fixed points this many days apart; what moves much comes back sooner. */
const blockDays = ({ dailyVolatility }: Profile): number => (dailyVolatility > 0.03 ? 16 : 32);
/** The most that the log price swings around its slow trend: 20 % up, 16 % down. */
const MAX_SWING = 0.18;

/** The day of which the levels are true, in days since 1970: there the slow trend is nothing. 2026-10-06. */
const LEVELS_DAY = Date.UTC(2026, 9, 6) / 1000 / DAY;
/** The slow trend turns this many days apart. */
const TREND_DAYS = 400;

/** The walk of days, less its trend: Brownian motion by midpoint displacement (Paul Lévy, 1948) between fixed points. */
function walk(profile: Profile, day: number): number {
  const { pathSeed: seed, dailyVolatility } = profile;
  let span = blockDays(profile);
  // Deviation of the fixed points, in days' volatility: that of two of them is what a free walk has between them.
  const spread = Math.sqrt(span / 2);
  const block = Math.floor(day / span);
  let left = block * span;
  let from = jitter(hash(seed, block), 11) * spread;
  let to = jitter(hash(seed, block + 1), 11) * spread;
  for (let step = 0; span > 1 && day !== left; step++) {
    span /= 2;
    const middle = left + span;
    const at = (from + to) / 2 + jitter(hash(seed ^ 0x5bd1e995, middle), step) * Math.sqrt(span / 2);
    if (day < middle) to = at;
    else {
      from = at;
      left = middle;
    }
  }
  return from * dailyVolatility;
}

/** Where the price goes over the years, as a log: smooth between turns, and nothing around the day of the levels. */
function trend(profile: Profile, day: number): number {
  const reach = Math.min(0.35, 12 * profile.dailyVolatility);
  const turns = (day - LEVELS_DAY) / TREND_DAYS;
  const index = Math.floor(turns);
  const turn = (i: number) => (i === 0 ? 0 : (2 * uniform(hash(profile.pathSeed, i), 23) - 1) * reach);
  const share = turns - index;
  return turn(index) + (turn(index + 1) - turn(index)) * share * share * (3 - 2 * share);
}

/** The log of the price at the end of a day (days since 1970), less the log of the level. Never beyond ±0.53, a factor of 1.7. */
function logPrice(profile: Profile, day: number): number {
  const swing = walk(profile, day);
  return trend(profile, day) + swing / Math.sqrt(1 + (swing / MAX_SWING) ** 2);
}

/** The width of a uniform distribution whose deviation is 1. */
const UNIFORM_SPREAD = Math.sqrt(12);

/** How many hours of a session there are, counted from its anchor; the first and the last may be cut. */
export const hourCount = ({ anchor, open, close }: Session): number =>
  Math.ceil((close - anchor) / HOUR) - Math.floor((open - anchor) / HOUR);

/**
 * The prices of a session, in ticks, at its opening and at the end of each of its hours: a Brownian bridge from the close before to
 * its own close. A market that pauses for a night opens a quarter of a day's movement away.
 * @param before the session before, where there is one
 */
export function hourlyPrices(profile: Profile, session: Session, before: Session | null): number[] {
  const { dailyVolatility } = profile;
  const count = hourCount(session);
  const key = hash(profile.pathSeed, session.date / DAY);
  const close = logPrice(profile, session.date / DAY);
  const closedAt = before ? logPrice(profile, before.date / DAY) : close;
  const pauses = profile.market.close - profile.market.open < DAY;
  const open = closedAt + (pauses ? 0.25 * dailyVolatility * jitter(key, 1) : 0);
  const hourly = (dailyVolatility * UNIFORM_SPREAD) / Math.sqrt(count);
  const prices: number[] = [open];
  for (let i = 1; i <= count; i++) prices.push(prices[i - 1] + (uniform(key, i + 3) - 0.5) * hourly);
  const missPerHour = (close - prices[count]) / count;
  for (let i = 0; i < count; i++) prices[i] = ticksAt(profile, prices[i] + missPerHour * i);
  prices[count] = ticksAt(profile, close);
  return prices;
}

/** The price at the end of a session, in ticks. */
export const closingPrice = (profile: Profile, { date }: Session): number =>
  ticksAt(profile, logPrice(profile, date / DAY));

/** The ticks of a log price, less the log of the level. */
const ticksAt = ({ level, decimals }: Profile, log: number): number =>
  Math.max(1, Math.round(level * 10 ** decimals * Math.exp(log)));
