import { prefixOfKey } from "../../core/api-key.ts";
import { isoTime } from "../../core/time.ts";
import { type ApiKeyRecord, digestOfKey, findKey, recordKeyUse } from "../../storage/api-keys.ts";
import { openPrimary } from "../../storage/database.ts";
import { MemoryCache } from "../../storage/memory-cache.ts";
import { unlessUnreachable } from "../../storage/registry/failures.ts";
import type { Caller } from "./caller.ts";

/** How long an isolate trusts what it knows of a key: a revocation holds everywhere after this, and a moment. */
export const KEY_CACHE_MS = 15_000;

/** A use is noted this often. */
const LAST_USED_INTERVAL_MS = 300_000;

const cachedKeys = new MemoryCache<ApiKeyRecord>(KEY_CACHE_MS, 5_000);

/** Forgets keys in this isolate, after one of them has changed. */
export function clearKeys(): void {
  cachedKeys.clear();
}

/** How a key is checked. */
interface AuthenticateOptions {
  /** Ask the registry, whatever is remembered: what is opened with the key outlives the trust in it. */
  skipCache: boolean;
  /** Called with the work of recording the use, which no client waits for. */
  waitUntil: (work: Promise<void>) => void;
}

/**
 * Who holds a key; null where it is unknown, expired or revoked. The registry's primary is asked, so that a key works as
 * soon as it is made.
 */
export async function authenticate(
  env: Env,
  key: string,
  { skipCache, waitUntil }: AuthenticateOptions,
): Promise<Caller | null> {
  const prefix = prefixOfKey(key);
  if (prefix === null) return (await isAdminToken(env, key)) ? { kind: "admin", name: "admin-token" } : null;
  const cached = skipCache ? undefined : cachedKeys.get(prefix);
  const found = cached ?? (await readKey(env, prefix));
  if (!found || !crypto.subtle.timingSafeEqual(await digestOfKey(key), found.digest)) return null;
  if (!isValid(found)) return null;
  const now = Date.now();
  const isRecentlyRecorded = found.lastUsedAt !== null && now - found.lastUsedAt < LAST_USED_INTERVAL_MS;
  if (!cached && !isRecentlyRecorded) waitUntil(recordUse(env, prefix, isoTime(now / 1000)));
  const { name, scopes, tier, expiresAt } = found;
  return { kind: "key", prefix, name, scopes, tier, expiresAt };
}

/** A key is good although its use cannot be recorded. */
const recordUse = (env: Env, prefix: string, at: string): Promise<void> =>
  unlessUnreachable("recording a key's use", () => recordKeyUse(openPrimary(env.DB), prefix, at));

/** Whether a caller may still be who it was when it was let in; the registry is asked. */
export async function isStillValid(env: Env, caller: Caller): Promise<boolean> {
  if (caller.kind !== "key") return true;
  const found = await readKey(env, caller.prefix);
  return found !== null && isValid(found);
}

const isValid = ({ revoked, expiresAt }: ApiKeyRecord): boolean =>
  !revoked && (expiresAt === null || expiresAt > Date.now());

/** Nothing is remembered of a prefix that is unknown: its key may just be being made. */
async function readKey(env: Env, prefix: string): Promise<ApiKeyRecord | null> {
  const found = await findKey(openPrimary(env.DB), prefix);
  if (found) cachedKeys.set(prefix, found);
  return found;
}

/** Compares digests, in a time that says nothing of where they differ. */
async function isAdminToken(env: Env, key: string): Promise<boolean> {
  if (!env.ADMIN_TOKEN) return false;
  const [presented, token] = await Promise.all([digestOfKey(key), digestOfKey(env.ADMIN_TOKEN)]);
  return crypto.subtle.timingSafeEqual(presented, token);
}
