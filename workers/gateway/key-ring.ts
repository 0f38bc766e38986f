import { prefixOfKey } from "../../core/api-key.ts";
import { isoTime } from "../../core/time.ts";
import { digestOfKey, findKey, type KnownKey, noteKeyUse } from "../../storage/api-keys.ts";
import { MemoryCache } from "../../storage/memory-cache.ts";
import { writeRegistry } from "../../storage/registry/database.ts";
import { unlessUnreachable } from "../../storage/registry/failures.ts";
import type { Caller } from "../caller.ts";

/** How long an isolate trusts what it knows of a key: a revocation holds everywhere after this, and a moment. */
export const KEY_TRUSTED_FOR_MS = 15_000;

/** A use is noted this often. */
const USE_NOTED_EVERY_MS = 300_000;

const known = new MemoryCache<KnownKey>(KEY_TRUSTED_FOR_MS, 5_000);

/** Forgets keys in this isolate, after one of them has changed. */
export function forgetKeys(): void {
  known.clear();
}

/** How a key is judged. */
interface Terms {
  /** Ask the registry, whatever is remembered: what is opened with the key outlives the trust in it. */
  fresh: boolean;
  /** Called with the work of noting the use, which nobody waits for. */
  later: (work: Promise<void>) => void;
}

/**
 * Who holds a key; null where it is unknown, expired or revoked. The registry's primary is asked, so that a key works as
 * soon as it is made.
 */
export async function holderOf(env: Env, key: string, { fresh, later }: Terms): Promise<Caller | null> {
  const prefix = prefixOfKey(key);
  if (prefix === null) return (await isAdminToken(env, key)) ? { kind: "admin", name: "admin-token" } : null;
  const trusted = fresh ? undefined : known.get(prefix);
  const found = trusted ?? (await lookUp(env, prefix));
  if (!found || !crypto.subtle.timingSafeEqual(await digestOfKey(key), found.digest)) return null;
  if (!isValid(found)) return null;
  const now = Date.now();
  const noted = found.lastUsedAt !== null && now - found.lastUsedAt < USE_NOTED_EVERY_MS;
  if (!trusted && !noted) later(noteUse(env, prefix, isoTime(now / 1000)));
  const { name, scopes, tier, expiresAt } = found;
  return { kind: "key", prefix, name, scopes, tier, expiresAt };
}

/** A key is good although its use cannot be noted. */
const noteUse = (env: Env, prefix: string, at: string): Promise<void> =>
  unlessUnreachable("noting a key's use", () => noteKeyUse(writeRegistry(env.DB), prefix, at));

/** Whether a caller may still be who it was when it was let in; the registry is asked. */
export async function holdsStill(env: Env, caller: Caller): Promise<boolean> {
  if (caller.kind !== "key") return true;
  const found = await lookUp(env, caller.prefix);
  return found !== null && isValid(found);
}

const isValid = ({ revoked, expiresAt }: KnownKey): boolean =>
  !revoked && (expiresAt === null || expiresAt > Date.now());

/** Nothing is remembered of a prefix that is unknown: its key may just be being made. */
async function lookUp(env: Env, prefix: string): Promise<KnownKey | null> {
  const found = await findKey(writeRegistry(env.DB), prefix);
  if (found) known.set(prefix, found);
  return found;
}

/** Compares digests, in a time that says nothing of where they differ. */
async function isAdminToken(env: Env, key: string): Promise<boolean> {
  if (!env.ADMIN_TOKEN) return false;
  const [presented, token] = await Promise.all([digestOfKey(key), digestOfKey(env.ADMIN_TOKEN)]);
  return crypto.subtle.timingSafeEqual(presented, token);
}
