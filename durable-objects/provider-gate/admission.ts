import { admit, afterFailure, afterNothing, afterSuccess, NEW_BREAKER } from "../../core/scheduling/circuit-breaker.ts";
import { type Limits, type Priority, type Purchase, spend, spentUpTo } from "../../core/scheduling/token-bucket.ts";
import { type Failure, type FailureReason, failure } from "../../providers/provider.ts";
import {
  afterAnswer,
  afterRefusal,
  blockedBy,
  type Family,
  redated,
  type Scope,
  unblocked,
  wholeSeconds,
} from "./blocks.ts";
import type { FamilyRecord, GateMemory } from "./gate-memory.ts";

/** What a call is for. */
export interface Errand {
  family: Family;
  /** The narrowest parts of the family that it touches. */
  scopes: readonly Scope[];
  priority: Priority;
}

/**
 * How a call ended: the upstream's fault or refusal, a proper answer (null), or `nothing` where the upstream was not reached
 * at all.
 */
export type Ending = Failure | null | "nothing";

/** `paid`, a short pause (seconds) until the second's budget has a token again, or why there is none for longer. */
export type Payment = { kind: "paid" } | { kind: "pause"; seconds: number } | Failure;

/** Decides whether the upstream may be asked, and learns from how it went. Times are unix seconds. */
export interface Admission {
  /** Why a call would be refused now; null where it would not, or may wait for a probe's outcome. Admits nothing. */
  refusal(errand: Errand, now: number): Failure | null;
  /** Admits a call, or says why not. Whoever is admitted must `leave`, and pays for each request to the upstream. */
  enter(errand: Errand, now: number): Failure | null;
  /** Takes the price of one request to the upstream from the budget, or says why it cannot. */
  pay(priority: Priority, now: number): Payment;
  leave(errand: Errand, ending: Ending, now: number): void;
  /** Forgets a family's failures and blocks. */
  reset(family: Family): void;
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
  const keepBreaker = (family: Family, change: Partial<FamilyRecord>): void => {
    const before = memory.family(family);
    const next = { ...before, ...change };
    const changed = next.breaker !== before.breaker || next.lastFailure !== before.lastFailure;
    if (changed || next.lastSuccessAt !== before.lastSuccessAt) memory.keepFamily(family, next);
  };
  /** Gives what lies ahead of a clock that was set back a new date. */
  const afterSetBack = (now: number): void => {
    memory.keepBlocks(redated(memory.blocks, now));
    const spent = spentUpTo(memory.spent, now);
    if (spent !== memory.spent) memory.keepSpent(spent);
  };
  const judge = (errand: Errand, now: number) => {
    afterSetBack(now);
    const blocked = blockedBy(memory.blocks, errand.family, errand.scopes, now);
    if (blocked) return blocked;
    const record = memory.family(errand.family);
    const admission = admit(record.breaker, now, PROBE_LOST_AFTER);
    if (admission.kind === "refused") {
      return failure(record.lastFailure?.reason ?? "server_error", wholeSeconds(admission.retryAfter));
    }
    return refusedPurchase(spend(memory.spent, patient, errand.priority, now)) ?? admission;
  };
  return {
    refusal(errand, now) {
      if (memory.family(errand.family).breaker.state === "half_open") {
        return blockedBy(memory.blocks, errand.family, errand.scopes, now);
      }
      const judged = judge(errand, now);
      return judged.kind === "failure" ? judged : null;
    },
    enter(errand, now) {
      const judged = judge(errand, now);
      if (judged.kind === "failure") return judged;
      keepBreaker(errand.family, { breaker: judged.breaker });
      return null;
    },
    pay(priority, now) {
      afterSetBack(now);
      const purchase = spend(memory.spent, limits, priority, now);
      if (purchase.kind === "refused" && purchase.span === "second")
        return { kind: "pause", seconds: purchase.retryAfter };
      if (purchase.kind === "spent") memory.keepSpent(purchase.spent);
      return refusedPurchase(purchase) ?? { kind: "paid" };
    },
    leave(errand, ending, now) {
      const { family } = errand;
      const { breaker } = memory.family(family);
      if (ending === "nothing") return keepBreaker(family, { breaker: afterNothing(breaker, now) });
      if (ending === null) {
        memory.keepBlocks(afterAnswer(memory.blocks, ["all", family, ...errand.scopes], now));
        return keepBreaker(family, { breaker: afterSuccess(breaker, now), lastSuccessAt: now });
      }
      memory.keepBlocks(afterRefusal(memory.blocks, family, errand.scopes, ending, now));
      const faulty = UPSTREAM_FAULTS.has(ending.reason);
      const next = faulty ? afterFailure(breaker, now) : afterSuccess(breaker, now);
      keepBreaker(family, { breaker: next, lastFailure: { at: now, reason: ending.reason } });
    },
    reset(family) {
      memory.keepBlocks(unblocked(memory.blocks, family));
      keepBreaker(family, { breaker: NEW_BREAKER });
    },
  };
}
