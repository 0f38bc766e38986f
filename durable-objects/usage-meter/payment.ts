import type { Tier } from "../../contracts/api-key.ts";
import { QUOTAS } from "../../contracts/usage.ts";
import { logWarning } from "../../observability/log.ts";
import { type Acquisition, Leases } from "./leases.ts";
import type { LeaseReply, LeaseRequest, QuotaState } from "./usage-meter.ts";

/** A key whose quotas something is taken from. */
export interface MeteredKey {
  prefix: string;
  tier: Tier;
}

/** A meter that takes longer counts as failed. */
const METER_TIMEOUT_MS = 1_000;

const leases = new Leases(`${Math.random()}`);

/** Tokens of the running minute that this isolate holds of a key. */
export const unspentOf = (prefix: string): number => leases.unspent(prefix);

async function requestLease(env: Env, prefix: string, request: LeaseRequest): Promise<LeaseReply> {
  const timeout = scheduler.wait(METER_TIMEOUT_MS).then(() => null);
  const reply = await Promise.race([env.USAGE_METER.getByName(prefix).lease(request), timeout]);
  if (reply === null) throw new Error(`no answer within ${METER_TIMEOUT_MS} ms`);
  return reply;
}

/**
 * Takes units from a key's quotas, for the Worker as for an object. Where the key's meter does not answer, it counts as paid and is
 * logged: a quota is worth less than an answer.
 * @param later called with work that nothing waits for
 */
export function acquireFromKey(
  env: Env,
  { prefix, tier }: MeteredKey,
  cost: number,
  waitUntil: (work: Promise<void>) => void,
): Promise<Acquisition> {
  return leases.acquire(
    { prefix, quota: QUOTAS[tier] },
    cost,
    (request) => requestLease(env, prefix, request),
    waitUntil,
    (error) => logWarning("a usage meter does not answer; requests pass", { key_prefix: prefix, cause: error.message }),
  );
}

/** Whole seconds until a time (unix seconds), at least one. */
export const secondsUntil = (time: number): number => Math.max(1, Math.ceil(time - Date.now() / 1000));

/** Which quota of a key has too little left for a cost, in a sentence, and the seconds until there is more. */
export function describeExhausted(
  tier: Tier,
  cost: number,
  { left, resets }: QuotaState,
): { detail: string; wait: number } {
  const window = left.day < cost ? "day" : "minute";
  const wait = secondsUntil(resets[window]);
  const needs = cost === 1 ? "" : ` This request costs ${cost}; ${left[window]} are left.`;
  const quota = QUOTAS[tier][window];
  return {
    detail: `Your key may use ${quota} a ${window}.${needs} The next ${window} begins in ${wait} seconds.`,
    wait,
  };
}
