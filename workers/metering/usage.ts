import { ApiError } from "../../contracts/problem.ts";
import { BASE_COST } from "../../contracts/request-costs.ts";
import { QUOTAS } from "../../contracts/usage.ts";
import type { Quota } from "../../core/scheduling/quota.ts";
import { acquireFromKey, describeExhausted, secondsUntil } from "../../durable-objects/usage-meter/payment.ts";
import type { QuotaState } from "../../durable-objects/usage-meter/usage-meter.ts";
import type { AppContext } from "../http/service.ts";

/**
 * Takes units from a key's quotas and says in the answer's headers what is left. Other callers pay nothing. Where the key's meter
 * does not answer, requests pass: a quota is worth less than an answer.
 * @throws ApiError rate_limit.exceeded where not that many are left
 */
export async function charge(c: AppContext, cost: number): Promise<void> {
  const caller = c.get("caller");
  if (caller.kind !== "key" || cost <= 0) return;
  const { tier } = caller;
  const { isGranted, quotaState } = await acquireFromKey(c.env, caller, cost, (work) => c.executionCtx.waitUntil(work));
  if (!quotaState) return;
  const headers = rateLimitHeaders(QUOTAS[tier], quotaState);
  if (isGranted) return c.set("quota", headers);
  const { detail, wait } = describeExhausted(tier, cost, quotaState);
  throw new ApiError("rate_limit.exceeded", detail, { headers: { "Retry-After": String(wait), ...headers } });
}

/** Takes what a request costs beyond the unit that every request has paid already. */
export function chargeRest(c: AppContext, cost: number): Promise<void> {
  return charge(c, cost - BASE_COST);
}

/** Where a key stands, as draft-ietf-httpapi-ratelimit-headers-10 writes it. */
function rateLimitHeaders(quota: Quota, { left, resets }: QuotaState): Record<string, string> {
  const minute = `"minute";r=${left.minute};t=${secondsUntil(resets.minute)}`;
  const day = `"day";r=${left.day};t=${secondsUntil(resets.day)}`;
  return {
    RateLimit: `${minute}, ${day}`,
    "RateLimit-Policy": `"minute";q=${quota.minute};w=60, "day";q=${quota.day};w=86400`,
  };
}
