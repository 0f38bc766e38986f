import { admit, afterFailure, afterNothing, afterSuccess, NEW_BREAKER } from "../../core/scheduling/circuit-breaker.ts";
import { type Limits, type Priority, type Purchase, spend, spentUpTo } from "../../core/scheduling/token-bucket.ts";
import { type Failure, type FailureReason, failure } from "../../providers/provider.ts";
import {
  afterAnswer,
  afterRefusal,
  cooldownOf,
  type EndpointGroup,
  redated,
  type Scope,
  wholeSeconds,
  withoutGroup,
} from "./cooldowns.ts";
import type { GateMemory, GroupRecord } from "./gate-memory.ts";

/** What a call is for. */
export interface CallSpec {
  group: EndpointGroup;
  /** The narrowest parts of the family that it touches. */
  scopes: readonly Scope[];
  priority: Priority;
}

/**
 * How a call ended: the upstream's fault or refusal, a proper answer (null), or `nothing` where the upstream was not reached
 * at all.
 */
export type CallOutcome = Failure | null | "nothing";

/** `paid`, a short pause (seconds) until the second's budget has a token again, or why there is none for longer. */
export type AcquireResult = { kind: "paid" } | { kind: "pause"; seconds: number } | Failure;

/** Decides whether the upstream may be asked, and learns from how it went. Times are unix seconds. */
export interface Admission {
  /** Why a call would be refused now; null where it would not, or may wait for a probe's outcome. Admits nothing. */
  refusal(spec: CallSpec, now: number): Failure | null;
  /** Admits a call, or says why not. Whoever is admitted must `leave`, and pays for each request to the upstream. */
  enter(spec: CallSpec, now: number): Failure | null;
  /** Takes the price of one request to the upstream from the budget, or says why it cannot. */
  acquire(priority: Priority, now: number): AcquireResult;
  leave(spec: CallSpec, outcome: CallOutcome, now: number): void;
  /** Forgets a family's failures and blocks. */
  reset(group: EndpointGroup): void;
}

/** A probe whose outcome nobody has told after this long (seconds) is lost, its object with it. */
const PROBE_LOST_AFTER = 30;

/** What the breaker counts. A refusal or a spent quota shows that the upstream works. */
const UPSTREAM_FAULTS: ReadonlySet<FailureReason> = new Set(["timeout", "unreachable", "server_error", "bad_answer"]);

const refusedPurchase = (purchase: Purchase): Failure | null => {
  if (purchase.kind === "spent") return null;
  return failure(purchase.span === "day" ? "quota_spent" : "throttled", wholeSeconds(purchase.retryAfter));
};

/** The admission of one provider, on top of what is remembered of it. */
export function openAdmission(memory: GateMemory, limits: Limits): Admission {
  // The second's budget is a matter of pace: whoever pays waits for it.
  const patient: Limits = { ...limits, perSecond: null };
  const keepBreaker = (family: EndpointGroup, change: Partial<GroupRecord>): void => {
    const before = memory.group(family);
    const next = { ...before, ...change };
    const changed = next.breaker !== before.breaker || next.lastFailure !== before.lastFailure;
    if (changed || next.lastSuccessAt !== before.lastSuccessAt) memory.saveGroup(family, next);
  };
  /** Gives what lies ahead of a clock that was set back a new date. */
  const afterSetBack = (now: number): void => {
    memory.saveCooldowns(redated(memory.cooldowns, now));
    const spent = spentUpTo(memory.spent, now);
    if (spent !== memory.spent) memory.saveSpent(spent);
  };
  const judge = (errand: CallSpec, now: number) => {
    afterSetBack(now);
    const blocked = cooldownOf(memory.cooldowns, errand.group, errand.scopes, now);
    if (blocked) return blocked;
    const record = memory.group(errand.group);
    const admission = admit(record.breaker, now, PROBE_LOST_AFTER);
    if (admission.kind === "refused") {
      return failure(record.lastFailure?.reason ?? "server_error", wholeSeconds(admission.retryAfter));
    }
    return refusedPurchase(spend(memory.spent, patient, errand.priority, now)) ?? admission;
  };
  return {
    refusal(errand, now) {
      if (memory.group(errand.group).breaker.state === "half_open") {
        return cooldownOf(memory.cooldowns, errand.group, errand.scopes, now);
      }
      const judged = judge(errand, now);
      return judged.kind === "failure" ? judged : null;
    },
    enter(errand, now) {
      const judged = judge(errand, now);
      if (judged.kind === "failure") return judged;
      keepBreaker(errand.group, { breaker: judged.breaker });
      return null;
    },
    acquire(priority, now) {
      afterSetBack(now);
      const purchase = spend(memory.spent, limits, priority, now);
      if (purchase.kind === "refused" && purchase.span === "second")
        return { kind: "pause", seconds: purchase.retryAfter };
      if (purchase.kind === "spent") memory.saveSpent(purchase.spent);
      return refusedPurchase(purchase) ?? { kind: "paid" };
    },
    leave(errand, ending, now) {
      const { group } = errand;
      const { breaker } = memory.group(group);
      if (ending === "nothing") return keepBreaker(group, { breaker: afterNothing(breaker, now) });
      if (ending === null) {
        memory.saveCooldowns(afterAnswer(memory.cooldowns, ["all", group, ...errand.scopes], now));
        return keepBreaker(group, { breaker: afterSuccess(breaker, now), lastSuccessAt: now });
      }
      memory.saveCooldowns(afterRefusal(memory.cooldowns, group, errand.scopes, ending, now));
      const faulty = UPSTREAM_FAULTS.has(ending.reason);
      const next = faulty ? afterFailure(breaker, now) : afterSuccess(breaker, now);
      keepBreaker(group, { breaker: next, lastFailure: { at: now, reason: ending.reason } });
    },
    reset(family) {
      memory.saveCooldowns(withoutGroup(memory.cooldowns, family));
      keepBreaker(family, { breaker: NEW_BREAKER });
    },
  };
}
