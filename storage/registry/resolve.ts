import { eq, sql } from "drizzle-orm";
import type { SymbolRecord } from "../../contracts/symbol.ts";
import { isSymbolText, normaliseSymbol } from "../../core/symbol.ts";
import type { Database } from "../database.ts";
import { aliases, symbols } from "../schema.ts";
import { recordColumns, toRecord } from "./records.ts";

/** What a symbol or an alias stands for. */
export type Resolution =
  | { kind: "found"; record: SymbolRecord }
  | { kind: "ambiguous"; candidates: string[] }
  | { kind: "not_found" };

/**
 * What each text stands for: a canonical symbol first, else an alias. An alias shared by several symbols is ambiguous
 * unless only one of them is still active.
 */
export async function resolveSymbols(database: Database, texts: readonly string[]): Promise<Map<string, Resolution>> {
  const requested = new Set(texts.map(normaliseSymbol).filter(isSymbolText));
  const byText = new Map<string, SymbolRecord[]>();
  const exact = new Map<string, SymbolRecord>();
  if (requested.size > 0) {
    const list = JSON.stringify([...requested]);
    const wanted = sql`json_each(${list}) as asked`;
    const [direct, aliased] = await database.session.batch([
      database.session.select(recordColumns).from(symbols).innerJoin(wanted, sql`asked.value = ${symbols.symbol}`),
      database.session
        .select({ alias: aliases.alias, ...recordColumns })
        .from(aliases)
        .innerJoin(wanted, sql`asked.value = ${aliases.alias}`)
        .innerJoin(symbols, eq(symbols.symbol, aliases.symbol)),
    ]);
    for (const row of direct) exact.set(row.symbol, toRecord(row));
    for (const { alias, ...row } of aliased) byText.set(alias, [...(byText.get(alias) ?? []), toRecord(row)]);
  }
  return new Map(
    texts.map((text) => {
      const key = normaliseSymbol(text);
      const record = exact.get(key);
      return [text, record ? { kind: "found", record } : byAlias(byText.get(key) ?? [])];
    }),
  );
}

function byAlias(records: SymbolRecord[]): Resolution {
  const active = records.filter((record) => record.is_active);
  const meanings = active.length > 0 ? active : records;
  if (meanings.length === 0) return { kind: "not_found" };
  if (meanings.length === 1) return { kind: "found", record: meanings[0] };
  return { kind: "ambiguous", candidates: meanings.map((record) => record.symbol).sort() };
}
