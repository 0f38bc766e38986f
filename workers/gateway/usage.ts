import { createRoute, z } from "@hono/zod-openapi";
import { NO_QUERY } from "../../contracts/parameters.ts";
import { ApiError } from "../../contracts/problem.ts";
import { QUOTAS, UsageSchema } from "../../contracts/usage.ts";
import type { Quota } from "../../core/scheduling/quota.ts";
import { isoTime } from "../../core/time.ts";
import { unspentOf } from "../../durable-objects/usage-meter/payment.ts";
import type { QuotaState } from "../../durable-objects/usage-meter/usage-meter.ts";
import { logError } from "../../observability/log.ts";
import { envelope, problemResponses } from "../http/responses.ts";
import { createService } from "../http/service.ts";

const route = createRoute({
  method: "get",
  path: "/usage",
  operationId: "getUsage",
  summary: "What your key has used of its quotas",
  description:
    "Any key may ask, and asking costs nothing. The edge takes units in small blocks, so `used` may be a few units ahead of your requests.",
  tags: ["Operations"],
  request: { query: NO_QUERY },
  responses: {
    200: {
      description: "Limits, used and left in the running minute and day",
      content: {
        "application/json": {
          schema: z
            .object({ success: z.literal(true), data: UsageSchema, timestamp: z.string() })
            .openapi("UsageAnswer"),
        },
      },
    },
    ...problemResponses(400, 429, 503),
  },
});

import { isWithinLimit } from "../metering/burst-guard.ts";

/** The route by which a key learns what it has used. */
export const usage = createService();

usage.openapi(route, async (c) => {
  const { caller } = c.var;
  if (caller.kind !== "key") {
    throw new ApiError("auth.forbidden", "The admin token has no quotas. Ask with a key.");
  }
  const { prefix, name, tier } = caller;
  if (!(await isWithinLimit(c.env.BURST_GUARD, `usage:${prefix}`))) {
    throw new ApiError("rate_limit.exceeded", "Ask less often; every answer has the RateLimit header too.", {
      headers: { "Retry-After": "10" },
    });
  }
  const limits = QUOTAS[tier];
  const state = await quotaStateOf(c.env, prefix, limits);
  const windowOf = (window: "minute" | "day") => {
    const limit = limits[window];
    const left = Math.min(limit, state.left[window] + unspentOf(prefix));
    return { limit, used: limit - left, left, resets_at: isoTime(state.resets[window]) };
  };
  c.header("Cache-Control", "no-store");
  return c.json(envelope({ prefix, name, tier, minute: windowOf("minute"), day: windowOf("day") }), 200);
});

async function quotaStateOf(env: Env, prefix: string, limits: Quota): Promise<QuotaState> {
  try {
    return await env.USAGE_METER.getByName(prefix).quotaState(limits);
  } catch (error) {
    logError("a usage meter failed", error, { key_prefix: prefix });
    throw new ApiError("service.unavailable", "What your key has used is not known for the moment.", {
      headers: { "Retry-After": "5" },
    });
  }
}
