import type { Convergence } from "./indicator.ts";

/** Below this weight the start of an average no longer shows in a relative 1e-9. */
const NEGLIGIBLE = 1e-14;

/** Candles after which an exponential average of that weight, or a chain of up to three, has forgotten its start. */
export function samplesUntilNegligible(weight: number): number {
  return weight >= 1 ? 0 : Math.ceil(Math.log(NEGLIGIBLE) / Math.log1p(-weight));
}

/** The weight of the newest value in an exponential average over `period`. */
export const exponentialWeight = (period: number): number => 2 / (period + 1);

/** The weight of the newest value in Wilder's average over `period`. */
export const wilderWeight = (period: number): number => 1 / period;

/** Settled after the longest warm-up and what the slowest average needs to forget. */
export function convergedAfter(warmUp: readonly number[], slowestWeight = 1): Convergence {
  return { candles: Math.max(...warmUp) + 1 + samplesUntilNegligible(slowestWeight) };
}
