import { DAY, MINUTE } from "../time.ts";
import { type BudgetLeft, backgroundPart } from "./token-bucket.ts";

/** How much a symbol is wanted: it has live subscribers, it was asked for in the last hours, or neither. Hottest first. */
export const DEMANDS = ["watched", "asked", "idle"] as const;

export type Demand = (typeof DEMANDS)[number];

/** Seconds between two questions for the same symbol, by demand; `Infinity` is never. */
export type PollIntervals = Record<Demand, number>;

/** What a pace has to live on. */
export interface PollResources {
  /** Symbols that want to be asked for. */
  symbols: Record<Demand, number>;
  batchSize: number;
  budget: readonly BudgetLeft[];
  /** Seconds of the rest of this UTC day in which anything will be asked for. */
  secondsLeftToday: number;
}

/** What background work may do. */
export interface PollBudget {
  /** The wished pace, slowed down where the budget does not carry it to the end of the day. */
  intervals: PollIntervals;
  /** Calls that may be made at once for symbols of this demand or a hotter one, so that the hotter ones keep their pace. */
  calls: Record<Demand, number>;
}

/** Upkeep leaves this part of its rate unused, for retries and for calls whose seats are not all taken. */
const HEADROOM = 0.1;

/**
 * Fits a wished pace to the budget. Hot symbols are served first: the others share what these leave, and stop where nothing is
 * left.
 */
export function fitToBudget(target: PollIntervals, resources: PollResources): PollBudget {
  const intervals: PollIntervals = { ...target };
  const calls: Record<Demand, number> = { watched: 0, asked: 0, idle: 0 };
  const usableRate = Math.min(...resources.budget.map((budget) => rateOf(budget, resources))) * (1 - HEADROOM);
  let usedRate = 0;
  for (const demand of DEMANDS) {
    calls[demand] = Math.min(...resources.budget.map((budget) => callsLeft(usedRate, budget, resources)));
    const round = Math.ceil(resources.symbols[demand] / resources.batchSize);
    if (round === 0) continue;
    const rate = usableRate - usedRate;
    intervals[demand] = rate > 0 ? Math.max(target[demand], round / rate) : Number.POSITIVE_INFINITY;
    usedRate = intervals[demand] > target[demand] ? usableRate : usedRate + round / target[demand];
  }
  return { intervals, calls };
}

/** Calls a second that background work can keep up on one budget until the day is over. */
function rateOf({ span, limit, leftForBackground }: BudgetLeft, resources: PollResources): number {
  switch (span) {
    case "second":
      return backgroundPart(limit);
    case "minute":
      return backgroundPart(limit) / MINUTE;
    case "day":
      return leftForBackground / secondsLeft(resources);
  }
}

/** Calls of one budget that are left beside a rate of `taken` calls a second, which must go on. */
function callsLeft(usedRate: number, { span, leftForBackground }: BudgetLeft, resources: PollResources): number {
  // A second's budget comes back before anything could be kept of it.
  if (span === "second") return Number.POSITIVE_INFINITY;
  const needed = (usedRate * (span === "minute" ? MINUTE : secondsLeft(resources))) / (1 - HEADROOM);
  return Math.max(0, Math.floor(leftForBackground - needed));
}

const secondsLeft = ({ secondsLeftToday }: PollResources): number => Math.min(DAY, Math.max(MINUTE, secondsLeftToday));
