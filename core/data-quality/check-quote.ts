import { roundTo } from "../decimal.ts";
import type { Market, MarketId } from "../market-calendar/markets.ts";
import { openSecondsBetween } from "../market-calendar/sessions.ts";
import { DAY, HOUR, isoTime, isTime } from "../time.ts";
import { MAX_CLOCK_SKEW_SECONDS } from "./finding.ts";
import { MAX_RELATED_SECONDS, usualMove } from "./robust.ts";
import { unitStep } from "./unit.ts";

/** A price as one source sent it. */
export interface Print {
  price: number;
  /** The source's own time of it, unix seconds. */
  time: number;
  source: string;
}

/** What is remembered of a symbol's quotes to judge the next one; plain data, to be stored with the quote. */
export interface QuoteMemory {
  /** Accepted prints, oldest first. */
  readonly recent: readonly Print[];
  /** What was suspicious last, and is still neither confirmed nor refuted. */
  readonly doubted: UnconfirmedPrint | null;
}

export interface UnconfirmedPrint {
  print: Print;
  /** The time of the first print that agreed with it, unix seconds. */
  since: number;
}

/** Nothing seen yet. */
export const EMPTY_MEMORY: QuoteMemory = { recent: [], doubted: null };

/**
 * Why a print does not replace the last good one. `impossible`, `future` and `older` are final; `unit` and `spike` may yet
 * be confirmed.
 */
export type QuoteAnomalyReason = "impossible" | "future" | "older" | "unit" | "spike";

/** `confirmed`: it was accepted because it agrees with one that was doubted. */
export type QuoteDecision =
  | { verdict: "accept"; confirmed: boolean }
  | { verdict: "suspicious"; reason: QuoteAnomalyReason; detail: string };

/** The verdict on a print, and the memory to judge the next one with. */
export interface QuoteCheck {
  decision: QuoteDecision;
  memory: QuoteMemory;
}

/** What a quote is checked against. */
export interface QuoteRules {
  market: Market;
  /** Unix seconds. */
  now: number;
  /** Whether prices of zero and below are possible, as they are for commodities. */
  negativePrices?: boolean;
}

/** Accepted prints that are remembered. */
const MAX_REMEMBERED_PRINTS = 60;

/** A step is suspicious beyond this many usual ones for its time. */
const MAX_USUAL_STEPS = 10;

/** Steps that are never suspicious (log), however calm the market was. */
const MIN_SUSPICIOUS_STEP: Record<MarketId, number> = { JSE: 0.03, US: 0.03, CRYPTO: 0.03, FOREX: 0.01 };

/** Steps within a day that are suspicious while the usual is unknown, and however wild it is (log). */
export const MAX_PLAUSIBLE_STEP: Record<MarketId, number> = { JSE: 0.2, US: 0.2, CRYPTO: 0.2, FOREX: 0.05 };

/** A night moves the price about as much as this many seconds of trading. */
const CLOSURE_SECONDS = 4 * HOUR;

/** From one source alone, another unit is believed after this long: a source that is wrong stays wrong for hours. */
const NEW_UNIT_SECONDS = DAY;

/** With fewer accepted prints, it may as well be the first ones that were in the wrong unit. */
const MIN_ACCEPTED_PRINTS = 5;

/**
 * Judges a print and remembers what follows from it. A suspicious print does not replace a good one: it is kept aside
 * until a second source, or the next print of the same, agrees with it (then that one is accepted), or until a print agrees
 * with the good one (then the anomaly is dropped). The same print sent again confirms nothing. That a price is 100 times
 * off, one source alone confirms only after a day.
 *
 * How large a step is usual is learnt from the recent prints, per square root of open-market time between them, as in a
 * random walk (M. F. M. Osborne, "Brownian Motion in the Stock Market", Operations Research 7 (1959), 145–173).
 */
export function checkQuote(candidate: Print, memory: QuoteMemory, rules: QuoteRules): QuoteCheck {
  const last = memory.recent.at(-1);
  const finalDecision = finalAnomaly(candidate, last, rules);
  if (finalDecision) return { decision: finalDecision, memory };
  const anomaly = last && confirmableAnomaly(candidate, last, memory.recent, rules);
  if (!anomaly) return accept(candidate, memory, false);
  const { doubted } = memory;
  const agrees = doubted !== null && isNear(candidate, doubted.print, memory.recent, rules);
  if (!agrees)
    return { decision: anomaly, memory: { ...memory, doubted: { print: candidate, since: candidate.time } } };
  if (!isNewPrint(candidate, doubted.print)) return { decision: anomaly, memory };
  const isConfirmed =
    anomaly.reason !== "unit" ||
    candidate.source !== doubted.print.source ||
    candidate.time - doubted.since >= NEW_UNIT_SECONDS ||
    memory.recent.length < MIN_ACCEPTED_PRINTS;
  if (isConfirmed) return accept(candidate, memory, true);
  return { decision: anomaly, memory: { ...memory, doubted: { ...doubted, print: candidate } } };
}

