import { and, eq, gt, isNull, lt, or } from "drizzle-orm";
import type { Database } from "./database.ts";
import { idempotencyKeys } from "./schema.ts";

/** After this a request that never finished is taken for dead, and its key may begin again. */
const ABANDONED_AFTER_MS = 60_000;
/** How long an answer is kept for repetition. */
const KEPT_FOR_MS = 86_400_000;

/** What an Idempotency-Key means for a request. */
export type Claim =
  | { kind: "first" }
  | { kind: "repeat"; status: number; answer: string }
  | { kind: "other_request" }
  | { kind: "in_flight" };

/** An Idempotency-Key as its caller alone can use it: those of different callers never meet. Neither part has blanks. */
export const keyOfCaller = (caller: string, key: string): string => `${caller} ${key}`;

/** Claims a key for a request with this fingerprint, or says why it cannot be had. */
export async function claimKey(registry: Database, key: string, fingerprint: string, now: number): Promise<Claim> {
  const { session } = registry;
  const dead = or(
    and(isNull(idempotencyKeys.status), lt(idempotencyKeys.createdAt, now - ABANDONED_AFTER_MS)),
    // Claimed ahead of a clock that was set back.
    and(isNull(idempotencyKeys.status), gt(idempotencyKeys.createdAt, now + ABANDONED_AFTER_MS)),
    lt(idempotencyKeys.createdAt, now - KEPT_FOR_MS),
  );
  const claimed = await session
    .insert(idempotencyKeys)
    .values({ key, fingerprint, createdAt: now })
    .onConflictDoUpdate({
      target: idempotencyKeys.key,
      set: { fingerprint, status: null, answer: null, createdAt: now },
      setWhere: dead,
    })
    .returning({ key: idempotencyKeys.key });
  if (claimed.length > 0) return { kind: "first" };
  const held = await session.select().from(idempotencyKeys).where(eq(idempotencyKeys.key, key)).get();
  if (!held) return { kind: "in_flight" };
  if (held.fingerprint !== fingerprint) return { kind: "other_request" };
  if (held.status === null || held.answer === null) return { kind: "in_flight" };
  return { kind: "repeat", status: held.status, answer: held.answer };
}

/** The statement that records a claimed request's answer; it runs inside the batch of the request's own deed. */
export function completeKey(registry: Database, key: string, status: number, answer: string) {
  return registry.session.update(idempotencyKeys).set({ status, answer }).where(eq(idempotencyKeys.key, key));
}

/** Returns a claimed key back after the request failed, so that it may be tried again. */
export async function releaseKey(registry: Database, key: string): Promise<void> {
  await registry.session
    .delete(idempotencyKeys)
    .where(and(eq(idempotencyKeys.key, key), isNull(idempotencyKeys.status)));
}

/** Forgets keys that are older than a day. */
export async function deleteExpiredKeys(registry: Database, now: number): Promise<void> {
  await registry.session.delete(idempotencyKeys).where(lt(idempotencyKeys.createdAt, now - KEPT_FOR_MS));
}
