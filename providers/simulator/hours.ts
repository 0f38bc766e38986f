import { previousSession, type Session, sessionOn } from "../../core/market-calendar/sessions.ts";
import { DAY, HOUR, startOfDay } from "../../core/time.ts";
import { crossPrices } from "./cross.ts";
import { hourlyPrices, hoursOf } from "./path.ts";
import type { Leg, Profile } from "./profile.ts";
import { hash, jitter } from "./random.ts";
import { extend, flatStretch, type Stretch, shareVolume } from "./stretch.ts";

/** The hours of a whole session of an instrument, counted from the session's anchor; they add up to the session. */
export function sessionHours(profile: Profile, session: Session): Stretch[] {
  const hours = pricedHours(profile, session);
  if (profile.dailyVolume !== null) shareVolume(sessionVolume(profile, session), hours);
  return hours;
}

/** A whole session of an instrument: what its hours add up to. */
export function wholeSession(profile: Profile, session: Session): Stretch {
  const hours = pricedHours(profile, session);
  let whole = hours[0];
  for (let i = 1; i < hours.length; i++) whole = extend(whole, hours[i]);
  whole.volume = sessionVolume(profile, session);
  return whole;
}

const pricedHours = (profile: Profile, session: Session): Stretch[] =>
  profile.legs.length > 0 ? crossHours(profile, session) : ownHours(profile, session);

/** A session's volume in steps; less on a day that is cut short. */
function sessionVolume({ dailyVolume, seed, market, volumeStep }: Profile, { date, open, close }: Session): number {
  if (dailyVolume === null) return 0;
  const share = (close - open) / (market.close - market.open);
  const busy = Math.exp(jitter(hash(seed, date / DAY), 4) * 0.35) * share;
  return Math.round((dailyVolume * busy) / volumeStep);
}

/** The spans of a session's hours. */
function spansOf(session: Session): Span[] {
  const { first, count } = hoursOf(session);
  const spans: Span[] = [];
  for (let index = 0; index < count; index++) {
    const start = session.anchor + (first + index) * HOUR;
    spans.push({ from: Math.max(session.open, start), to: Math.min(session.close, start + HOUR), index });
  }
  return spans;
}

interface Span {
  from: number;
  to: number;
  index: number;
}

function ownHours(profile: Profile, session: Session): Stretch[] {
  const prices = hourlyPrices(profile, session, previousSession(profile.market, session.date));
  const sessionKey = hash(profile.pathSeed, session.date / DAY);
  const spans = spansOf(session);
  const reach = (0.8 * profile.dailyVolatility) / Math.sqrt(spans.length);
  return spans.map(({ from, to, index }) => {
    const open = prices[index];
    const close = prices[index + 1];
    // Upper and lower half of the key are as good as two numbers.
    const key = hash(sessionKey, index + 100);
    const high = Math.round(Math.max(open, close) * (1 + ((key >>> 16) / 65536) * reach));
    const low = Math.max(1, Math.round(Math.min(open, close) / (1 + ((key & 65535) / 65536) * reach)));
    return { from, to, open, high, low, close, volume: 0, key, cross: null };
  });
}

function crossHours(profile: Profile, session: Session): Stretch[] {
  const spans = spansOf(session);
  const legs = profile.legs.map((leg) => legHours(leg, profile, session, spans));
  const sessionKey = hash(profile.pathSeed, session.date / DAY);
  const scale = 10 ** profile.decimals;
  const scales = profile.legs.map((leg) => 10 ** leg.profile.decimals);
  return spans.map(({ from, to, index }) => {
    const cross = {
      scale,
      legs: legs.map((hours, i) => ({ stretch: hours[index], scale: scales[i], power: profile.legs[i].power })),
    };
    const key = hash(sessionKey, index + 100);
    const { open, high, low, close } = crossPrices(cross);
    return { from, to, open, high, low, close, volume: 0, key, cross };
  });
}

/** What a leg of a cross does in each of the cross's hours; while its own market is closed it stays where it is. */
function legHours({ profile }: Leg, cross: Profile, session: Session, spans: readonly Span[]): Stretch[] {
  if (profile.market === cross.market) return ownHours(profile, session);
  const hours = hoursAround(profile, session);
  let price = hours[0]?.open ?? lastClose(profile, session.open);
  let next = 0;
  return spans.map(({ from, to }) => {
    while (next < hours.length && hours[next].to < to) price = hours[next++].close;
    if (next < hours.length && hours[next].to === to) return hours[next];
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
  return session ? (ownHours(profile, session).at(-1)?.close ?? 1) : 1;
}
