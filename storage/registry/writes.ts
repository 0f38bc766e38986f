import { eq, sql } from "drizzle-orm";
import { PROVIDERS, type ProviderName } from "../../contracts/provider.ts";
import type { NewSymbol, SymbolChange, SymbolRecord } from "../../contracts/symbol.ts";
import type { ExchangeCode } from "../../core/market-calendar/markets.ts";
import { type AssetType, aliasesOf } from "../../core/symbol.ts";
import { auditEntry } from "../audit-log.ts";
import type { Registry, Statement } from "./database.ts";
import { toRecord } from "./records.ts";
import { aliases, providerSymbols, symbols } from "./schema.ts";

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

/** Who does something, and when (ISO-8601). */
export interface Act {
  actor: string;
  at: string;
}

function newRow(input: NewSymbol, at: string): Omit<typeof symbols.$inferSelect, "id"> {
  const inCents = input.primary_exchange === "JSE";
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
    streamingAvailable: input.streaming_available ?? true,
    dataSources: input.data_sources ?? SOURCES_OF_EXCHANGE[input.primary_exchange],
    isActive: input.is_active ?? true,
    isin: input.isin ?? null,
    priceUnit: input.price_unit ?? (inCents ? "ZAc" : input.currency),
    priceDecimals: input.price_decimals ?? (inCents ? 0 : DECIMALS[input.type]),
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

/** The aliases that a new symbol's form implies, and those that are given. */
const newAliases = (input: NewSymbol) =>
  aliasRows(input.symbol, [...aliasesOf(input.symbol, input.type, input.primary_exchange), ...(input.aliases ?? [])]);

/** The record that `createSymbol` makes of an input. */
export function newRecord(input: NewSymbol, act: Act): SymbolRecord {
  const names = newAliases(input).map(({ alias }) => alias);
  return toRecord({
    ...newRow(input, act.at),
    id: 0,
    aliases: JSON.stringify(names.sort()),
    providerSymbols: JSON.stringify(input.provider_symbols ?? {}),
  });
}

/** Whether a batch failed because someone else added the same symbol in the meantime. */
const isDuplicate = (error: unknown): boolean =>
  error instanceof Error && error.message.includes("UNIQUE constraint failed: symbols.symbol");

/**
 * Adds a symbol with the aliases that its form implies. All or nothing.
 * @param alongside statements that belong to the same deed, such as the record of an Idempotency-Key
 * @returns whether it was added; false where the symbol is there already
 */
export async function createSymbol(
  registry: Registry,
  input: NewSymbol,
  act: Act,
  alongside: Statement[] = [],
): Promise<boolean> {
  const { db } = registry;
  const aliasList = newAliases(input);
  const providerList = providerRows(input.symbol, input.provider_symbols ?? {});
  try {
    await db.batch([
      db.insert(symbols).values(newRow(input, act.at)),
      ...(aliasList.length > 0 ? [db.insert(aliases).values(aliasList)] : []),
      ...(providerList.length > 0 ? [db.insert(providerSymbols).values(providerList)] : []),
      auditEntry(db, act, "symbol.create", input.symbol, { name: input.name }),
      ...alongside,
    ]);
    return true;
  } catch (error) {
    if (isDuplicate(error)) return false;
    throw error;
  }
}

/** Changes what `change` names of a symbol and leaves the rest. All or nothing. */
export async function changeSymbol(
  registry: Registry,
  symbol: string,
  change: SymbolChange,
  act: Act,
  action = "symbol.change",
): Promise<void> {
  const { db } = registry;
  const aliasList = change.aliases ? aliasRows(symbol, change.aliases) : [];
  const providerList = change.provider_symbols ? providerRows(symbol, change.provider_symbols) : [];
  await db.batch([
    db
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
        streamingAvailable: change.streaming_available,
        dataSources: change.data_sources,
        isActive: change.is_active,
        isin: change.isin,
        priceUnit: change.price_unit,
        priceDecimals: change.price_decimals,
        volumeUnit: change.volume_unit,
        // Later than before even if the clock was set back: rooms keep the row that was updated last.
        lastUpdated: sql`max(${act.at}, strftime('%Y-%m-%dT%H:%M:%fZ', ${symbols.lastUpdated}, '+0.001 seconds'))`,
      })
      .where(eq(symbols.symbol, symbol)),
    ...(change.aliases ? [db.delete(aliases).where(eq(aliases.symbol, symbol))] : []),
    ...(aliasList.length > 0 ? [db.insert(aliases).values(aliasList)] : []),
    ...(change.provider_symbols ? [db.delete(providerSymbols).where(eq(providerSymbols.symbol, symbol))] : []),
    ...(providerList.length > 0 ? [db.insert(providerSymbols).values(providerList)] : []),
    auditEntry(db, act, action, symbol, { ...change }),
  ]);
}
