import { ApiError } from "../../contracts/problem.ts";
import { MemoryCache } from "../../storage/memory-cache.ts";
import type { AppContext } from "../http/service.ts";
import { BURST_SECONDS, callerAddress, isWithinLimit } from "./burst-guard.ts";

/** Addresses that keep sending keys or tickets that are none; they are not looked at for a while. */
const blockedAddresses = new MemoryCache<true>(BURST_SECONDS * 1000, 10_000);

/** @throws ApiError rate_limit.exceeded where an address has sent too many keys or tickets that are none */
export function checkFailedAttempts(c: AppContext): void {
  if (!blockedAddresses.get(callerAddress(c))) return;
  throw new ApiError("rate_limit.exceeded", "Too many keys from your address were unknown, expired or revoked.", {
    headers: { "Retry-After": String(BURST_SECONDS) },
  });
}

/** Counts a key or a ticket that is none against its address. */
export async function recordFailedAttempt(c: AppContext): Promise<void> {
  const address = callerAddress(c);
  if (!(await isWithinLimit(c.env.BURST_GUARD, `refused:${address}`))) blockedAddresses.set(address, true);
}
