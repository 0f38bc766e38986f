import { index, integer, primaryKey, real, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import type { Scope, Tier } from "../contracts/api-key.ts";
import type { Adjustment } from "../contracts/candle.ts";
import type { ImportStatus } from "../contracts/import.ts";
import type { ProviderName } from "../contracts/provider.ts";
import type { VOLUME_UNITS } from "../contracts/symbol.ts";
import type { Interval } from "../core/interval.ts";
import type { ExchangeCode } from "../core/market-calendar/markets.ts";
import type { AssetType } from "../core/symbol.ts";

/** Exchanges. Their hours and holidays are in core/market-calendar, under the same codes. */
export const exchanges = sqliteTable("exchanges", {
  code: text().$type<ExchangeCode>().primaryKey(),
  name: text().notNull(),
  /** ISO 3166 code; null for markets without a country. */
  country: text(),
  /** ISO 10383 market identifier code. */
  mic: text(),
});

/** One row per symbol. Unknown facts are null. */
export const symbols = sqliteTable(
  "symbols",
  {
    /** Row id of the full-text index. */
    id: integer().primaryKey({ autoIncrement: true }),
    symbol: text().notNull().unique(),
    name: text().notNull(),
    type: text().$type<AssetType>().notNull(),
    sector: text(),
    industry: text(),
    currency: text().notNull(),
    country: text(),
    primaryExchange: text("primary_exchange")
      .$type<ExchangeCode>()
      .notNull()
      .references(() => exchanges.code),
    /** In `currency`. */
    marketCap: real("market_cap"),
    sharesOutstanding: real("shares_outstanding"),
    description: text(),
    website: text(),
    ceo: text(),
    employees: integer(),
    founded: integer(),
    /** The day of its first trade, as `2006-05-25`. */
    listedOn: text("listed_on"),
    headquarters: text(),
    streamingAvailable: integer("streaming_available", { mode: "boolean" }).notNull(),
    dataSources: text("data_sources", { mode: "json" }).$type<ProviderName[]>().notNull(),
    isActive: integer("is_active", { mode: "boolean" }).notNull(),
    isin: text(),
    /** `ZAc` where prices are in South African cents, else the currency. */
    priceUnit: text("price_unit").notNull(),
    priceDecimals: integer("price_decimals").notNull(),
    volumeUnit: text("volume_unit").$type<(typeof VOLUME_UNITS)[number]>(),
    /** ISO-8601 with milliseconds. */
    lastUpdated: text("last_updated").notNull(),
  },
  (table) => [index("symbols_by_type").on(table.type), index("symbols_by_exchange").on(table.primaryExchange)],
);

/** Other ways of writing a symbol. One alias may stand for several symbols: then it is ambiguous. */
export const aliases = sqliteTable(
  "aliases",
  {
    alias: text().notNull(),
    symbol: text()
      .notNull()
      .references(() => symbols.symbol),
  },
  (table) => [primaryKey({ columns: [table.alias, table.symbol] }), index("aliases_by_symbol").on(table.symbol)],
);

/** What each provider calls a symbol. */
export const providerSymbols = sqliteTable(
  "provider_symbols",
  {
    symbol: text()
      .notNull()
      .references(() => symbols.symbol),
    provider: text().$type<ProviderName>().notNull(),
    providerSymbol: text("provider_symbol").notNull(),
  },
  (table) => [primaryKey({ columns: [table.symbol, table.provider] })],
);

/**
 * What the reference data last said of a row, and says now: a value that differs from the last one is an operator's and stays.
 * Written by storage/registry/reference/seed.sql.
 */
export const referenceSeed = sqliteTable(
  "reference_seed",
  {
    kind: text().$type<"exchange" | "symbol">().notNull(),
    /** The code of an exchange, or a symbol. */
    key: text().notNull(),
    /** The row as it was seeded last, as a JSON object by column; null while it never was. */
    seeded: text(),
    /** The row as the seed has it now. */
    next: text(),
  },
  (table) => [primaryKey({ columns: [table.kind, table.key] })],
);

/** Who changed what, and when. Only ever added to. */
export const auditLog = sqliteTable(
  "audit_log",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    at: text().notNull(),
    actor: text().notNull(),
    action: text().notNull(),
    target: text().notNull(),
    detail: text({ mode: "json" }).$type<Record<string, unknown>>().notNull(),
  },
  (table) => [index("audit_log_by_target").on(table.target)],
);

