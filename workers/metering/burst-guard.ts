import { ApiError } from "../../contracts/problem.ts";
import { ANONYMOUS_BURST } from "../../contracts/usage.ts";
import { count } from "../../observability/metrics/collector.ts";
import { callerNetwork } from "../auth/caller-address.ts";
import type { AppContext } from "../http/service.ts";

/** A window of the platform's own counters, as `[[ratelimits]]` in wrangler.toml has it. */
interface Guard {
  name: "burst" | "minute";
  limit: number;
  seconds: number;
}

export const BURST_SECONDS = ANONYMOUS_BURST.seconds;

const BURST: Guard = { name: "burst", ...ANONYMOUS_BURST };
const MINUTE: Guard = { name: "minute", limit: 600, seconds: 60 };

/** What those who watch the platform ask; it costs next to nothing. */
export const UNGUARDED: ReadonlySet<string> = new Set(["/health", "/ready"]);

/** What callers without a key are held to (draft-ietf-httpapi-ratelimit-headers). */
const POLICY = [BURST, MINUTE].map(({ name, limit, seconds }) => `"${name}";q=${limit};w=${seconds}`).join(", ");
const WITH_POLICY = Object.freeze({ "RateLimit-Policy": POLICY });

/** The network that a request came from, by which callers without a key are counted. */
export function addressOf(c: AppContext): string {
  return callerNetwork(c.req.raw.headers, c.env);
}

/**
 * Whether a guard lets a key pass. A guard that fails lets everyone pass, and is counted: a limit is worth less than an answer.
 */
export async function passesGuard(guard: RateLimit, key: string): Promise<boolean> {
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
  if (!UNGUARDED.has(c.req.path)) return askGuards(c);
}

async function askGuards(c: AppContext): Promise<void> {
  const key = addressOf(c);
  const [burst, minute] = await Promise.all([
    passesGuard(c.env.BURST_GUARD, key),
    passesGuard(c.env.MINUTE_GUARD, key),
  ]);
  if (!burst) throw exceeded(BURST);
  if (!minute) throw exceeded(MINUTE);
}

function exceeded({ name, limit, seconds }: Guard): ApiError {
  return new ApiError("rate_limit.exceeded", `At most ${limit} requests in ${seconds} seconds without a key.`, {
    headers: {
      "Retry-After": String(seconds),
      RateLimit: `"${name}";r=0;t=${seconds}`,
      ...WITH_POLICY,
    },
  });
}