/**
 * Why a print would not be believed beside the remembered ones, whatever its time; null if it would. Nothing is remembered.
 * One that is older than the last good one is checked beside the one nearest to it in time.
 */
export function anomalyOf(candidate: Print, memory: QuoteMemory, rules: QuoteRules): QuoteAnomalyReason | null {
  const { decision } = checkQuote(candidate, memory, rules);
  if (decision.verdict === "accept") return null;
  if (decision.reason !== "older") return decision.reason;
  const { recent } = memory;
  const distance = ({ time }: Print): number => Math.abs(time - candidate.time);
  const nearest = recent.reduce((best, print) => (distance(print) < distance(best) ? print : best));
  return confirmableAnomaly(candidate, nearest, recent, rules)?.reason ?? null;
}

type SuspiciousDecision = Extract<QuoteDecision, { verdict: "suspicious" }>;

const suspicious = (reason: QuoteAnomalyReason, detail: string): SuspiciousDecision => ({
  verdict: "suspicious",
  reason,
  detail,
});

function accept(candidate: Print, { recent }: QuoteMemory, confirmed: boolean): QuoteCheck {
  // The same print sent again is no step: were it remembered, the market would seem calmer than it is.
  const last = recent.at(-1);
  const isRepeat = last?.time === candidate.time && last.price === candidate.price;
  return {
    decision: { verdict: "accept", confirmed },
    memory: { recent: isRepeat ? recent : [...recent.slice(1 - MAX_REMEMBERED_PRINTS), candidate], doubted: null },
  };
}

/** What no later print can make good. */
function finalAnomaly(
  candidate: Print,
  last: Print | undefined,
  { now, negativePrices }: QuoteRules,
): SuspiciousDecision | null {
  const { price, time } = candidate;
  if (!isTime(time)) return suspicious("impossible", "its time is no time");
  if (!Number.isFinite(price)) return suspicious("impossible", `its price is ${price}`);
  if (price <= 0 && !negativePrices) return suspicious("impossible", `its price is ${price}; it must be above 0`);
  if (time > now + MAX_CLOCK_SKEW_SECONDS)
    return suspicious("future", `it is of ${isoTime(time)}, now is ${isoTime(now)}`);
  if (last && time < last.time)
    return suspicious("older", `it is of ${isoTime(time)}, the last of ${isoTime(last.time)}`);
  return null;
}

/** What a later print may confirm. */
function confirmableAnomaly(
  candidate: Print,
  last: Print,
  recent: readonly Print[],
  rules: QuoteRules,
): SuspiciousDecision | null {
  if (Math.abs(candidate.time - last.time) > MAX_RELATED_SECONDS) return null;
  const step = unitStep(last.price, candidate.price);
  const beside = `${candidate.price} beside ${last.price}`;
  if (step !== 0) return suspicious("unit", `${beside}: about 100 times too ${step > 0 ? "large" : "small"}`);
  if (isNear(candidate, last, recent, rules)) return null;
  return suspicious("spike", `${beside}: further than usual in ${roundTo(Math.abs(candidate.time - last.time), 3)} s`);
}

/** Whether a print is another one than the doubted one, not the same sent again. A source may say its time by the day. */
function isNewPrint(candidate: Print, unconfirmed: Print): boolean {
  if (candidate.source !== unconfirmed.source) return true;
  return (
    candidate.time > unconfirmed.time || (candidate.time === unconfirmed.time && candidate.price !== unconfirmed.price)
  );
}

/** Whether the step between two prints is one that the market usually makes in the time between them. */
function isNear(a: Print, b: Print, recent: readonly Print[], { market }: QuoteRules): boolean {
  const step = Math.abs(Math.log(a.price / b.price));
  // Prices of zero and below have no logarithm and are not compared.
  if (!(step > MIN_SUSPICIOUS_STEP[market.id])) return true;
  const seconds = tradingSeconds(market, Math.min(a.time, b.time), Math.max(a.time, b.time));
  const perRootSecond = usualMove(recent.slice(1).map((print, i) => scaledMove(market, recent[i], print)));
  const large = MAX_PLAUSIBLE_STEP[market.id] * Math.sqrt(Math.max(1, seconds / DAY));
  const usual = perRootSecond === null ? large : MAX_USUAL_STEPS * perRootSecond * Math.sqrt(seconds);
  return step <= Math.min(Math.max(usual, MIN_SUSPICIOUS_STEP[market.id]), large);
}

/** The log return between two prints, divided by the root of the seconds between them. */
function scaledMove(market: Market, before: Print, after: Print): number {
  return Math.log(after.price / before.price) / Math.sqrt(tradingSeconds(market, before.time, after.time));
}

/** Seconds in which the price could move; at least one. */
function tradingSeconds(market: Market, from: number, to: number): number {
  const open = openSecondsBetween(market, from, to, MAX_RELATED_SECONDS);
  return Math.max(1, open < to - from ? open + Math.min(to - from - open, CLOSURE_SECONDS) : open);
}
