import { and, asc, eq, gt, type SQL, sql } from "drizzle-orm";
import type { SymbolRecord } from "../../contracts/symbol.ts";
import type { ExchangeCode } from "../../core/market-calendar/markets.ts";
import { type AssetType, normaliseSymbol } from "../../core/symbol.ts";
import type { Database } from "../database.ts";
import { symbols } from "../schema.ts";
import { recordColumns, toRecord } from "./records.ts";

/** Filters combine; those that are absent let everything through. Retired symbols are never listed. */
export interface SymbolFilters {
  type?: AssetType;
  exchange?: ExchangeCode;
  sector?: string;
  country?: string;
  currency?: string;
  streaming?: boolean;
}

/** A page of symbols and whether more follow. */
export interface SymbolPage {
  records: SymbolRecord[];
  more: boolean;
}

function conditions(filters: SymbolFilters): SQL | undefined {
  return and(
    eq(symbols.isActive, true),
    filters.type === undefined ? undefined : eq(symbols.type, filters.type),
    filters.exchange === undefined ? undefined : eq(symbols.primaryExchange, filters.exchange),
    filters.sector === undefined ? undefined : sql`${symbols.sector} = ${filters.sector} collate nocase`,
    filters.country === undefined ? undefined : sql`${symbols.country} = ${filters.country} collate nocase`,
    filters.currency === undefined ? undefined : sql`${symbols.currency} = ${filters.currency} collate nocase`,
    filters.streaming === undefined ? undefined : eq(symbols.streamingAvailable, filters.streaming),
  );
}

/** Symbols in alphabetical order, those after `after`. */
export async function listSymbols(
  database: Database,
  query: SymbolFilters & { limit: number; after?: string },
): Promise<SymbolPage> {
  const rows = await database.session
    .select(recordColumns)
    .from(symbols)
    .where(and(conditions(query), query.after === undefined ? undefined : gt(symbols.symbol, query.after)))
    .orderBy(asc(symbols.symbol))
    .limit(query.limit + 1);
  return page(rows.map(toRecord), query.limit);
}

function page(records: SymbolRecord[], limit: number): SymbolPage {
  return { records: records.slice(0, limit), more: records.length > limit };
}

/**
 * The words of a text as an FTS5 query: each must begin a word of the name. Null where the text has no words. A single
 * letter must be a whole word: some word of every second name begins with it, and reading them all takes long.
 */
function matchExpression(text: string): string | null {
  const words = text.normalize("NFC").match(/[\p{L}\p{N}]+/gu);
  return words ? words.map((word) => (word.length > 1 ? `"${word}"*` : `"${word}"`)).join(" ") : null;
}

/** What may follow the name that people use in a company's full name. */
const LEGAL_FORMS =
  "| inc.|, inc.| incorporated| corporation| corp.| company| company limited| co.| & co.| limited| ltd| group| group limited| group plc| holdings| holdings limited| holdings plc| plc| sa| s.a.| n.v.| ag| se".split(
    "|",
  );

/** Whether a name is what people call a company, or the base of a pair: `boeing` of The Boeing Company, `bitcoin` of Bitcoin / Tether. */
function matchesCompanyName(bare: string): SQL {
  const names = ["", "the "].flatMap((article) => LEGAL_FORMS.map((form) => `${article}${bare}${form}`));
  const pair = `${bare} / `;
  return sql`(lower(${symbols.name}) in (select value from json_each(${JSON.stringify(names)}))
    or lower(substr(${symbols.name}, 1, ${pair.length})) = ${pair})`;
}

/** Whether a name begins with a text, an article aside. */
function beginsWith(bare: string): SQL {
  const name = sql`case when ${symbols.name} like 'the %' then substr(${symbols.name}, 5) else ${symbols.name} end`;
  return sql`(lower(substr(${name}, 1, ${bare.length})) = ${bare})`;
}

/** The largest string that begins with `prefix`, as an upper bound. */
const prefixUpperBound = (prefix: string): string => `${prefix}\u{10FFFF}`;

/**
 * Symbols by what people type: the exact symbol, then an exact alias, then symbols and aliases that begin with it, then words of the
 * name. Within one rank the company that is called so comes first, then names that begin with the text, a share before
 * funds and indices, the larger company before the smaller, the shorter symbol before the longer: so a company's main
 * share leads its other lines.
 */
export async function searchSymbols(
  database: Database,
  query: SymbolFilters & { search: string; limit: number; offset: number },
): Promise<SymbolPage> {
  const requested = normaliseSymbol(query.search);
  const words = matchExpression(query.search);
  const byName = words
    ? sql`union all select rowid as id, 4 as rank from symbols_fts where symbols_fts match ${words}`
    : sql``;
  const found = sql`(
    select id, min(rank) as rank from (
      select id, 0 as rank from symbols where symbol = ${requested}
      union all select symbols.id, 1 from aliases join symbols on symbols.symbol = aliases.symbol where alias = ${requested}
      union all select id, 2 from symbols where symbol > ${requested} and symbol < ${prefixUpperBound(requested)}
      union all select symbols.id, 3 from aliases join symbols on symbols.symbol = aliases.symbol
        where alias > ${requested} and alias < ${prefixUpperBound(requested)}
      ${byName}
    ) group by id
  ) as found`;
  const bare = query.search.trim().toLowerCase().replace(/^the /, "");
  const ids = database.session
    .select({ id: symbols.id })
    .from(symbols)
    .innerJoin(found, sql`found.id = ${symbols.id}`)
    .where(conditions(query))
    .orderBy(
      sql`found.rank`,
      sql`${matchesCompanyName(bare)} desc`,
      sql`${beginsWith(bare)} desc`,
      sql`case ${symbols.type} when 'stock' then 0 when 'crypto' then 1 when 'forex' then 2 when 'etf' then 3 else 4 end`,
      sql`coalesce(${symbols.marketCap}, 0) desc`,
      sql`length(${symbols.symbol})`,
      asc(symbols.symbol),
    )
    .limit(query.limit + 1)
    .offset(query.offset);
  const ranked = await ids;
  if (ranked.length === 0) return { records: [], more: false };
  const order = JSON.stringify(ranked.map(({ id }) => id));
  const rows = await database.session
    .select(recordColumns)
    .from(symbols)
    .innerJoin(sql`json_each(${order}) as wanted`, sql`wanted.value = ${symbols.id}`)
    .orderBy(sql`wanted.key`);
  return page(rows.map(toRecord), query.limit);
}
