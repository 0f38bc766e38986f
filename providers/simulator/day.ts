import { previousSession, type Session } from "../../core/market-calendar/sessions.ts";
import { DAY } from "../../core/time.ts";
import type { Profile } from "./profile.ts";
import { hash, normal } from "./random.ts";

/**
 * A stretch of simulated trading: prices in ticks, volume in steps, both whole numbers, so that what the parts of a
 * stretch add up to is the stretch, exactly.
 */
export interface Stretch {
  /** Unix seconds, `[from, to)`. */
  from: number;
  to: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
  /** From which all randomness inside the stretch comes. */
  key: number;
}

/** Trading dates are bridged between fixed points this many days apart. */
const BLOCK_DAYS = 512;
const BLOCK_LEVELS = Math.log2(BLOCK_DAYS);
/** Deviation of the fixed points around the base price, in days' volatility. */
const ANCHOR_SPREAD = 8;

/**
 * The log of the price at the end of a day, less the log of the base price: Brownian motion by midpoint displacement (Paul Lévy,
 * 1948) between fixed points, so that any day costs nine steps and no day depends on where one starts.
 */
function logLevel(profile: Profile, day: number): number {
  const block = Math.floor(day / BLOCK_DAYS);
  const anchor = (index: number) => normal(hash(profile.seed, index), 11) * ANCHOR_SPREAD * profile.dailyVolatility;
  let left = block * BLOCK_DAYS;
  let span = BLOCK_DAYS;
  let from = anchor(block);
  let to = anchor(block + 1);
  for (let level = 0; level < BLOCK_LEVELS && day !== left; level++) {
    span /= 2;
    const middle = left + span;
    const displacement = normal(hash(profile.seed ^ 0x5bd1e995, middle), level) * Math.sqrt(span / 2);
    const at = (from + to) / 2 + displacement * profile.dailyVolatility;
    if (day < middle) to = at;
    else {
      from = at;
      left = middle;
    }
  }
  return from;
}

const toTicks = (profile: Profile, price: number): number => Math.max(1, Math.round(price * 10 ** profile.decimals));

function closeTicks(profile: Profile, session: Session): number {
  return toTicks(profile, profile.basePrice * Math.exp(logLevel(profile, session.date / DAY)));
}

/** One whole session of an instrument. */
export function simulatedSession(profile: Profile, session: Session): Stretch {
  const key = hash(profile.seed, session.date / DAY);
  const before = previousSession(profile.market, session.date);
  const close = closeTicks(profile, session);
  const previousClose = before ? closeTicks(profile, before) : close;
  // A market that never pauses opens where it closed; others jump by a quarter of a day's movement.
  const pause = before && before.close < session.open ? 0.25 * profile.dailyVolatility : 0;
  const open = Math.max(1, Math.round(previousClose * Math.exp(normal(key, 1) * pause)));
  const reach = (salt: number) => 1 + Math.abs(normal(key, salt)) * 0.4 * profile.dailyVolatility;
  const busy = Math.exp(normal(key, 4) * 0.35);
  return {
    from: session.open,
    to: session.close,
    open,
    close,
    high: Math.round(Math.max(open, close) * reach(2)),
    low: Math.max(1, Math.round(Math.min(open, close) / reach(3))),
    volume: profile.dailyVolume === null ? 0 : Math.round((profile.dailyVolume * busy) / profile.volumeStep),
    key,
  };
}
