import { isWithin, MINUTE } from "../time.ts";

/** Whether calls pass: `closed` lets them, `open` does not, `half_open` waits for one probe's outcome. */
export const BREAKER_STATES = ["closed", "open", "half_open"] as const;

export type BreakerState = (typeof BREAKER_STATES)[number];

/** A circuit breaker as it is kept. Times are unix seconds. */
export interface Breaker {
  state: BreakerState;
  /** How the last calls went while it was closed, oldest first: true is a success. Empty while all is well. */
  outcomes: readonly boolean[];
  /** How often it opened since it was last closed for long. */
  trips: number;
  /** While open: when a probe may go. While half open: when the probe counts as lost. */
  until: number;
  closedAt: number;
}

/** Whether a call may go. */
export type BreakerDecision = { kind: "admitted"; breaker: Breaker } | { kind: "refused"; retryAfter: number };

/** A breaker that has seen nothing. */
export const NEW_BREAKER: Breaker = { state: "closed", outcomes: [], trips: 0, until: 0, closedAt: 0 };

const MAX_OUTCOMES = 10;
const FAILURES_TO_OPEN = 5;
/** One slow probe and the longest pause together stay under a minute, so that an upstream's recovery is seen within one. */
const MAX_OPEN_SECONDS = 45;
/** When to come back, in seconds, while another call probes. */
const PROBE_RETRY_SECONDS = 3;
/** Closed for this long, a breaker starts again with short pauses. */
const TRIP_RESET_SECONDS = MINUTE;

/** Seconds that a breaker stays open at its n-th trip in a row: 1, 2, 4, 8, 16, 32, 45, 45, … */
const openSeconds = (trips: number): number => Math.min(2 ** (trips - 1), MAX_OPEN_SECONDS);

/**
 * Asks to make a call. Where the pause is over, the caller that is admitted is the probe, and the only one until its outcome is
 * reported or `probeSeconds` have passed without one.
 */
export function admit(breaker: Breaker, now: number, probeSeconds: number): BreakerDecision {
  if (breaker.state === "closed") return { kind: "admitted", breaker };
  const remaining = breaker.until - now;
  // A pause that lasts longer than it can is one before which the clock was set back: it counts as over.
  const maxRemaining = breaker.state === "open" ? openSeconds(breaker.trips) : probeSeconds;
  if (remaining > 0 && remaining <= maxRemaining) {
    return {
      kind: "refused",
      retryAfter: breaker.state === "open" ? remaining : Math.min(remaining, PROBE_RETRY_SECONDS),
    };
  }
  return { kind: "admitted", breaker: { ...breaker, state: "half_open", until: now + probeSeconds } };
}

/** Records that a call got a proper answer. Returns the same object where there is nothing to keep. */
export function afterSuccess(breaker: Breaker, now: number): Breaker {
  switch (breaker.state) {
    case "open":
      return breaker;
    case "half_open":
      return { state: "closed", outcomes: [], trips: breaker.trips, until: 0, closedAt: now };
    case "closed": {
      if (breaker.outcomes.length === 0) return breaker;
      const outcomes = [...breaker.outcomes, true].slice(-MAX_OUTCOMES);
      return { ...breaker, outcomes: outcomes.includes(false) ? outcomes : [] };
    }
  }
}

/** Records that an admitted call never reached the upstream, so that nothing was learnt: the next one is the probe. */
export function afterNoReport(breaker: Breaker, now: number): Breaker {
  return breaker.state === "half_open" ? { ...breaker, state: "open", until: now } : breaker;
}

/** Records that a call failed through the upstream's fault. */
export function afterFailure(breaker: Breaker, now: number): Breaker {
  switch (breaker.state) {
    case "open":
      return breaker;
    case "half_open":
      return trip(breaker, breaker.trips + 1, now);
    case "closed": {
      const outcomes = [...breaker.outcomes, false].slice(-MAX_OUTCOMES);
      const failures = outcomes.filter((success) => !success).length;
      return failures < FAILURES_TO_OPEN ? { ...breaker, outcomes } : tripClosed(breaker, now);
    }
  }
}

/** Records that the upstream is known to fail for all: opens the breaker at once. */
export function afterOutage(breaker: Breaker, now: number): Breaker {
  return breaker.state === "closed" ? tripClosed(breaker, now) : afterFailure(breaker, now);
}

function tripClosed(breaker: Breaker, now: number): Breaker {
  const isReset = !isWithin(TRIP_RESET_SECONDS, breaker.closedAt, now);
  return trip(breaker, isReset ? 1 : breaker.trips + 1, now);
}

function trip(breaker: Breaker, trips: number, now: number): Breaker {
  return { ...breaker, state: "open", outcomes: [], trips, until: now + openSeconds(trips) };
}
