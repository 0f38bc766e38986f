import { DAY, MINUTE } from "../time.ts";
import { type BudgetLeft, backgroundPart } from "./token-bucket.ts";

/** How much a symbol is wanted: it has live subscribers, it was asked for in the last hours, or neither. Hottest first. */
export const DEMANDS = ["watched", "asked", "idle"] as const;

export type Demand = (typeof DEMANDS)[number];

/** Seconds between two questions for the same symbol, by demand; `Infinity` is never. */
export type Pace = Record<Demand, number>;

/** What a pace has to live on. */
export interface Means {
  /** Symbols that want to be asked for. */
  symbols: Record<Demand, number>;
  batchSize: number;
  budget: readonly BudgetLeft[];
  /** Seconds of the rest of this UTC day in which anything will be asked for. */
  secondsLeftToday: number;
}

/** What background work may do. */
export interface Allowance {
  /** The wished pace, slowed down where the budget does not carry it to the end of the day. */
  pace: Pace;
  /** Calls that may be made at once for symbols of this demand or a hotter one, so that the hotter ones keep their pace. */
  calls: Record<Demand, number>;
}

/** Upkeep leaves this part of its rate unused, for retries and for calls whose seats are not all taken. */
const HEADROOM = 0.1;

/**
 * Fits a wished pace to the budget. Hot symbols are served first: the others share what these leave, and stop where nothing is
 * left.
 */
export function allowanceWithin(wished: Pace, means: Means): Allowance {
  const pace: Pace = { ...wished };
  const calls: Record<Demand, number> = { watched: 0, asked: 0, idle: 0 };
  const usable = Math.min(...means.budget.map((budget) => rateOf(budget, means))) * (1 - HEADROOM);
  let taken = 0;
  for (const demand of DEMANDS) {
    calls[demand] = Math.min(...means.budget.map((budget) => leftBeside(taken, budget, means)));
    const round = Math.ceil(means.symbols[demand] / means.batchSize);
    if (round === 0) continue;
    const rate = usable - taken;
    pace[demand] = rate > 0 ? Math.max(wished[demand], round / rate) : Number.POSITIVE_INFINITY;
    taken = pace[demand] > wished[demand] ? usable : taken + round / wished[demand];
  }
  return { pace, calls };
}

/** Calls a second that background work can keep up on one budget until the day is over. */
function rateOf({ span, limit, leftForBackground }: BudgetLeft, means: Means): number {
  switch (span) {
    case "second":
      return backgroundPart(limit);
    case "minute":
      return backgroundPart(limit) / MINUTE;
    case "day":
      return leftForBackground / secondsLeft(means);
  }
}

/** Calls of one budget that are left beside a rate of `taken` calls a second, which must go on. */
function leftBeside(taken: number, { span, leftForBackground }: BudgetLeft, means: Means): number {
  // A second's budget comes back before anything could be kept of it.
  if (span === "second") return Number.POSITIVE_INFINITY;
  const needed = (taken * (span === "minute" ? MINUTE : secondsLeft(means))) / (1 - HEADROOM);
  return Math.max(0, Math.floor(leftForBackground - needed));
}

const secondsLeft = ({ secondsLeftToday }: Means): number => Math.min(DAY, Math.max(MINUTE, secondsLeftToday));
