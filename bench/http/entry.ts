import { Hono } from "hono";
import worker from "../../workers/index.ts";

export * from "../../workers/index.ts";

/** What no one can be faster than: the same framework and runtime, with one route and nothing before it. */
const empty = new Hono();
empty.get("/empty", (c) => c.text("ok"));

type Guard = { limit: (options: RateLimitOptions) => Promise<RateLimitOutcome> };

const PASSED = { success: true };

/** A guard that lets everybody pass at once: the runtime's local stand-in for rate-limit bindings is slow, unlike the real ones. */
const OPEN: Guard = { limit: async () => PASSED };

/** The stand-in is asked, for what it costs, and whatever it says everybody passes. */
const recordCall = (guard: RateLimit): Guard => ({
  limit: async (options) => {
    await guard.limit(options);
    return PASSED;
  },
});

let bindings: Env | undefined;

const isGuard = (value: unknown): value is RateLimit =>
  typeof value === "object" && value !== null && "limit" in value && typeof value.limit === "function";

/** The Worker's bindings, with guards that let everybody pass; the variable `GUARDS` says whether the stand-ins are asked first. */
function bindingsOf(env: Env): Env {
  const isOpen = "GUARDS" in env && env.GUARDS === "open";
  const guards = Object.entries(env).flatMap(([name, value]: [string, unknown]) => {
    if (!name.endsWith("_GUARD") || !isGuard(value)) return [];
    return [[name, isOpen ? OPEN : recordCall(value)] as const];
  });
  return { ...env, ...Object.fromEntries(guards) };
}

export default {
  ...worker,
  fetch(request, env, context) {
    if (request.url.endsWith("/empty")) return empty.fetch(request, env, context);
    bindings ??= bindingsOf(env);
    return worker.fetch(request, bindings, context);
  },
} satisfies ExportedHandler<Env>;
