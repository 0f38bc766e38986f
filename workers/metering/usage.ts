import { ApiError } from "../../contracts/problem.ts";
import { BASE_COST } from "../../contracts/request-costs.ts";
import type { Quota } from "../../core/scheduling/quota.ts";
import {
  acquireUnits,
  describeExhausted,
  type Payer,
  quotaOf,
  secondsUntil,
} from "../../durable-objects/usage-meter/payment.ts";
import type { QuotaState } from "../../durable-objects/usage-meter/usage-meter.ts";
import type { AppContext } from "../http/service.ts";
import { callerAddress } from "./burst-guard.ts";

/** Whose quotas long work is taken from: a key's or an address's; null for operators, who pay nothing. */
function payerOf(c: AppContext): Payer | null {
  const caller = c.get("caller");
  switch (caller.kind) {
    case "key":
      return { kind: "key", prefix: caller.prefix, tier: caller.tier };
    case "anonymous":
      return { kind: "address", network: callerAddress(c) };
    case "admin":
      return null;
  }
}

/**
 * Takes units from a key's quotas and says in the answer's headers what is left; callers without a key are counted by the guards alone.
 * Where the key's meter does not answer, requests pass: a quota is worth less than an answer.
 * @throws ApiError rate_limit.exceeded where not that many are left
 */
export async function charge(c: AppContext, cost: number): Promise<void> {
  if (c.get("caller").kind === "key") await chargeWork(c, cost);
}

/** Takes what a request costs beyond the unit that every request has paid already. */
export function chargeRest(c: AppContext, cost: number): Promise<void> {
  return charge(c, cost - BASE_COST);
}

/**
 * Takes units for long work, calculations and history on streams, from a key's quotas or those of an address without one, as `charge`
 * does.
 * @throws ApiError rate_limit.exceeded where not that many are left
 */
export async function chargeWork(c: AppContext, cost: number): Promise<void> {
  const payer = payerOf(c);
  if (payer === null || cost <= 0) return;
  const { isGranted, quotaState } = await acquireUnits(c.env, payer, cost, (work) => c.executionCtx.waitUntil(work));
  if (!quotaState) return;
  const headers = payer.kind === "key" ? rateLimitHeaders(quotaOf(payer), quotaState) : null;
  if (isGranted) {
    if (headers) c.set("quota", headers);
    return;
  }
  const { detail, wait } = describeExhausted(payer, cost, quotaState);
  throw new ApiError("rate_limit.exceeded", detail, { headers: { "Retry-After": String(wait), ...headers } });
}

/** Takes what long work costs beyond the unit that its request has paid already, or was counted for by the guards. */
export function chargeRestOfWork(c: AppContext, cost: number): Promise<void> {
  return chargeWork(c, cost - BASE_COST);
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
