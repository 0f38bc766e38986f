import type { EndpointGroup } from "../../contracts/provider.ts";
import { afterBadAnswer, type BadAnswers, NO_BAD_ANSWERS } from "../../core/scheduling/bad-answers.ts";
import {
  admit,
  afterFailure,
  afterNoReport,
  afterOutage,
  afterSuccess,
  type Breaker,
  NEW_BREAKER,
} from "../../core/scheduling/circuit-breaker.ts";
import { type Limits, type Priority, type SpendResult, spend, spentUpTo } from "../../core/scheduling/token-bucket.ts";
import { type Failure, type FailureReason, failure } from "../../providers/provider.ts";
import {
  afterAnswer,
  afterRefusal,
  clampToClock,
  cooldownOf,
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
  /** What it is about: symbols, or the words of a search. */
  subjects: readonly string[];
  priority: Priority;
}

/**
 * How a call ended: the upstream's fault or refusal, a proper answer (null), or `nothing` where the upstream was not reached
 * at all.
 */
export type CallOutcome = Failure | null | "nothing";

/** `paid`, a short pause (seconds) until the second's budget has a token again, or why there is none for longer. */
export type AcquireResult = { kind: "paid" } | { kind: "pause"; seconds: number } | Failure;

/** A probe whose outcome is not reported after this long (seconds) is lost, its object with it. */
const PROBE_TIMEOUT_SECONDS = 30;

/**
 * What the breaker counts. A refusal or a spent quota shows that the upstream works, and so does a bad answer, unless all
 * are bad (`afterBadAnswer`).
 */
const UPSTREAM_FAULTS: ReadonlySet<FailureReason> = new Set(["timeout", "unreachable", "server_error"]);

const spendFailure = (result: SpendResult): Failure | null => {
  if (result.kind === "spent") return null;
  return failure(result.span === "day" ? "quota_spent" : "throttled", wholeSeconds(result.retryAfter));
};

/** Decides whether the upstream may be asked, and learns from how it went. Times are unix seconds. */
export class Admission {
  readonly #memory: GateMemory;
  readonly #limits: Limits;
  // The second's budget is a matter of pace: a caller that pays waits for it.
  readonly #limitsWithoutSecond: Limits;
  // In memory alone: whether all answers are bad is soon known again.
  readonly #badAnswers = new Map<EndpointGroup, BadAnswers>();

  constructor(memory: GateMemory, limits: Limits) {
    this.#memory = memory;
    this.#limits = limits;
    this.#limitsWithoutSecond = { ...limits, perSecond: null };
  }

  /** Why a call would be refused now; null where it would not, or may wait for a probe's outcome. Admits nothing. */
  refusal(spec: CallSpec, now: number): Failure | null {
    if (this.#memory.group(spec.group).breaker.state === "half_open") {
      return cooldownOf(this.#memory.cooldowns, spec.group, spec.scopes, now);
    }
    const checked = this.#check(spec, now);
    return checked.kind === "failure" ? checked : null;
  }

  /** Admits a call, or says why not. A caller that is admitted must `leave`, and pays for each request to the upstream. */
  admit(spec: CallSpec, now: number): Failure | null {
    const checked = this.#check(spec, now);
    if (checked.kind === "failure") return checked;
    this.#saveBreaker(spec.group, { breaker: checked.breaker });
    return null;
  }

  /** Takes the price of one request to the upstream from the budget, or says why it cannot. */
  acquire(priority: Priority, now: number): AcquireResult {
    this.#correctClockSetBack(now);
    const result = spend(this.#memory.spent, this.#limits, priority, now);
    if (result.kind === "refused" && result.span === "second") return { kind: "pause", seconds: result.retryAfter };
    if (result.kind === "spent") this.#memory.saveSpent(result.spent);
    return spendFailure(result) ?? { kind: "paid" };
  }

  recordOutcome(spec: CallSpec, outcome: CallOutcome, now: number): void {
    const { group } = spec;
    const { breaker } = this.#memory.group(group);
    if (outcome === "nothing") {
      this.#saveBreaker(group, { breaker: afterNoReport(breaker, now) });
      return;
    }
    if (outcome === null) {
      this.#badAnswers.delete(group);
      this.#memory.saveCooldowns(afterAnswer(this.#memory.cooldowns, ["all", group, ...spec.scopes], now));
      this.#saveBreaker(group, { breaker: afterSuccess(breaker, now), lastSuccessAt: now });
      return;
    }
    this.#memory.saveCooldowns(afterRefusal(this.#memory.cooldowns, group, spec.scopes, outcome, now));
    this.#saveBreaker(group, {
      breaker: this.#afterFault(spec, outcome.reason, now),
      lastFailure: { at: now, reason: outcome.reason },
    });
  }

  #afterFault({ group, subjects }: CallSpec, reason: FailureReason, now: number): Breaker {
    const { breaker } = this.#memory.group(group);
    if (UPSTREAM_FAULTS.has(reason)) return afterFailure(breaker, now);
    if (reason !== "bad_answer") return afterSuccess(breaker, now);
    const { counted, isOutage } = afterBadAnswer(this.#badAnswers.get(group) ?? NO_BAD_ANSWERS, subjects);
    this.#badAnswers.set(group, counted);
    if (isOutage) return afterOutage(breaker, now);
    // The upstream answers, so that a probe is over; while the breaker is closed it is neither success nor failure.
    return breaker.state === "half_open" ? afterSuccess(breaker, now) : breaker;
  }

  /** Forgets a family's failures and blocks. */
  reset(group: EndpointGroup): void {
    this.#badAnswers.delete(group);
    this.#memory.saveCooldowns(withoutGroup(this.#memory.cooldowns, group));
    this.#saveBreaker(group, { breaker: NEW_BREAKER });
  }

  #saveBreaker(group: EndpointGroup, change: Partial<GroupRecord>): void {
    const before = this.#memory.group(group);
    const next = { ...before, ...change };
    const changed = next.breaker !== before.breaker || next.lastFailure !== before.lastFailure;
    if (changed || next.lastSuccessAt !== before.lastSuccessAt) this.#memory.saveGroup(group, next);
  }

  /** Re-dates what lies ahead of a clock that was set back. */
  #correctClockSetBack(now: number): void {
    this.#memory.saveCooldowns(clampToClock(this.#memory.cooldowns, now));
    const spent = spentUpTo(this.#memory.spent, now);
    if (spent !== this.#memory.spent) this.#memory.saveSpent(spent);
  }

  #check(spec: CallSpec, now: number) {
    this.#correctClockSetBack(now);
    const blocked = cooldownOf(this.#memory.cooldowns, spec.group, spec.scopes, now);
    if (blocked) return blocked;
    const record = this.#memory.group(spec.group);
    const decision = admit(record.breaker, now, PROBE_TIMEOUT_SECONDS);
    if (decision.kind === "refused") {
      return failure(record.lastFailure?.reason ?? "server_error", wholeSeconds(decision.retryAfter));
    }
    return spendFailure(spend(this.#memory.spent, this.#limitsWithoutSecond, spec.priority, now)) ?? decision;
  }
}
