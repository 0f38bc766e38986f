import type { Instrument } from "../../contracts/symbol.ts";
import { bucketStamped } from "../../core/buckets.ts";
import { type CandleColumns, copyCandles } from "../../core/candles.ts";
import type { Interval } from "../../core/interval.ts";
import { marketOf } from "../../core/market-calendar/markets.ts";

/**
 * The simulator's sandbox: streams that misbehave on a schedule that is a function of the time, so that users can test
 * their clients. Times are unix seconds; docs/sandbox.md says it for users.
 */

/** Where in each round of `every` seconds a fault lies, `[from, to)`. */
interface Schedule {
  every: number;
  from: number;
  to: number;
}

/** Events of these seconds are lost: their numbers are given out, and a gap says so. */
const DROPPED: Schedule = { every: 60, from: 20, to: 25 };
/** Events of these seconds come late, all at once when they are over. */
const LATE: Schedule = { every: 30, from: 10, to: 15 };
/** Nothing comes in these seconds. */
const QUIET: Schedule = { every: 120, from: 60, to: 90 };
/** Each event of these seconds comes twice. */
const DUPLICATED: Schedule = { every: 10, from: 5, to: 6 };
/** Seconds after the close of a bar at which its numbers are put right. */
export const REVISION_DELAY_SECONDS = 20;

/** What happens at a second: a quote of that or an earlier second, the same quote once more, or a number without an event. */
export type Tick = { kind: "quote" | "again"; second: number } | { kind: "lost" };

const FAULTS: Readonly<Record<string, "lost" | "late" | "flaky" | "revise">> = {
  "SIM:GAPPY": "lost",
  "SIM:LATE": "late",
  "SIM:FLAKY": "flaky",
  "SIM:REVISE": "revise",
};

const faultOf = (symbol: string) => (Object.hasOwn(FAULTS, symbol) ? FAULTS[symbol] : null);

const isWithin = ({ every, from, to }: Schedule, second: number): boolean =>
  second % every >= from && second % every < to;

/** The first second of the round's window. */
const windowOf = ({ every, from }: Schedule, second: number): number => second - (second % every) + from;

/**
 * What a simulated symbol does at a second.
 * @param last the second of the quote that it sent last
 */
export function ticksAt(symbol: string, second: number, last: number | null): Tick[] {
  const quote: Tick = { kind: "quote", second };
  switch (faultOf(symbol)) {
    case "lost":
      return isWithin(DROPPED, second) ? [{ kind: "lost" }] : [quote];
    case "late":
      return isWithin(LATE, second) ? [] : [...delayedTicks(second, last), quote];
    case "flaky":
      if (isWithin(QUIET, second)) return [];
      return isWithin(DUPLICATED, second) ? [quote, { kind: "again", second }] : [quote];
    default:
      return [quote];
  }
}

/** The quotes of the last window that were not sent yet. */
function delayedTicks(second: number, last: number | null): Tick[] {
  const first = windowOf(LATE, second);
  if (second < first || last === null || last < first - 1) return [];
  const ticks: Tick[] = [];
  for (let delayed = last + 1; delayed < first + LATE.to - LATE.from; delayed++)
    ticks.push({ kind: "quote", second: delayed });
  return ticks;
}

/** The second whose quote a client gets who asks at `second`: in a fault it is the last one before. */
export function knownSecond(symbol: string, second: number): number {
  const fault = faultOf(symbol);
  const schedule = fault === "lost" ? DROPPED : fault === "late" ? LATE : fault === "flaky" ? QUIET : null;
  return schedule && isWithin(schedule, second) ? windowOf(schedule, second) - 1 : second;
}

/** Whether a symbol's closed bars are revised, `REVISED_AFTER` their close. */
export const isRevised = (symbol: string): boolean => faultOf(symbol) === "revise";

/**
 * The candles of a symbol whose closed bars are revised: at first the last trades of a bar are missing. Of others, the
 * candles as they are.
 */
export function withRevisions(
  instrument: Instrument,
  interval: Interval,
  candles: CandleColumns,
  now: number,
): CandleColumns {
  if (!isRevised(instrument.symbol)) return candles;
  const market = marketOf(instrument.primary_exchange);
  const revised = copyCandles(candles);
  for (let i = 0; i < revised.length; i++) {
    const closes = bucketStamped(market, interval, revised.time[i])?.closes ?? 0;
    if (now < closes) continue;
    if (now >= closes + REVISION_DELAY_SECONDS) {
      revised.revision[i] = 1;
      continue;
    }
    const middle = (revised.open[i] + revised.close[i]) / 2;
    revised.close[i] = Number(middle.toFixed(instrument.price_decimals));
    revised.volume[i] = Math.floor(revised.volume[i] * 0.9);
  }
  return revised;
}
