import { desc, lt } from "drizzle-orm";
import type { DrizzleD1Database } from "drizzle-orm/d1";
import type { Database } from "./database.ts";
import { auditLog } from "./schema.ts";

/** The statement that records an action; it runs inside the batch of the action itself. */
export function auditEntry(
  db: DrizzleD1Database,
  actor: { actor: string; at: string },
  action: string,
  target: string,
  detail: Record<string, unknown>,
) {
  return db.insert(auditLog).values({ at: actor.at, actor: actor.actor, action, target, detail });
}

/**
 * Records an act whose effect lies outside of the registry. To be awaited before the effect begins: after a crash an entry may
 * stand for an act that had no effect, but no effect stands without its entry.
 */
export async function recordIntent(
  database: Database,
  actor: { actor: string; at: string },
  action: string,
  target: string,
  detail: Record<string, unknown>,
): Promise<void> {
  await auditEntry(database.session, actor, action, target, detail);
}

/** The latest entries, those before the entry `before` where it is given. */
export function listAudit(database: Database, query: { limit: number; before?: number }) {
  return database.session
    .select()
    .from(auditLog)
    .where(query.before === undefined ? undefined : lt(auditLog.id, query.before))
    .orderBy(desc(auditLog.id))
    .limit(query.limit);
}
