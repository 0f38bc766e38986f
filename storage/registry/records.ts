import { getTableColumns, type InferSelectModel, sql } from "drizzle-orm";
import { z } from "zod";
import { PROVIDERS } from "../../contracts/provider.ts";
import type { SymbolRecord } from "../../contracts/symbol.ts";
import { symbols } from "../schema.ts";

/**
 * What is selected of a symbol: its row, and its aliases and provider symbols as JSON, in one query. The outer table is named in
 * full: in a select from one table drizzle writes a column without its table, and the sub-select would compare it with its own.
 */
export const recordColumns = {
  ...getTableColumns(symbols),
  aliases: sql<string>`(select json_group_array(alias) from (select alias from aliases where aliases.symbol = symbols.symbol order by alias))`,
  providerSymbols: sql<string>`(select json_group_object(provider, provider_symbol) from provider_symbols where provider_symbols.symbol = symbols.symbol)`,
};

/** One selected row. */
export type RecordRow = InferSelectModel<typeof symbols> & { aliases: string; providerSymbols: string };

const AliasList = z.array(z.string());
const ProviderSymbols = z.partialRecord(z.enum(PROVIDERS), z.string());

/** A selected row as the symbol that the wire knows. */
export function toRecord(row: RecordRow): SymbolRecord {
  return {
    symbol: row.symbol,
    name: row.name,
    type: row.type,
    sector: row.sector,
    industry: row.industry,
    currency: row.currency,
    country: row.country,
    primary_exchange: row.primaryExchange,
    market_cap: row.marketCap,
    shares_outstanding: row.sharesOutstanding,
    description: row.description,
    website: row.website,
    ceo: row.ceo,
    employees: row.employees,
    founded: row.founded,
    headquarters: row.headquarters,
    listed_on: row.listedOn,
    streaming_available: row.streamingAvailable,
    data_sources: row.dataSources,
    is_active: row.isActive,
    last_updated: row.lastUpdated,
    isin: row.isin,
    price_unit: row.priceUnit,
    price_decimals: row.priceDecimals,
    volume_unit: row.volumeUnit,
    aliases: AliasList.parse(JSON.parse(row.aliases)),
    provider_symbols: ProviderSymbols.parse(JSON.parse(row.providerSymbols)),
  };
}
