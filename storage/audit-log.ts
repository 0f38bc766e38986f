import { desc, lt } from "drizzle-orm";
import type { DrizzleD1Database } from "drizzle-orm/d1";
import type { Registry } from "./registry/database.ts";
import { auditLog } from "./registry/schema.ts";

/** The statement that records a deed; it belongs into the batch of the deed itself. */
export function auditEntry(
  db: DrizzleD1Database,
  act: { actor: string; at: string },
  action: string,
  target: string,
  detail: Record<string, unknown>,
) {
  return db.insert(auditLog).values({ at: act.at, actor: act.actor, action, target, detail });
}

/**
 * Records an act whose effect lies outside of the registry. To be awaited before the effect begins: after a crash an entry may
 * stand for an act that had no effect, but no effect stands without its entry.
 */
export async function recordIntent(
  registry: Registry,
  act: { actor: string; at: string },
  action: string,
  target: string,
  detail: Record<string, unknown>,
): Promise<void> {
  await auditEntry(registry.db, act, action, target, detail);
}

/** The latest entries, those before the entry `before` where it is given. */
export function listAudit(registry: Registry, query: { limit: number; before?: number }) {
  return registry.db
    .select()
    .from(auditLog)
    .where(query.before === undefined ? undefined : lt(auditLog.id, query.before))
    .orderBy(desc(auditLog.id))
    .limit(query.limit);
}
