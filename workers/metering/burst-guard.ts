import { ApiError } from "../../contracts/problem.ts";
import { ANONYMOUS_BURST } from "../../contracts/usage.ts";
import { count } from "../../observability/metrics/collector.ts";
import { callerNetwork } from "../auth/caller-address.ts";
import type { AppContext } from "../http/service.ts";

/** A window of the platform's own counters, as `[[ratelimits]]` in wrangler.toml has it. */
interface RateGuard {
  name: "burst" | "minute";
  limit: number;
  seconds: number;
}

export const BURST_SECONDS = ANONYMOUS_BURST.seconds;

const BURST: RateGuard = { name: "burst", ...ANONYMOUS_BURST };
const MINUTE: RateGuard = { name: "minute", limit: 600, seconds: 60 };

/** What those who watch the platform ask; it costs next to nothing. */
export const UNGUARDED: ReadonlySet<string> = new Set(["/health", "/ready"]);

/** What callers without a key are held to (draft-ietf-httpapi-ratelimit-headers). */
const POLICY = [BURST, MINUTE].map(({ name, limit, seconds }) => `"${name}";q=${limit};w=${seconds}`).join(", ");
const WITH_POLICY = Object.freeze({ "RateLimit-Policy": POLICY });

/** The network that a request came from, by which callers without a key are counted. */
export function callerAddress(c: AppContext): string {
  return callerNetwork(c.req.raw.headers, c.env);
}

/**
 * Whether a guard lets a key pass. A guard that fails lets everyone pass, and is counted: a limit is worth less than an answer.
 */
export async function isWithinLimit(guard: RateLimit, key: string): Promise<boolean> {
  try {
    return (await guard.limit({ key })).success;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    count("wizdata_guard_failures_total", {});
    return true;
  }
}

/** Slows anonymous callers that ask more than 100 times in ten seconds, or 600 times in a minute, from one address. */
export function burstGuard(c: AppContext): void | Promise<void> {
  if (c.get("caller").kind !== "anonymous") return;
  c.set("quota", WITH_POLICY);
  if (!UNGUARDED.has(c.req.path)) return checkGuards(c);
}

async function checkGuards(c: AppContext): Promise<void> {
  const key = callerAddress(c);
  const [burst, minute] = await Promise.all([
    isWithinLimit(c.env.BURST_GUARD, key),
    isWithinLimit(c.env.MINUTE_GUARD, key),
  ]);
  if (!burst) throw limitExceeded(BURST);
  if (!minute) throw limitExceeded(MINUTE);
}

function limitExceeded({ name, limit, seconds }: RateGuard): ApiError {
  return new ApiError("rate_limit.exceeded", `At most ${limit} requests in ${seconds} seconds without a key.`, {
    headers: {
      "Retry-After": String(seconds),
      RateLimit: `"${name}";r=0;t=${seconds}`,
      ...WITH_POLICY,
    },
  });
}
