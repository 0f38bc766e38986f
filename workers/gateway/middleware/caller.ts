import { createMiddleware } from "hono/factory";
import { ApiError } from "../../../contracts/problem.ts";
import { MemoryCache } from "../../../storage/memory-cache.ts";
import type { AppContext, AppEnv } from "../../service.ts";
import { CHALLENGE } from "../challenge.ts";
import { holderOf } from "../key-ring.ts";
import { addressOf, BURST_SECONDS } from "./burst-guard.ts";
import { presentedKey } from "./presented-key.ts";

/** Addresses that keep sending keys that are none; their keys are not looked at for a while. */
const guessing = new MemoryCache<true>(BURST_SECONDS * 1000, 10_000);

/** Finds out who asks. A key that is wrong is refused even where none is needed: its sender believes in it. */
export const identifyCaller = createMiddleware<AppEnv>(async function identifyCaller(c, next) {
  const presented = presentedKey(c.req.raw.headers);
  if (presented === "malformed") {
    throw new ApiError("auth.invalid", "The Authorization header must read `Bearer <key>`.", { headers: CHALLENGE });
  }
  c.set("caller", presented === null ? { kind: "anonymous" } : await known(c, presented.key));
  await next();
});

async function known(c: AppContext, key: string) {
  const address = addressOf(c);
  if (guessing.get(address)) throw tooManyGuesses();
  const caller = await holderOf(c.env, key, (work) => c.executionCtx.waitUntil(work));
  if (caller) return caller;
  const { success } = await c.env.BURST_GUARD.limit({ key: `refused:${address}` });
  if (!success) guessing.set(address, true);
  throw new ApiError("auth.invalid", "The key is unknown, expired or revoked.", { headers: CHALLENGE });
}

function tooManyGuesses(): ApiError {
  return new ApiError("rate_limit.exceeded", "Too many keys from your address were unknown, expired or revoked.", {
    headers: { "Retry-After": String(BURST_SECONDS) },
  });
}
