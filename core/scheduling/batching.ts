import type { Priority } from "./token-bucket.ts";

/** A symbol that waits to be asked for. */
export interface PendingSymbol {
  symbol: string;
  priority: Priority;
  /** Unix seconds. */
  since: number;
}

/** The window in which requests gather before they leave in batches. Times are unix seconds. */
export interface Window {
  /** How much longer than usual it stays open: a newcomer that just missed a batch of several shows that its window was too short. */
  level: number;
  openedAt: number;
  lastArrivalAt: number;
  /** Symbols that came since it opened. */
  arrivals: number;
  /** When a batch last left. */
  departedAt: number;
}

/** The upstream as the gate sees it. */
export interface Traffic {
  batchSize: number;
  /** Calls that may be in flight at once. */
  lanes: number;
  /** When each call in flight left. */
  inFlight: readonly number[];
}

/** Which symbols leave now, and when to look again if no client comes or lands before; null: no need to. */
export interface Departures {
  batches: string[][];
  checkAt: number | null;
}

/** No request has ever come. */
export const NEW_WINDOW: Window = {
  level: 0,
  openedAt: Number.NEGATIVE_INFINITY,
  lastArrivalAt: Number.NEGATIVE_INFINITY,
  arrivals: 0,
  departedAt: Number.NEGATIVE_INFINITY,
};

/** A window closes when no client has come for this long, … */
const QUIET = 0.015;
const QUIET_FACTOR = 3;
/** … and in any case after this long. */
const MAX_WINDOW = 0.12;
const MAX_WINDOW_FACTOR = 2;
/** Who comes this soon after a departure just missed it. */
const JUST_MISSED = 0.05;
const HIGHEST_LEVEL = 2;
/** No client waits longer than this for an earlier call to land, if a lane is free. */
const PATIENCE = 1;
/** Clocks count milliseconds: a timer may fire a fraction of one early. */
const TICK = 0.0005;

/** When the window closes if no other caller comes. */
export function closesAt(window: Window): number {
  const quiet = window.lastArrivalAt + QUIET * QUIET_FACTOR ** window.level;
  return Math.min(quiet, window.openedAt + MAX_WINDOW * MAX_WINDOW_FACTOR ** window.level);
}

/** One that opened ahead of now has closed: the clock was set back. */
const isOpen = (window: Window, now: number): boolean => now >= window.openedAt - TICK && now < closesAt(window) - TICK;

/**
 * Records that a symbol came which no other caller waits for.
 * @param othersWait whether other symbols wait already; behind a closed window they leave together with it
 */
export function afterArrival(window: Window, othersWait: boolean, now: number): Window {
  if (isOpen(window, now)) return { ...window, lastArrivalAt: now, arrivals: window.arrivals + 1 };
  if (othersWait) return window;
  const missed = now - window.departedAt <= JUST_MISSED;
  // One client that asks for one symbol after the other is not a crowd, and need not wait longer than before.
  const level = missed ? Math.min(window.level + (window.arrivals > 1 ? 1 : 0), HIGHEST_LEVEL) : 0;
  return { ...window, level, openedAt: now, lastArrivalAt: now, arrivals: 1 };
}

/**
 * Decides who leaves. Full batches leave as soon as a lane is free; what is left over leaves when the window has closed and all
 * calls from before it have landed. Users board before background work, which rides along on seats that stay free.
 */
export function departures(
  waiting: readonly PendingSymbol[],
  window: Window,
  traffic: Traffic,
  now: number,
): Departures {
  const users = waiting.filter((pending) => pending.priority === "user");
  const others = waiting.filter((pending) => pending.priority === "background");
  const queue = [...users, ...others];
  const batches: string[][] = [];
  const board = (count: number): void => {
    batches.push(queue.splice(0, count).map((pending) => pending.symbol));
  };
  const laneIsFree = (): boolean => traffic.inFlight.length + batches.length < traffic.lanes;
  while (queue.length >= traffic.batchSize && laneIsFree()) board(traffic.batchSize);
  if (queue.length === 0 || !laneIsFree()) return { batches, checkAt: null };
  if (isOpen(window, now)) return { batches, checkAt: closesAt(window) };
  const held = traffic.inFlight.some((departed) => departed < window.openedAt);
  const patientUntil = Math.min(...queue.map((pending) => pending.since)) + PATIENCE;
  if (held && now < patientUntil - TICK) return { batches, checkAt: patientUntil };
  board(queue.length);
  return { batches, checkAt: null };
}
