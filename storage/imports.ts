import { and, eq, ne, sql } from "drizzle-orm";
import type { Adjustment } from "../contracts/candle.ts";
import type { Interval } from "../core/interval.ts";
import { auditEntry } from "./audit-log.ts";
import type { Database } from "./database.ts";
import type { AuditActor } from "./registry/writes.ts";
import { imports } from "./schema.ts";

/** An import as the registry keeps it. */
export type ImportRow = typeof imports.$inferSelect;

/** What an import is: which candles, from where. */
export interface NewImport {
  id: string;
  symbol: string;
  interval: Interval;
  adjustment: Adjustment;
  /** A day, as `2026-11-20`; null where it is not said. */
  adjustedAsOf: string | null;
  file: string | null;
  sha256: string;
  rows: number | null;
}

/** What came of beginning an import: it runs, or it is being deleted, or `other`, of another adjustment, has not ended. */
export type BeginResult =
  | { kind: "running"; row: ImportRow }
  | { kind: "deleting" }
  | { kind: "conflict"; other: ImportRow };

/** What a chunk did, and the stamps of its first and last candle (unix seconds); null where it had none. */
export interface ImportProgress {
  stored: number;
  replaced: number;
  unchanged: number;
  refused: number;
  first: number | null;
  last: number | null;
}

/**
 * Begins an import, or goes on with it. What it is known by stays as it was at first, but for a day of adjustment that is said now.
 * Its adjustment is the row's: an operator may have corrected it since.
 */
export async function beginImport(database: Database, of: NewImport, actor: AuditActor): Promise<BeginResult> {
  const { session } = database;
  const known = await findImport(database, of.id);
  if (known?.status === "deleting") return { kind: "deleting" };
  const others = await session
    .select()
    .from(imports)
    .where(
      and(
        eq(imports.symbol, of.symbol),
        eq(imports.interval, of.interval),
        eq(imports.status, "running"),
        ne(imports.id, of.id),
        ne(imports.adjustment, known?.adjustment ?? of.adjustment),
      ),
    )
    .limit(1);
  if (others.length > 0) return { kind: "conflict", other: others[0] };
  const counts = { stored: 0, replaced: 0, unchanged: 0, refused: 0 };
  const [row] = await session
    .insert(imports)
    .values({ ...of, ...counts, status: "running", first: null, last: null, actor: actor.actor, startedAt: actor.at })
    .onConflictDoUpdate({
      target: imports.id,
      set: {
        status: "running",
        endedAt: null,
        adjustedAsOf: sql`coalesce(excluded.adjusted_as_of, ${imports.adjustedAsOf})`,
      },
      setWhere: ne(imports.status, "deleting"),
    })
    .returning();
  // It was marked in the meantime.
  return row ? { kind: "running", row } : { kind: "deleting" };
}

/** The statement that adds what a chunk did to its import. */
export function addProgress(database: Database, id: string, progress: ImportProgress) {
  const { stored, replaced, unchanged, refused, first, last } = progress;
  return database.session
    .update(imports)
    .set({
      stored: sql`${imports.stored} + ${stored}`,
      replaced: sql`${imports.replaced} + ${replaced}`,
      unchanged: sql`${imports.unchanged} + ${unchanged}`,
      refused: sql`${imports.refused} + ${refused}`,
      first: first === null ? undefined : sql`min(coalesce(${imports.first}, ${first}), ${first})`,
      last: last === null ? undefined : sql`max(coalesce(${imports.last}, ${last}), ${last})`,
    })
    .where(eq(imports.id, id));
}

/** Ends an import that runs. One that does not is left as it is. */
export async function endImport(
  database: Database,
  id: string,
  status: "done" | "failed",
  at: string,
  adjustedAsOf?: string | null,
): Promise<void> {
  await database.session
    .update(imports)
    .set({ status, endedAt: at, adjustedAsOf })
    .where(and(eq(imports.id, id), eq(imports.status, "running")));
}

/** An import, or null where there is none of this id. */
export async function findImport(database: Database, id: string): Promise<ImportRow | null> {
  const rows = await database.session.select().from(imports).where(eq(imports.id, id)).limit(1);
  return rows[0] ?? null;
}

/** What the audit log says of an import beside its action. */
const describe = ({ symbol, interval, adjustment, file }: ImportRow) => ({ symbol, interval, adjustment, file });

/** Marks an import as one to delete, with the entry in the audit log; one that is marked already gets no second entry. */
export async function markDeleting(database: Database, row: ImportRow, actor: AuditActor): Promise<void> {
  if (row.status === "deleting") return;
  const { session } = database;
  await session.batch([
    session.update(imports).set({ status: "deleting", endedAt: actor.at }).where(eq(imports.id, row.id)),
    auditEntry(session, actor, "import.delete", row.id, describe(row)),
  ]);
}

/** Forgets an import of which nothing is left. */
export async function removeImport(database: Database, id: string): Promise<void> {
  await database.session.delete(imports).where(and(eq(imports.id, id), eq(imports.status, "deleting")));
}

/**
 * Changes what an import says of its adjustment, with the entry in the audit log.
 * @param adjustedAsOf a day, as `2026-11-20`; null where none is known
 */
export async function changeAdjustment(
  database: Database,
  row: ImportRow,
  adjustment: Adjustment,
  adjustedAsOf: string | null,
  actor: AuditActor,
): Promise<void> {
  const { session } = database;
  const detail = {
    symbol: row.symbol,
    interval: row.interval,
    adjustment,
    adjusted_as_of: adjustedAsOf,
    before: { adjustment: row.adjustment, adjusted_as_of: row.adjustedAsOf },
  };
  await session.batch([
    session
      .update(imports)
      .set({ adjustment, adjustedAsOf })
      .where(and(eq(imports.id, row.id), ne(imports.status, "deleting"))),
    auditEntry(session, actor, "import.change", row.id, detail),
  ]);
}
