import type { Priority } from "./token-bucket.ts";

/** A symbol that waits to be asked for. */
export interface PendingSymbol {
  symbol: string;
  priority: Priority;
  /** Unix seconds. */
  since: number;
}

/** The window in which requests gather before they leave in batches. Times are unix seconds. */
export interface BatchWindow {
  /** How much longer than usual it stays open: a newcomer that just missed a batch of several shows that its window was too short. */
  level: number;
  openedAt: number;
  lastArrivalAt: number;
  /** Symbols that came since it opened. */
  arrivals: number;
  /** When a batch last left. */
  dispatchedAt: number;
}

/** The upstream as the gate sees it. */
export interface UpstreamLoad {
  batchSize: number;
  /** Calls that may be in flight at once. */
  lanes: number;
  /** When each call in flight left. */
  inFlight: readonly number[];
}

/** Which symbols leave now, and when to look again if no client comes or lands before; null: no need to. */
export interface DispatchPlan {
  batches: string[][];
  checkAt: number | null;
}

/** No request has ever come. */
export const NEW_WINDOW: BatchWindow = {
  level: 0,
  openedAt: Number.NEGATIVE_INFINITY,
  lastArrivalAt: Number.NEGATIVE_INFINITY,
  arrivals: 0,
  dispatchedAt: Number.NEGATIVE_INFINITY,
};

/** A window closes when no client has come for this long, … */
const QUIET_SECONDS = 0.015;
const QUIET_FACTOR = 3;
/** … and in any case after this long. */
const MAX_WINDOW_SECONDS = 0.12;
const MAX_WINDOW_FACTOR = 2;
/** Who comes this soon after a departure just missed it. */
const MISSED_BATCH_SECONDS = 0.05;
const MAX_LEVEL = 2;
/** No client waits longer than this for an earlier call to land, if a lane is free. */
const MAX_WAIT_SECONDS = 1;
/** Clocks count milliseconds: a timer may fire a fraction of one early. */
const TIMER_TOLERANCE_SECONDS = 0.0005;

/** When the window closes if no other caller comes. */
export function closesAt(window: BatchWindow): number {
  const quiet = window.lastArrivalAt + QUIET_SECONDS * QUIET_FACTOR ** window.level;
  return Math.min(quiet, window.openedAt + MAX_WINDOW_SECONDS * MAX_WINDOW_FACTOR ** window.level);
}

/** One that opened ahead of now has closed: the clock was set back. */
const isOpen = (window: BatchWindow, now: number): boolean =>
  now >= window.openedAt - TIMER_TOLERANCE_SECONDS && now < closesAt(window) - TIMER_TOLERANCE_SECONDS;

/**
 * Records that a symbol has arrived, which is no longer waited for.
 * @param othersWait whether other symbols wait already; behind a closed window they leave together with it
 */
export function afterArrival(window: BatchWindow, othersWait: boolean, now: number): BatchWindow {
  if (isOpen(window, now)) return { ...window, lastArrivalAt: now, arrivals: window.arrivals + 1 };
  if (othersWait) return window;
  const missed = now - window.dispatchedAt <= MISSED_BATCH_SECONDS;
  // One client that asks for one symbol after the other is not a crowd, and need not wait longer than before.
  const level = missed ? Math.min(window.level + (window.arrivals > 1 ? 1 : 0), MAX_LEVEL) : 0;
  return { ...window, level, openedAt: now, lastArrivalAt: now, arrivals: 1 };
}

/**
 * Decides who leaves. Full batches leave as soon as a lane is free; what is left over leaves when the window has closed and all
 * calls from before it have landed. Users board before background work, which rides along on seats that stay free.
 */
export function planDispatch(
  waiting: readonly PendingSymbol[],
  window: BatchWindow,
  load: UpstreamLoad,
  now: number,
): DispatchPlan {
  const users = waiting.filter((pending) => pending.priority === "user");
  const others = waiting.filter((pending) => pending.priority === "background");
  const queue = [...users, ...others];
  const batches: string[][] = [];
  const take = (count: number): void => {
    batches.push(queue.splice(0, count).map((pending) => pending.symbol));
  };
  const canDispatch = (): boolean => load.inFlight.length + batches.length < load.lanes;
  while (queue.length >= load.batchSize && canDispatch()) take(load.batchSize);
  if (queue.length === 0 || !canDispatch()) return { batches, checkAt: null };
  if (isOpen(window, now)) return { batches, checkAt: closesAt(window) };
  const hasEarlierCalls = load.inFlight.some((sentAt) => sentAt < window.openedAt);
  const waitUntil = Math.min(...queue.map((pending) => pending.since)) + MAX_WAIT_SECONDS;
  if (hasEarlierCalls && now < waitUntil - TIMER_TOLERANCE_SECONDS) return { batches, checkAt: waitUntil };
  take(queue.length);
  return { batches, checkAt: null };
}
