import { createMiddleware } from "hono/factory";
import { ApiError } from "../../../contracts/problem.ts";
import type { AppEnv } from "../../service.ts";

/** As `[[ratelimits]]` in wrangler.toml has it. */
const LIMIT = 100;
const PERIOD_SECONDS = 10;
const POLICY = `"burst";q=${LIMIT};w=${PERIOD_SECONDS}`;

const UNGUARDED = new Set(["/health", "/ready"]);

/** Slows anonymous callers that ask more than 100 times in ten seconds from one address. */
export const burstGuard = createMiddleware<AppEnv>(async function burstGuard(c, next) {
  if (c.var.caller.kind === "anonymous" && !UNGUARDED.has(c.req.path)) {
    const address = c.req.header("CF-Connecting-IP") ?? "unknown";
    const { success } = await c.env.BURST_GUARD.limit({ key: address });
    if (!success) {
      throw new ApiError(
        "rate_limit.exceeded",
        `At most ${LIMIT} requests in ${PERIOD_SECONDS} seconds without a key.`,
        {
          headers: {
            "Retry-After": String(PERIOD_SECONDS),
            RateLimit: `"burst";r=0;t=${PERIOD_SECONDS}`,
            "RateLimit-Policy": POLICY,
          },
        },
      );
    }
  }
  await next();
});
