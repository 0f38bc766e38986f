import { sql } from "drizzle-orm";
import { distance } from "fastest-levenshtein";
import { MAX_SYMBOL_LENGTH, normaliseSymbol } from "../../core/symbol.ts";
import type { Database } from "../database.ts";
import { searchSymbols } from "./search.ts";

const MAX_SUGGESTIONS = 5;
/** How many symbols and aliases are compared at most; an index finds them by first letter and length. */
const MAX_COMPARED = 3000;

/**
 * The nearest symbols to a text that is none: those that differ by a letter or two (Levenshtein, 1966), else those that a
 * search for it finds.
 */
export async function suggestSymbols(database: Database, text: string): Promise<string[]> {
  const requested = normaliseSymbol(text).slice(0, MAX_SYMBOL_LENGTH);
  if (requested === "") return [];
  const first = requested.charAt(0);
  const after = String.fromCodePoint((first.codePointAt(0) ?? 0) + 1);
  const candidates = await database.session.all<{ name: string; symbol: string }>(sql`
    select alias as name, aliases.symbol as symbol from aliases
      join symbols on symbols.symbol = aliases.symbol
      where alias >= ${first} and alias < ${after} and abs(length(alias) - ${requested.length}) <= 2 and is_active
    union
    select symbol as name, symbol from symbols
      where symbol >= ${first} and symbol < ${after} and abs(length(symbol) - ${requested.length}) <= 2 and is_active
    limit ${MAX_COMPARED}`);
  const maxDistance = requested.length <= 3 ? 1 : 2;
  const ranked = candidates
    .map(({ name, symbol }) => ({ symbol, steps: distance(requested, name) }))
    .filter(({ steps }) => steps <= maxDistance)
    .sort((a, b) => a.steps - b.steps || a.symbol.localeCompare(b.symbol));
  const suggestions = [...new Set(ranked.map(({ symbol }) => symbol))].slice(0, MAX_SUGGESTIONS);
  if (suggestions.length > 0) return suggestions;
  const found = await searchSymbols(database, { search: requested, limit: MAX_SUGGESTIONS, offset: 0 });
  return found.records.map((record) => record.symbol);
}
