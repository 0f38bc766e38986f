import type { EndpointGroup } from "../../contracts/provider.ts";
import { admit, afterFailure, afterNothing, afterSuccess, NEW_BREAKER } from "../../core/scheduling/circuit-breaker.ts";
import { type Limits, type Priority, type Purchase, spend, spentUpTo } from "../../core/scheduling/token-bucket.ts";
import { type Failure, type FailureReason, failure } from "../../providers/provider.ts";
import { afterAnswer, afterRefusal, cooldownOf, redated, type Scope, wholeSeconds, withoutGroup } from "./cooldowns.ts";
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

/** A probe whose outcome no client has sent after this long (seconds) is lost, its object with it. */
const PROBE_LOST_AFTER = 30;

/** What the breaker counts. A refusal or a spent quota shows that the upstream works. */
const UPSTREAM_FAULTS: ReadonlySet<FailureReason> = new Set(["timeout", "unreachable", "server_error", "bad_answer"]);

const refusedPurchase = (purchase: Purchase): Failure | null => {
  if (purchase.kind === "spent") return null;
  return failure(purchase.span === "day" ? "quota_spent" : "throttled", wholeSeconds(purchase.retryAfter));
};

/** Decides whether the upstream may be asked, and learns from how it went. Times are unix seconds. */
export class Admission {
  readonly #memory: GateMemory;
  readonly #limits: Limits;
  // The second's budget is a matter of pace: a caller that pays waits for it.
  readonly #patient: Limits;

  constructor(memory: GateMemory, limits: Limits) {
    this.#memory = memory;
    this.#limits = limits;
    this.#patient = { ...limits, perSecond: null };
  }

  /** Why a call would be refused now; null where it would not, or may wait for a probe's outcome. Admits nothing. */
  refusal(spec: CallSpec, now: number): Failure | null {
    if (this.#memory.group(spec.group).breaker.state === "half_open") {
      return cooldownOf(this.#memory.cooldowns, spec.group, spec.scopes, now);
    }
    const checked = this.#judge(spec, now);
    return checked.kind === "failure" ? checked : null;
  }

  /** Admits a call, or says why not. A caller that is admitted must `leave`, and pays for each request to the upstream. */
  enter(spec: CallSpec, now: number): Failure | null {
    const checked = this.#judge(spec, now);
    if (checked.kind === "failure") return checked;
    this.#keepBreaker(spec.group, { breaker: checked.breaker });
    return null;
  }

  /** Takes the price of one request to the upstream from the budget, or says why it cannot. */
  acquire(priority: Priority, now: number): AcquireResult {
    this.#afterSetBack(now);
    const purchase = spend(this.#memory.spent, this.#limits, priority, now);
    if (purchase.kind === "refused" && purchase.span === "second")
      return { kind: "pause", seconds: purchase.retryAfter };
    if (purchase.kind === "spent") this.#memory.saveSpent(purchase.spent);
    return refusedPurchase(purchase) ?? { kind: "paid" };
  }

  leave(spec: CallSpec, ending: CallOutcome, now: number): void {
    const { group } = spec;
    const { breaker } = this.#memory.group(group);
    if (ending === "nothing") {
      this.#keepBreaker(group, { breaker: afterNothing(breaker, now) });
      return;
    }
    if (ending === null) {
      this.#memory.saveCooldowns(afterAnswer(this.#memory.cooldowns, ["all", group, ...spec.scopes], now));
      this.#keepBreaker(group, { breaker: afterSuccess(breaker, now), lastSuccessAt: now });
      return;
    }
    this.#memory.saveCooldowns(afterRefusal(this.#memory.cooldowns, group, spec.scopes, ending, now));
    const faulty = UPSTREAM_FAULTS.has(ending.reason);
    const next = faulty ? afterFailure(breaker, now) : afterSuccess(breaker, now);
    this.#keepBreaker(group, { breaker: next, lastFailure: { at: now, reason: ending.reason } });
  }

  /** Forgets a family's failures and blocks. */
  reset(family: EndpointGroup): void {
    this.#memory.saveCooldowns(withoutGroup(this.#memory.cooldowns, family));
    this.#keepBreaker(family, { breaker: NEW_BREAKER });
  }

  #keepBreaker(family: EndpointGroup, change: Partial<GroupRecord>): void {
    const before = this.#memory.group(family);
    const next = { ...before, ...change };
    const changed = next.breaker !== before.breaker || next.lastFailure !== before.lastFailure;
    if (changed || next.lastSuccessAt !== before.lastSuccessAt) this.#memory.saveGroup(family, next);
  }

  /** Returns what lies ahead of a clock that was set back a new date. */
  #afterSetBack(now: number): void {
    this.#memory.saveCooldowns(redated(this.#memory.cooldowns, now));
    const spent = spentUpTo(this.#memory.spent, now);
    if (spent !== this.#memory.spent) this.#memory.saveSpent(spent);
  }

  #judge(spec: CallSpec, now: number) {
    this.#afterSetBack(now);
    const blocked = cooldownOf(this.#memory.cooldowns, spec.group, spec.scopes, now);
    if (blocked) return blocked;
    const record = this.#memory.group(spec.group);
    const handshake = admit(record.breaker, now, PROBE_LOST_AFTER);
    if (handshake.kind === "refused") {
      return failure(record.lastFailure?.reason ?? "server_error", wholeSeconds(handshake.retryAfter));
    }
    return refusedPurchase(spend(this.#memory.spent, this.#patient, spec.priority, now)) ?? handshake;
  }
}
