import { ApiError } from "../../../contracts/problem.ts";
import { MemoryCache } from "../../../storage/memory-cache.ts";
import { authenticate } from "../../auth/api-keys.ts";
import { CHALLENGE } from "../../auth/challenge.ts";
import { presentedKey } from "../../auth/presented-key.ts";
import type { AppContext } from "../../http/service.ts";
import { addressOf, BURST_SECONDS, passesGuard } from "../../metering/burst-guard.ts";

/** Addresses that keep sending keys or tickets that are none; they are not looked at for a while. */
const guessing = new MemoryCache<true>(BURST_SECONDS * 1000, 10_000);

/** Finds out who asks. A key that is wrong is refused even where none is needed: its sender believes in it. */
export function identifyCaller(c: AppContext): void | Promise<void> {
  const presented = presentedKey(c.req.raw.headers);
  if (presented === "malformed") {
    throw new ApiError("auth.invalid", "The Authorization header must read `Bearer <key>`.", { headers: CHALLENGE });
  }
  if (presented !== null) return identify(c, presented.key);
  c.set("caller", { kind: "anonymous" });
}

/** Whether the answer would stay open: no client asks again who reads it. */
const opensStream = (c: AppContext): boolean =>
  c.req.header("Upgrade") !== undefined || c.req.path.startsWith("/stream/");

async function identify(c: AppContext, key: string): Promise<void> {
  checkGuesses(c);
  const fresh = opensStream(c);
  const caller = await authenticate(c.env, key, { fresh, later: (work) => c.executionCtx.waitUntil(work) });
  if (caller) return c.set("caller", caller);
  await noteGuess(c);
  throw new ApiError("auth.invalid", "The key is unknown, expired or revoked.", { headers: CHALLENGE });
}

/** @throws ApiError rate_limit.exceeded where an address has sent too many keys or tickets that are none */
export function checkGuesses(c: AppContext): void {
  if (!guessing.get(addressOf(c))) return;
  throw new ApiError("rate_limit.exceeded", "Too many keys from your address were unknown, expired or revoked.", {
    headers: { "Retry-After": String(BURST_SECONDS) },
  });
}

/** Counts a key or a ticket that is none against its address. */
export async function noteGuess(c: AppContext): Promise<void> {
  const address = addressOf(c);
  if (!(await passesGuard(c.env.BURST_GUARD, `refused:${address}`))) guessing.set(address, true);
}
