import type { Limits } from "../../core/scheduling/token-bucket.ts";
import { providerOf } from "../../providers/catalogue.ts";
import { FAKES, type Fakes } from "../fakes/start.ts";

/**
 * A call arrives a little after it left, and how much later varies. Calls that left within the budget of a second keep
 * it in every shorter span at the upstream, so that one is checked; the minute's slack is in its budget.
 */
const CHECKED_SECOND_MS = 500;

/** The most calls that an upstream received within a span, beside what is declared. */
export interface BudgetUse {
  provider: string;
  calls: number;
  /** How often each fault struck. */
  faults: Record<string, number>;
  busiest_second: number;
  busiest_half_second: number;
  per_second: number | null;
  busiest_minute: number;
  per_minute: number | null;
}

/** The most calls within any span of this many milliseconds, wherever it begins. */
function maxWithin(times: readonly number[], span: number): number {
  let found = 0;
  for (let first = 0, last = 0; last < times.length; last++) {
    while (times[last] - times[first] >= span) first++;
    found = Math.max(found, last - first + 1);
  }
  return found;
}

function countOf(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}

/** What every upstream received, of a platform that was started with these variables. */
export function budgetUse(fakes: Fakes, variables: Record<string, string>): BudgetUse[] {
  return FAKES.map((name) => {
    const provider = providerOf(name, variables);
    if ("disabled" in provider) throw new Error(`${name} is not used: ${provider.disabled}`);
    const { budget }: { budget: Limits } = provider.capabilities;
    const { log } = fakes.servers[name].calls();
    const times = log.map(({ at }) => at).sort((a, b) => a - b);
    return {
      provider: name,
      calls: times.length,
      faults: countOf(log.flatMap(({ fault }) => fault ?? [])),
      busiest_second: maxWithin(times, 1_000),
      busiest_half_second: maxWithin(times, CHECKED_SECOND_MS),
      per_second: budget.perSecond,
      busiest_minute: maxWithin(times, 60_000),
      per_minute: budget.perMinute,
    };
  });
}

/** The budgets that were exceeded, in words. */
export function exceededBudgets(uses: readonly BudgetUse[]): string[] {
  return uses.flatMap((use) => {
    const over = (span: string, received: number, limit: number | null): string[] =>
      limit !== null && received > limit
        ? [`${use.provider} received ${received} calls within ${span}; ${limit} are its budget`]
        : [];
    return [
      ...over("half a second", use.busiest_half_second, use.per_second),
      ...over("a minute", use.busiest_minute, use.per_minute),
    ];
  });
}
