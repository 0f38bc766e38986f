import { and, eq, sql } from "drizzle-orm";
import { PROVIDERS, type ProviderName } from "../../contracts/provider.ts";
import type { NewSymbol, SymbolChange, SymbolRecord } from "../../contracts/symbol.ts";
import type { ExchangeCode } from "../../core/market-calendar/markets.ts";
import { type AssetType, aliasesOf } from "../../core/symbol.ts";
import { auditEntry } from "../audit-log.ts";
import type { Database, Statement } from "../database.ts";
import { aliases, providerSymbols, symbols } from "../schema.ts";
import { claimNames, isTaken, type NameOwner } from "./alias-owners.ts";
import { toRecord } from "./records.ts";

const SOURCES_OF_EXCHANGE: Record<ExchangeCode, ProviderName[]> = {
  JSE: ["jse", "alpha_vantage"],
  NASDAQ: ["alpha_vantage"],
  NYSE: ["alpha_vantage"],
  FOREX: ["alpha_vantage"],
  BINANCE: ["binance"],
  CRYPTO: ["coingecko"],
  SIM: ["simulator"],
};

const DECIMALS: Record<AssetType, number> = { stock: 2, etf: 2, index: 2, commodity: 2, crypto: 4, forex: 5 };

const VOLUME_UNIT: Record<AssetType, "shares" | "base" | null> = {
  stock: "shares",
  etf: "shares",
  crypto: "base",
  forex: null,
  index: null,
  commodity: null,
};

/** The sources of a symbol of an exchange whose own are not said. */
export const usualSources = (exchange: ExchangeCode): ProviderName[] => [...SOURCES_OF_EXCHANGE[exchange]];

/** Who does something, and when (ISO-8601). */
export interface AuditActor {
  actor: string;
  at: string;
}

function newRow(input: NewSymbol, at: string): Omit<typeof symbols.$inferSelect, "id"> {
  const isShare = input.type === "stock" || input.type === "etf";
  const usualUnit = input.primary_exchange === "JSE" && isShare ? "ZAc" : input.currency;
  const priceUnit = input.price_unit ?? (input.type === "index" ? "points" : usualUnit);
  return {
    symbol: input.symbol,
    name: input.name,
    type: input.type,
    sector: input.sector ?? null,
    industry: input.industry ?? null,
    currency: input.currency,
    country: input.country ?? null,
    primaryExchange: input.primary_exchange,
    marketCap: input.market_cap ?? null,
    sharesOutstanding: input.shares_outstanding ?? null,
    description: input.description ?? null,
    website: input.website ?? null,
    ceo: input.ceo ?? null,
    employees: input.employees ?? null,
    founded: input.founded ?? null,
    headquarters: input.headquarters ?? null,
    listedOn: input.listed_on ?? null,
    streamingAvailable: input.streaming_available ?? true,
    dataSources: input.data_sources ?? usualSources(input.primary_exchange),
    isActive: input.is_active ?? true,
    isin: input.isin ?? null,
    priceUnit,
    priceDecimals: input.price_decimals ?? (isShare && priceUnit === "ZAc" ? 0 : DECIMALS[input.type]),
    volumeUnit: input.volume_unit === undefined ? VOLUME_UNIT[input.type] : input.volume_unit,
    lastUpdated: at,
  };
}

const aliasRows = (symbol: string, names: readonly string[]) =>
  [...new Set(names)].filter((alias) => alias !== symbol).map((alias) => ({ alias, symbol }));

const providerRows = (symbol: string, ids: Partial<Record<ProviderName, string>>) =>
  PROVIDERS.flatMap((provider) => {
    const id = ids[provider];
    return id === undefined ? [] : [{ symbol, provider, providerSymbol: id }];
  });

/** The aliases that a new symbol's form implies. */
export const impliedAliases = ({ symbol, type, primary_exchange }: NewSymbol): string[] =>
  aliasesOf(symbol, type, primary_exchange).filter((alias) => alias !== symbol);

/**
 * The record that `createSymbol` makes of an input.
 * @param names its aliases
 */
export function newRecord(input: NewSymbol, names: readonly string[], actor: AuditActor): SymbolRecord {
  return toRecord({
    ...newRow(input, actor.at),
    id: 0,
    aliases: JSON.stringify(
      aliasRows(input.symbol, names)
        .map(({ alias }) => alias)
        .sort(),
    ),
    providerSymbols: JSON.stringify(input.provider_symbols ?? {}),
  });
}

