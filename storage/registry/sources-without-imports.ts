import { and, desc, eq, sql } from "drizzle-orm";
import { z } from "zod";
import { PROVIDERS, type ProviderName } from "../../contracts/provider.ts";
import type { SymbolRecord } from "../../contracts/symbol.ts";
import type { Database } from "../database.ts";
import { auditLog, referenceSeed } from "../schema.ts";
import { usualSources } from "./writes.ts";

const Sources = z.array(z.enum(PROVIDERS)).min(1);

/** A list of sources as JSON, without `import`; null where it names no other. */
function otherSources(json: string | null | undefined): ProviderName[] | null {
  const listed = Sources.safeParse(JSON.parse(json ?? "null"));
  const others = listed.success ? listed.data.filter((source) => source !== "import") : [];
  return others.length > 0 ? others : null;
}

/**
 * A symbol's sources once its last import is gone. Earlier versions put imports in the others' stead: then they are those that the audit
 * log or the reference data knows, or the usual ones of its exchange. Never empty.
 */
export async function sourcesWithoutImports(database: Database, record: SymbolRecord): Promise<ProviderName[]> {
  const others = otherSources(JSON.stringify(record.data_sources));
  if (others) return others;
  const { session } = database;
  const [changed] = await session
    .select({ sources: sql<string | null>`json_extract(${auditLog.detail}, '$.data_sources')` })
    .from(auditLog)
    .where(
      and(
        eq(auditLog.target, record.symbol),
        sql`json_extract(${auditLog.detail}, '$.data_sources') is not null`,
        sql`json_extract(${auditLog.detail}, '$.data_sources') <> '["import"]'`,
      ),
    )
    .orderBy(desc(auditLog.id))
    .limit(1);
  const [seed] = await session
    .select({ sources: sql<string | null>`${referenceSeed.seeded} ->> 'data_sources'` })
    .from(referenceSeed)
    .where(and(eq(referenceSeed.kind, "symbol"), eq(referenceSeed.key, record.symbol)))
    .limit(1);
  return otherSources(changed?.sources) ?? otherSources(seed?.sources) ?? usualSources(record.primary_exchange);
}
