import { and, eq, gt, isNull, lt, or } from "drizzle-orm";
import type { Database } from "./database.ts";
import { idempotencyKeys } from "./schema.ts";

/** After this a request that never finished is taken for dead, and its key may begin again. */
const ABANDONED_AFTER_MS = 60_000;
/** How long an answer is kept for repetition. */
const RETENTION_MS = 86_400_000;

/** What an Idempotency-Key means for a request. */
export type Claim =
  | { kind: "first" }
  | { kind: "repeat"; status: number; answer: string }
  | { kind: "other_request" }
  | { kind: "in_flight" };

/** An Idempotency-Key as its caller alone can use it: those of different callers never meet. Neither part has blanks. */
export const keyOfCaller = (caller: string, key: string): string => `${caller} ${key}`;

/** Claims a key for a request with this fingerprint, or says why it cannot be had. */
export async function claimKey(database: Database, key: string, fingerprint: string, now: number): Promise<Claim> {
  const { session } = database;
  const expired = or(
    and(isNull(idempotencyKeys.status), lt(idempotencyKeys.createdAt, now - ABANDONED_AFTER_MS)),
    // Claimed ahead of a clock that was set back.
    and(isNull(idempotencyKeys.status), gt(idempotencyKeys.createdAt, now + ABANDONED_AFTER_MS)),
    lt(idempotencyKeys.createdAt, now - RETENTION_MS),
  );
  const claimed = await session
    .insert(idempotencyKeys)
    .values({ key, fingerprint, createdAt: now })
    .onConflictDoUpdate({
      target: idempotencyKeys.key,
      set: { fingerprint, status: null, answer: null, createdAt: now },
      setWhere: expired,
    })
    .returning({ key: idempotencyKeys.key });
  if (claimed.length > 0) return { kind: "first" };
  const existing = await session.select().from(idempotencyKeys).where(eq(idempotencyKeys.key, key)).get();
  if (!existing) return { kind: "in_flight" };
  if (existing.fingerprint !== fingerprint) return { kind: "other_request" };
  if (existing.status === null || existing.answer === null) return { kind: "in_flight" };
  return { kind: "repeat", status: existing.status, answer: existing.answer };
}

/** The statement that records a claimed request's answer; it runs inside the batch of the request's own action. */
export function completeKey(database: Database, key: string, status: number, answer: string) {
  return database.session.update(idempotencyKeys).set({ status, answer }).where(eq(idempotencyKeys.key, key));
}

/** Releases a claimed key after the request failed, so that it may be tried again. */
export async function releaseKey(database: Database, key: string): Promise<void> {
  await database.session
    .delete(idempotencyKeys)
    .where(and(eq(idempotencyKeys.key, key), isNull(idempotencyKeys.status)));
}

/** Forgets keys that are older than a day. */
export async function deleteExpiredKeys(database: Database, now: number): Promise<void> {
  await database.session.delete(idempotencyKeys).where(lt(idempotencyKeys.createdAt, now - RETENTION_MS));
}
