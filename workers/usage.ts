import { ApiError } from "../contracts/problem.ts";
import { QUOTAS } from "../contracts/usage.ts";
import type { Quota } from "../core/scheduling/quota.ts";
import type { LeaseReply, LeaseRequest, Standing } from "../durable-objects/usage-meter/usage-meter.ts";
import { logWarning } from "../observability/log.ts";
import { openLeases } from "./leases.ts";
import { BASE_PRICE } from "./prices.ts";
import type { AppContext } from "./service.ts";

/** A meter that takes longer counts as failed. */
const METER_TIMEOUT_MS = 1_000;

const leases = openLeases(`${Math.random()}`);

/** Tokens of the running minute that this isolate holds of a key. */
export const unspentOf = (prefix: string): number => leases.unspent(prefix);

async function askMeter(env: Env, prefix: string, request: LeaseRequest): Promise<LeaseReply> {
  const late = scheduler.wait(METER_TIMEOUT_MS).then(() => null);
  const reply = await Promise.race([env.USAGE_METER.getByName(prefix).lease(request), late]);
  if (reply === null) throw new Error(`no answer within ${METER_TIMEOUT_MS} ms`);
  return reply;
}

/**
 * Takes units from a key's quotas and says in the answer's headers what is left. Other callers pay nothing. Where the key's meter
 * does not answer, requests pass: a quota is worth less than an answer.
 * @throws ApiError rate_limit.exceeded where not so many are left
 */
export async function charge(c: AppContext, cost: number): Promise<void> {
  const caller = c.get("caller");
  if (caller.kind !== "key" || cost <= 0) return;
  const { prefix, tier } = caller;
  const quota = QUOTAS[tier];
  const { paid, standing } = await leases.pay(
    { prefix, quota },
    cost,
    (request) => askMeter(c.env, prefix, request),
    (work) => c.executionCtx.waitUntil(work),
    (error) => logWarning("a usage meter does not answer; requests pass", { key_prefix: prefix, cause: error.message }),
  );
  if (!standing) return;
  if (!paid) throw exceeded(cost, quota, standing);
  c.set("quota", rateLimitHeaders(quota, standing));
}

/** Takes what a request costs beyond the unit that every request has paid already. */
export function chargeBeyondBase(c: AppContext, price: number): Promise<void> {
  return charge(c, price - BASE_PRICE);
}

const secondsUntil = (time: number): number => Math.max(1, Math.ceil(time - Date.now() / 1000));

/** Where a key stands, as draft-ietf-httpapi-ratelimit-headers-10 writes it. */
function rateLimitHeaders(quota: Quota, { left, resets }: Standing): Record<string, string> {
  const minute = `"minute";r=${left.minute};t=${secondsUntil(resets.minute)}`;
  const day = `"day";r=${left.day};t=${secondsUntil(resets.day)}`;
  return {
    RateLimit: `${minute}, ${day}`,
    "RateLimit-Policy": `"minute";q=${quota.minute};w=60, "day";q=${quota.day};w=86400`,
  };
}

function exceeded(cost: number, quota: Quota, standing: Standing): ApiError {
  const window = standing.left.day < cost ? "day" : "minute";
  const wait = secondsUntil(standing.resets[window]);
  const needs = cost === 1 ? "" : ` This request costs ${cost}; ${standing.left[window]} are left.`;
  return new ApiError(
    "rate_limit.exceeded",
    `Your key may use ${quota[window]} a ${window}.${needs} The next ${window} begins in ${wait} seconds.`,
    { headers: { "Retry-After": String(wait), ...rateLimitHeaders(quota, standing) } },
  );
}
