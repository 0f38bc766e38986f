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
export async function suggestSymbols(registry: Database, text: string): Promise<string[]> {
  const asked = normaliseSymbol(text).slice(0, MAX_SYMBOL_LENGTH);
  if (asked === "") return [];
  const first = asked.charAt(0);
  const after = String.fromCodePoint((first.codePointAt(0) ?? 0) + 1);
  const near = await registry.session.all<{ name: string; symbol: string }>(sql`
    select alias as name, aliases.symbol as symbol from aliases
      join symbols on symbols.symbol = aliases.symbol
      where alias >= ${first} and alias < ${after} and abs(length(alias) - ${asked.length}) <= 2 and is_active
    union
    select symbol as name, symbol from symbols
      where symbol >= ${first} and symbol < ${after} and abs(length(symbol) - ${asked.length}) <= 2 and is_active
    limit ${MAX_COMPARED}`);
  const tolerated = asked.length <= 3 ? 1 : 2;
  const ranked = near
    .map(({ name, symbol }) => ({ symbol, steps: distance(asked, name) }))
    .filter(({ steps }) => steps <= tolerated)
    .sort((a, b) => a.steps - b.steps || a.symbol.localeCompare(b.symbol));
  const suggestions = [...new Set(ranked.map(({ symbol }) => symbol))].slice(0, MAX_SUGGESTIONS);
  if (suggestions.length > 0) return suggestions;
  const found = await searchSymbols(registry, { search: asked, limit: MAX_SUGGESTIONS, offset: 0 });
  return found.records.map((record) => record.symbol);
}
