import type { ProviderName } from "../../contracts/provider.ts";
import { ENDPOINT_GROUPS, type EndpointGroup } from "../../contracts/provider.ts";
import type { BreakerState } from "../../core/scheduling/circuit-breaker.ts";
import { type BudgetLeft, budgetLeft, callsInLastMinute, type Limits } from "../../core/scheduling/token-bucket.ts";
import { isoTime } from "../../core/time.ts";
import type { FailureReason } from "../../providers/provider.ts";

import type { GateMemory } from "./gate-memory.ts";

/** How a family of endpoints fares. Times are ISO-8601. */
export interface GroupStatus {
  breaker: BreakerState;
  /** While the breaker is open: when it will try again. */
  retryAt: string | null;
  lastSuccessAt: string | null;
  lastFailureAt: string | null;
  lastFailureReason: FailureReason | null;
}

/** What a gate says about its provider. Nothing in it is the upstream's own text. */
export interface GateStatus {
  provider: ProviderName;
  /** Why the provider is not used at all; null where it is. */
  disabled: string | null;
  families: Record<EndpointGroup, GroupStatus>;
  /** What the upstream has refused, and until when. */
  blocked: { scope: string; reason: FailureReason; until: string }[];
  budget: BudgetLeft[];
  callsLastMinute: number;
  /** Questions that wait for the upstream's answer. */
  inFlight: number;
  /** Symbols and requests that wait for their turn. */
  waiting: number;
  /** Symbols that are polled for rooms with live subscribers. */
  watched: number;
}

/** What a gate's memory alone can say, at `now` (unix seconds). */
export function storedStatus(
  memory: GateMemory,
  limits: Limits,
  now: number,
): Pick<GateStatus, "families" | "blocked" | "budget" | "callsLastMinute"> {
  const [quotes, candles, search] = ENDPOINT_GROUPS.map((group) => groupStatus(memory, group));
  const blocked = Object.entries(memory.cooldowns).flatMap(([scope, { reason, until }]) => {
    return until > now ? [{ scope, reason, until: isoTime(until) }] : [];
  });
  return {
    families: { quotes, candles, search },
    blocked,
    budget: budgetLeft(memory.spent, limits, now),
    callsLastMinute: callsInLastMinute(memory.spent, now),
  };
}

function groupStatus(memory: GateMemory, group: EndpointGroup): GroupStatus {
  const { breaker, lastSuccessAt, lastFailure } = memory.group(group);
  return {
    breaker: breaker.state,
    retryAt: breaker.state === "open" ? isoTime(breaker.until) : null,
    lastSuccessAt: lastSuccessAt === null ? null : isoTime(lastSuccessAt),
    lastFailureAt: lastFailure && isoTime(lastFailure.at),
    lastFailureReason: lastFailure?.reason ?? null,
  };
}