/** Whether a batch failed because another request added the same symbol in the meantime. */
const isDuplicate = (error: unknown): boolean =>
  error instanceof Error && error.message.includes("UNIQUE constraint failed: symbols.symbol");

/** What came of adding a symbol: it is there already, or one of its names belongs to another. */
export type CreateResult = "added" | "exists" | "alias_taken";

/**
 * Adds a symbol. All or nothing.
 * @param names its aliases; none of them may belong to another symbol
 * @param alongside statements that belong to the same action, such as the record of an Idempotency-Key
 */
export async function createSymbol(
  database: Database,
  input: NewSymbol,
  names: readonly string[],
  actor: AuditActor,
  extraStatements: Statement[] = [],
): Promise<CreateResult> {
  const { session } = database;
  const aliasList = aliasRows(input.symbol, names);
  const providerList = providerRows(input.symbol, input.provider_symbols ?? {});
  try {
    await session.batch([
      claimNames(database, input.symbol, [input.symbol, ...names]),
      session.insert(symbols).values(newRow(input, actor.at)),
      ...(aliasList.length > 0 ? [session.insert(aliases).values(aliasList)] : []),
      ...(providerList.length > 0 ? [session.insert(providerSymbols).values(providerList)] : []),
      auditEntry(session, actor, "symbol.create", input.symbol, { name: input.name }),
      ...extraStatements,
    ]);
    return "added";
  } catch (error) {
    if (isDuplicate(error)) return "exists";
    if (isTaken(error)) return "alias_taken";
    throw error;
  }
}

/**
 * Changes what `change` names of a symbol and leaves the rest. All or nothing.
 * @param moved aliases that are taken from other symbols first, with their owners; each is in the audit log
 * @returns whether it was changed; false where another symbol has one of the new aliases
 */
export async function changeSymbol(
  database: Database,
  symbol: string,
  change: SymbolChange,
  actor: AuditActor,
  action = "symbol.change",
  movedAliases: readonly NameOwner[] = [],
): Promise<boolean> {
  const { session } = database;
  const aliasList = change.aliases ? aliasRows(symbol, change.aliases) : [];
  const providerList = change.provider_symbols ? providerRows(symbol, change.provider_symbols) : [];
  const moves = movedAliases.flatMap(({ name: alias, owner: from }): Statement[] => [
    session.delete(aliases).where(and(eq(aliases.alias, alias), eq(aliases.symbol, from))),
    auditEntry(session, actor, "symbol.move_alias", symbol, { alias, from, to: symbol }),
  ]);
  const statements: [Statement, ...Statement[]] = [
    session
      .update(symbols)
      .set({
        name: change.name,
        sector: change.sector,
        industry: change.industry,
        currency: change.currency,
        country: change.country,
        marketCap: change.market_cap,
        sharesOutstanding: change.shares_outstanding,
        description: change.description,
        website: change.website,
        ceo: change.ceo,
        employees: change.employees,
        founded: change.founded,
        headquarters: change.headquarters,
        listedOn: change.listed_on,
        streamingAvailable: change.streaming_available,
        dataSources: change.data_sources,
        isActive: change.is_active,
        isin: change.isin,
        priceUnit: change.price_unit,
        priceDecimals: change.price_decimals,
        volumeUnit: change.volume_unit,
        // Later than before even if the clock was set back: rooms keep the row that was updated last.
        lastUpdated: sql`max(${actor.at}, strftime('%Y-%m-%dT%H:%M:%fZ', ${symbols.lastUpdated}, '+0.001 seconds'))`,
      })
      .where(eq(symbols.symbol, symbol)),
    ...(change.aliases ? [session.delete(aliases).where(eq(aliases.symbol, symbol))] : []),
    ...(aliasList.length > 0 ? [session.insert(aliases).values(aliasList)] : []),
    ...(change.provider_symbols ? [session.delete(providerSymbols).where(eq(providerSymbols.symbol, symbol))] : []),
    ...(providerList.length > 0 ? [session.insert(providerSymbols).values(providerList)] : []),
    auditEntry(session, actor, action, symbol, { ...change }),
  ];
  const claims =
    aliasList.length > 0
      ? [
          claimNames(
            database,
            symbol,
            aliasList.map(({ alias }) => alias),
          ),
        ]
      : [];
  try {
    await session.batch([statements[0], ...moves, ...claims, ...statements.slice(1)]);
    return true;
  } catch (error) {
    if (isTaken(error)) return false;
    throw error;
  }
}
