import { previousSession, type Session, sessionOn } from "../../core/market-calendar/sessions.ts";
import { DAY, HOUR, startOfDay } from "../../core/time.ts";
import { crossPrices } from "./cross.ts";
import { closingPrice, hourCount, hourlyPrices } from "./path.ts";
import type { Profile } from "./profile.ts";
import { hash, jitter } from "./random.ts";
import { type Cross, type CrossLeg, distributeVolume, extend, flatStretch, type Stretch } from "./stretch.ts";

/** The hours of a whole session of an instrument, counted from the session's anchor; they add up to the session. */
export function sessionHours(profile: Profile, session: Session): Stretch[] {
  const hours =
    profile.legs.length === 0
      ? ownHours(profile, session)
      : crossHours(profile, session, (legs) => legs.map((leg) => ({ ...leg })));
  if (profile.dailyVolume !== null) distributeVolume(sessionVolume(profile, session), hours);
  return hours;
}

/** A whole session of an instrument: what its hours add up to. It cannot be split. */
export function wholeSession(profile: Profile, session: Session): Stretch {
  const hours = profile.legs.length === 0 ? ownHours(profile, session) : crossHours(profile, session, (legs) => legs);
  const whole = hours[0];
  for (let i = 1; i < hours.length; i++) extend(whole, hours[i]);
  whole.volume = sessionVolume(profile, session);
  return whole;
}

/** What a whole session of an instrument closes at, in ticks. */
export function sessionClose(profile: Profile, session: Session): number {
  const { legs, market } = profile;
  if (legs.length === 0) return closingPrice(profile, session);
  if (legs.some((leg) => leg.profile.market !== market)) return wholeSession(profile, session).close;
  const closed = legs.map((leg) => ({
    stretch: flatStretch(session.close, session.close, closingPrice(leg.profile, session)),
    scale: 10 ** leg.profile.decimals,
    power: leg.power,
  }));
  return crossPrices({ scale: 10 ** profile.decimals, legs: closed }).close;
}

/** A session's volume in steps; less on a day that is cut short. */
function sessionVolume({ dailyVolume, seed, market, volumeStep }: Profile, { date, open, close }: Session): number {
  if (dailyVolume === null) return 0;
  const share = (close - open) / (market.close - market.open);
  const busy = Math.exp(jitter(hash(seed, date / DAY), 4) * 0.35) * share;
  return Math.round((dailyVolume * busy) / volumeStep);
}

/** When the first hour of a session begins, counted from the anchor: the session may open later. */
const firstHour = ({ anchor, open }: Session): number => anchor + Math.floor((open - anchor) / HOUR) * HOUR;

function ownHours(profile: Profile, session: Session): Stretch[] {
  const prices = hourlyPrices(profile, session, previousSession(profile.market, session.date));
  const count = prices.length - 1;
  const reach = (0.8 * profile.dailyVolatility) / Math.sqrt(count);
  const sessionKey = hash(profile.pathSeed, session.date / DAY);
  const hours: Stretch[] = [];
  let start = firstHour(session);
  for (let i = 0; i < count; i++) {
    const open = prices[i];
    const close = prices[i + 1];
    // Upper and lower half of the key are as good as two numbers.
    const key = hash(sessionKey, i + 100);
    const high = Math.round(Math.max(open, close) * (1 + ((key >>> 16) / 65536) * reach));
    const low = Math.max(1, Math.round(Math.min(open, close) / (1 + ((key & 65535) / 65536) * reach)));
    const from = Math.max(session.open, start);
    start += HOUR;
    hours.push({ from, to: Math.min(session.close, start), open, high, low, close, volume: 0, key, cross: null });
  }
  return hours;
}

/**
 * The hours of a cross.
 * @param keep makes of the legs of one hour what the hour keeps: the same ones are changed to those of the next
 */
function crossHours(
  profile: Profile,
  session: Session,
  copyLegs: (legs: CrossLeg[]) => readonly CrossLeg[],
): Stretch[] {
  const hours: Stretch[] = [];
  const sessionKey = hash(profile.pathSeed, session.date / DAY);
  const count = hourCount(session);
  const first = firstHour(session);
  for (let i = 0; i < count; i++) {
    const start = first + i * HOUR;
    const hour = flatStretch(Math.max(session.open, start), Math.min(session.close, start + HOUR), 1);
    hour.key = hash(sessionKey, i + 100);
    hours.push(hour);
  }
  const legHours = profile.legs.map((leg) => hoursOfLeg(leg.profile, profile, session, hours));
  const legs = profile.legs.map((leg, n) => {
    return { stretch: legHours[n][0], scale: 10 ** leg.profile.decimals, power: leg.power };
  });
  const scale = 10 ** profile.decimals;
  for (let i = 0; i < count; i++) {
    for (let n = 0; n < legs.length; n++) legs[n].stretch = legHours[n][i];
    const cross: Cross = { scale, legs: copyLegs(legs) };
    const { open, high, low, close } = crossPrices(cross);
    const hour = hours[i];
    hour.open = open;
    hour.high = high;
    hour.low = low;
    hour.close = close;
    hour.cross = cross;
  }
  return hours;
}

/** What a leg of a cross does in each of the cross's hours; while its own market is closed it stays where it is. */
function hoursOfLeg(profile: Profile, cross: Profile, session: Session, hours: readonly Stretch[]): Stretch[] {
  if (profile.market === cross.market) return ownHours(profile, session);
  const own = hoursAround(profile, session);
  let price = own[0]?.open ?? lastClose(profile, session.open);
  let next = 0;
  return hours.map(({ from, to }) => {
    while (next < own.length && own[next].to < to) price = own[next++].close;
    if (next < own.length && own[next].to === to) return own[next];
    return flatStretch(from, to, price);
  });
}

/** The hours of a leg that lie within a session of another market. */
function hoursAround(profile: Profile, { open, close }: Session): Stretch[] {
  const hours: Stretch[] = [];
  for (let date = startOfDay(open); date <= startOfDay(close) + DAY; date += DAY) {
    const session = sessionOn(profile.market, date);
    if (!session || session.close <= open || session.open >= close) continue;
    hours.push(...ownHours(profile, session).filter(({ from, to }) => to > open && from < close));
  }
  return hours;
}

/** The last price of the sessions before the day that holds `time`. */
function lastClose(profile: Profile, time: number): number {
  const session = previousSession(profile.market, startOfDay(time));
  return session ? closingPrice(profile, session) : 1;
}
