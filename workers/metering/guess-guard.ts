import { ApiError } from "../../contracts/problem.ts";
import { MemoryCache } from "../../storage/memory-cache.ts";
import type { AppContext } from "../http/service.ts";
import { addressOf, BURST_SECONDS, passesGuard } from "./burst-guard.ts";

/** Addresses that keep sending keys or tickets that are none; they are not looked at for a while. */
const guessing = new MemoryCache<true>(BURST_SECONDS * 1000, 10_000);

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
