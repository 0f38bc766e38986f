import type { DrizzleD1Database } from "drizzle-orm/d1";
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
