import { exponentialWeight } from "./convergence.ts";
import type { Numbers, ParameterFault } from "./indicator.ts";

/** Refuses a fast period that is not below the slow one. */
export function fastBelowSlow({ fast, slow }: Numbers): ParameterFault | undefined {
  return fast < slow ? undefined : { parameter: "fast", rule: `must be from 1 to ${slow - 1}, below slow (${slow})` };
}

export function warmUpOfTwoAverages({ slow, signal }: Numbers): readonly number[] {
  return [slow - 1, slow + signal - 2, slow + signal - 2];
}

export function slowestWeight({ slow, signal }: Numbers): number {
  return exponentialWeight(Math.max(slow, signal));
}
