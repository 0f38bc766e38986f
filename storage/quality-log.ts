import { count, desc, eq, lt } from "drizzle-orm";
import type { Database } from "./database.ts";
import { qualityDecisions } from "./schema.ts";

/** One decision of the data-quality checks. */
export type QualityDecision = Omit<typeof qualityDecisions.$inferSelect, "id">;

/** Rows of one INSERT: D1 takes a hundred parameters. */
const ROWS_PER_INSERT = 10;

/** Records decisions; the same anomaly of the same candle is recorded once. */
export async function recordDecisions(database: Database, decisions: readonly QualityDecision[]): Promise<void> {
  for (let i = 0; i < decisions.length; i += ROWS_PER_INSERT) {
    const rows = decisions.slice(i, i + ROWS_PER_INSERT);
    await database.session.insert(qualityDecisions).values(rows).onConflictDoNothing();
  }
}

/** The latest decisions, of one symbol or of all, and how many there are by check. */
export async function listDecisions(
  database: Database,
  query: { symbol?: string; limit: number },
): Promise<{ decisions: QualityDecision[]; counts: Record<string, number> }> {
  const where = query.symbol === undefined ? undefined : eq(qualityDecisions.symbol, query.symbol);
  const [rows, counts] = await database.session.batch([
    database.session.select().from(qualityDecisions).where(where).orderBy(desc(qualityDecisions.id)).limit(query.limit),
    database.session
      .select({ check: qualityDecisions.check, count: count() })
      .from(qualityDecisions)
      .where(where)
      .groupBy(qualityDecisions.check),
  ]);
  const decisions = rows.map(({ id: _, ...decision }) => decision);
  return { decisions, counts: Object.fromEntries(counts.map((row) => [row.check, row.count])) };
}

/** Forgets decisions made before a moment (ISO-8601). */
export async function deleteDecisions(database: Database, before: string): Promise<void> {
  await database.session.delete(qualityDecisions).where(lt(qualityDecisions.at, before));
}