/** Imports of candles, one row for each file and series: what operators brought in, and how far it got. */
export const imports = sqliteTable(
  "imports",
  {
    /** A hash of symbol, interval, adjustment and file, so that the same command goes on; `earlier-…` for what older versions imported. */
    id: text().primaryKey(),
    symbol: text().notNull(),
    interval: text().$type<Interval>().notNull(),
    adjustment: text().$type<Adjustment>().notNull(),
    /** The day, as `2026-11-20`, up to which past prices are adjusted; null where none are, or it is not known. */
    adjustedAsOf: text("adjusted_as_of"),
    /** The name of the file, without its folder; null where the candles came without one. */
    file: text(),
    /** SHA-256 of the file, or of the rows where there is none, in hexadecimal; null for what older versions imported. */
    sha256: text(),
    /** Rows of the file; null where it is not known. */
    rows: integer(),
    status: text().$type<ImportStatus>().notNull(),
    /** What became of rows, over all chunks that were sent; a chunk that is sent twice counts twice. */
    stored: integer().notNull(),
    replaced: integer().notNull(),
    unchanged: integer().notNull(),
    refused: integer().notNull(),
    /** Stamps of the first and the last candle, unix seconds. */
    first: integer(),
    last: integer(),
    actor: text().notNull(),
    /** ISO-8601 with milliseconds. */
    startedAt: text("started_at").notNull(),
    /** Null while it is running. */
    endedAt: text("ended_at"),
  },
  (table) => [
    index("imports_by_symbol").on(table.symbol, table.startedAt),
    index("imports_by_start").on(table.startedAt),
    index("imports_by_status").on(table.status),
  ],
);

/** Requests that carried an Idempotency-Key, and what was answered; kept for a day. */
export const idempotencyKeys = sqliteTable(
  "idempotency_keys",
  {
    /** The caller and its key, with a blank between them: `admin-token import-17`. */
    key: text().primaryKey(),
    /** SHA-256 of the request's body. */
    fingerprint: text().notNull(),
    /** Null while the first request is in flight. */
    status: integer(),
    answer: text(),
    /** Unix milliseconds. */
    createdAt: integer("created_at").notNull(),
  },
  (table) => [index("idempotency_keys_by_age").on(table.createdAt)],
);

/** What data-quality checks doubted, and why; kept for a month. */
export const qualityDecisions = sqliteTable(
  "quality_decisions",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    at: text().notNull(),
    symbol: text().notNull(),
    provider: text().$type<ProviderName>().notNull(),
    kind: text().$type<"quote" | "candle">().notNull(),
    /** Empty for quotes. */
    interval: text().notNull(),
    /** The stamp of the candle, or the time of the quote, unix seconds. */
    time: integer().notNull(),
    check: text().notNull(),
    detail: text().notNull(),
  },
  (table) => [
    uniqueIndex("quality_decisions_once").on(
      table.symbol,
      table.provider,
      table.kind,
      table.interval,
      table.time,
      table.check,
    ),
    index("quality_decisions_by_age").on(table.at),
  ],
);

/** When each symbol was last asked for, to within minutes; what no client asks for is not refreshed. */
export const demand = sqliteTable("demand", {
  symbol: text().primaryKey(),
  /** Unix seconds. */
  askedAt: integer("asked_at").notNull(),
});

/** API keys. Of a key itself only its digest is known; times are ISO-8601 with milliseconds. */
export const apiKeys = sqliteTable("api_keys", {
  /** The public part of the key, by which it is found and spoken of. */
  prefix: text().primaryKey(),
  /** SHA-256 of the whole key, in hexadecimal. */
  digest: text().notNull(),
  name: text().notNull(),
  scopes: text({ mode: "json" }).$type<Scope[]>().notNull(),
  tier: text().$type<Tier>().notNull(),
  createdAt: text("created_at").notNull(),
  createdBy: text("created_by").notNull(),
  /** Null for a key that does not expire. */
  expiresAt: text("expires_at"),
  /** Null for a key that was not revoked. */
  revokedAt: text("revoked_at"),
  /** To within minutes; null for a key that no client has used. */
  lastUsedAt: text("last_used_at"),
});
