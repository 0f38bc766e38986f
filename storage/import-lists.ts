import { and, desc, eq, lt, ne, or, sql } from "drizzle-orm";
import type { Database } from "./database.ts";
import type { ImportRow } from "./imports.ts";
import { imports } from "./schema.ts";

/** Where a page of imports ended. */
export interface ImportPosition {
  startedAt: string;
  id: string;
}

/** Imports, the latest first, and whether there are more. */
export async function listImports(
  database: Database,
  query: { symbol?: string; limit: number; before?: ImportPosition },
): Promise<{ rows: ImportRow[]; more: boolean }> {
  const { symbol, limit, before } = query;
  const rows = await database.session
    .select()
    .from(imports)
    .where(
      and(
        symbol === undefined ? undefined : eq(imports.symbol, symbol),
        before &&
          or(
            lt(imports.startedAt, before.startedAt),
            and(eq(imports.startedAt, before.startedAt), lt(imports.id, before.id)),
          ),
      ),
    )
    .orderBy(desc(imports.startedAt), desc(imports.id))
    .limit(limit + 1);
  return { rows: rows.slice(0, limit), more: rows.length > limit };
}

/** The import of a symbol that began last of those that have candles or may yet, but for the one with the id `except`; null where there is none. */
export async function lastImportOf(database: Database, symbol: string, except = ""): Promise<ImportRow | null> {
  const rows = await database.session
    .select()
    .from(imports)
    .where(
      and(
        eq(imports.symbol, symbol),
        ne(imports.id, except),
        or(eq(imports.status, "running"), sql`${imports.stored} + ${imports.replaced} > 0`),
      ),
    )
    .orderBy(desc(imports.startedAt), desc(imports.id))
    .limit(1);
  return rows[0] ?? null;
}

/** Imports that are being deleted, those that began first before the others. */
export function listDeleting(database: Database, limit: number): Promise<ImportRow[]> {
  const { session } = database;
  return session.select().from(imports).where(eq(imports.status, "deleting")).orderBy(imports.endedAt).limit(limit);
}
