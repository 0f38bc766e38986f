import type { Tier } from "../../contracts/api-key.ts";
import { ANONYMOUS_QUOTA, QUOTAS } from "../../contracts/usage.ts";
import type { Quota } from "../../core/scheduling/quota.ts";
import { logWarning } from "../../observability/log.ts";
import { type Acquisition, Leases } from "./leases.ts";
import { meterOfAddress } from "./stream-use.ts";
import type { LeaseReply, LeaseRequest, QuotaState } from "./usage-meter.ts";

/** Whose quotas something is taken from: a key's, or those of an address without one. */
export type Payer = { kind: "key"; prefix: string; tier: Tier } | { kind: "address"; network: string };

/** What a payer may use. */
export const quotaOf = (payer: Payer): Quota => (payer.kind === "key" ? QUOTAS[payer.tier] : ANONYMOUS_QUOTA);

const meterNameOf = (payer: Payer): string => (payer.kind === "key" ? payer.prefix : meterOfAddress(payer.network));

/** A meter that takes longer counts as failed. */
const METER_TIMEOUT_MS = 1_000;

const leases = new Leases(`${Math.random()}`);

/** Tokens of the running minute that this isolate holds of a key. */
export const unspentOf = (prefix: string): number => leases.unspent(prefix);

async function requestLease(env: Env, meter: string, request: LeaseRequest): Promise<LeaseReply> {
  const timeout = scheduler.wait(METER_TIMEOUT_MS).then(() => null);
  const reply = await Promise.race([env.USAGE_METER.getByName(meter).lease(request), timeout]);
  if (reply === null) throw new Error(`no answer within ${METER_TIMEOUT_MS} ms`);
  return reply;
}

/**
 * Takes units from a payer's quotas, for the Worker as for an object. Where its meter does not answer, it counts as paid and is logged:
 * a quota is worth less than an answer.
 * @param waitUntil called with work that nothing waits for
 */
export function acquireUnits(
  env: Env,
  payer: Payer,
  cost: number,
  waitUntil: (work: Promise<void>) => void,
): Promise<Acquisition> {
  const meter = meterNameOf(payer);
  return leases.acquire(
    { prefix: meter, quota: quotaOf(payer) },
    cost,
    (request) => requestLease(env, meter, request),
    waitUntil,
    (error) =>
      logWarning("a usage meter does not answer; requests pass", {
        ...(payer.kind === "key" ? { key_prefix: payer.prefix } : { payer: payer.kind }),
        cause: error.message,
      }),
  );
}

/** Whole seconds until a time (unix seconds), at least one. */
export const secondsUntil = (time: number): number => Math.max(1, Math.ceil(time - Date.now() / 1000));

/** Which quota of a payer has too little left for a cost, in a sentence, and the seconds until there is more. */
export function describeExhausted(
  payer: Payer,
  cost: number,
  { left, resets }: QuotaState,
): { detail: string; wait: number } {
  const window = left.day < cost ? "day" : "minute";
  const wait = secondsUntil(resets[window]);
  const needs = cost === 1 ? "" : ` This request costs ${cost}; ${left[window]} are left.`;
  const units = quotaOf(payer)[window];
  const may =
    payer.kind === "key"
      ? `Your key may use ${units} a ${window}.`
      : `An address without a key may use ${units} units a ${window} for calculations and history, beyond the one of each request.`;
  return { detail: `${may}${needs} The next ${window} begins in ${wait} seconds.`, wait };
}
