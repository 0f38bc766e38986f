import { ApiError } from "../../../contracts/problem.ts";
import type { AppContext } from "../../service.ts";

/** A window of the platform's own counters, as `[[ratelimits]]` in wrangler.toml has it. */
interface Guard {
  name: "burst" | "minute";
  limit: number;
  seconds: number;
}

export const BURST_SECONDS = 10;

const BURST: Guard = { name: "burst", limit: 100, seconds: BURST_SECONDS };
const MINUTE: Guard = { name: "minute", limit: 600, seconds: 60 };

/** What those who watch the platform ask; it costs next to nothing. */
export const UNGUARDED: ReadonlySet<string> = new Set(["/health", "/ready"]);

/** The address that a request came from, as the network in front of the Worker has it. */
export function addressOf(c: AppContext): string {
  return c.req.header("CF-Connecting-IP") ?? "unknown";
}

/** Slows anonymous callers that ask more than 100 times in ten seconds, or 600 times in a minute, from one address. */
export function burstGuard(c: AppContext): void | Promise<void> {
  if (c.get("caller").kind === "anonymous" && !UNGUARDED.has(c.req.path)) return askGuards(c);
}

async function askGuards(c: AppContext): Promise<void> {
  const key = addressOf(c);
  const [burst, minute] = await Promise.all([c.env.BURST_GUARD.limit({ key }), c.env.MINUTE_GUARD.limit({ key })]);
  if (!burst.success) throw exceeded(BURST);
  if (!minute.success) throw exceeded(MINUTE);
}

function exceeded({ name, limit, seconds }: Guard): ApiError {
  return new ApiError("rate_limit.exceeded", `At most ${limit} requests in ${seconds} seconds without a key.`, {
    headers: {
      "Retry-After": String(seconds),
      RateLimit: `"${name}";r=0;t=${seconds}`,
      "RateLimit-Policy": `"${name}";q=${limit};w=${seconds}`,
    },
  });
}
