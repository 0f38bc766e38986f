import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { beforeEach, describe, expect, test } from "vitest";
import { SymbolSchema } from "../../contracts/symbol.ts";
import { isinCheckDigit } from "../../core/isin.ts";
import { MARKET_OF_EXCHANGE } from "../../core/market-calendar/markets.ts";
import { CANONICAL_FORM, isSymbolText } from "../../core/symbol.ts";
import { referenceDataSql } from "../../scripts/reference-data.ts";
import { REFERENCE_EXCHANGES, REFERENCE_SYMBOLS } from "../../storage/registry/reference-data.ts";

const BREAKPOINT = "--> statement-breakpoint";

const migration = (name: string): string =>
  readFileSync(new URL(`../../migrations/${name}.sql`, import.meta.url), "utf8");

const of = (exchange: string) => REFERENCE_SYMBOLS.filter((record) => record.primary_exchange === exchange);
const codes = REFERENCE_SYMBOLS.map((record) => record.symbol);

describe("the reference symbols", () => {
  test("cover the JSE, US shares, crypto and forex", () => {
    expect(of("JSE").length).toBeGreaterThanOrEqual(24);
    expect(of("NASDAQ").length + of("NYSE").length).toBeGreaterThanOrEqual(20);
    expect(of("BINANCE").length).toBeGreaterThanOrEqual(16);
    expect(codes).toEqual(expect.arrayContaining(["JSE:NPN", "JSE:SOL", "JSE:SBK", "AAPL", "BTC/USDT", "ETH/USDT"]));
    expect(of("CRYPTO").map((record) => record.symbol)).toEqual(["BTC/USD", "ETH/USD"]);
    const forex = ["USD/ZAR", "EUR/USD", "GBP/USD", "USD/JPY", "EUR/ZAR", "GBP/ZAR"];
    const crosses = ["AUD/USD", "USD/CHF", "USD/CAD", "NZD/USD", "EUR/GBP", "EUR/JPY"];
    expect(of("FOREX").map((record) => record.symbol)).toEqual(expect.arrayContaining([...forex, ...crosses]));
  });

  test("are each there once", () => {
    expect(new Set(codes).size).toBe(codes.length);
  });

  test.each(REFERENCE_SYMBOLS.map((record) => [record.symbol, record] as const))(
    "%s is a valid record",
    (_, record) => {
      expect(record.symbol).toMatch(CANONICAL_FORM[record.type].pattern);
      expect(SymbolSchema.parse(record)).toEqual(record);
      expect(record.data_sources).toEqual(expect.arrayContaining(Object.keys(record.provider_symbols)));
    },
  );

  test("are on exchanges that are there too, and every exchange has a calendar", () => {
    const listed = REFERENCE_EXCHANGES.map((exchange) => exchange.code);
    expect(listed.toSorted()).toEqual(Object.keys(MARKET_OF_EXCHANGE).sort());
    expect(new Set(REFERENCE_SYMBOLS.map((record) => record.primary_exchange))).toEqual(new Set(listed));
  });

  test("of the JSE are priced in whole cents, and worth rand", () => {
    for (const record of of("JSE")) {
      expect(record).toMatchObject({ price_unit: "ZAc", price_decimals: 0, currency: "ZAR", volume_unit: "shares" });
    }
  });

  test("elsewhere are priced in their currency, and against the yen have two decimals less", () => {
    const elsewhere = REFERENCE_SYMBOLS.filter((record) => record.primary_exchange !== "JSE");
    for (const record of elsewhere) expect(record.price_unit).toBe(record.currency);
    for (const record of of("FOREX")) expect(record.price_decimals).toBe(record.symbol.endsWith("/JPY") ? 3 : 5);
  });

  test("have ISINs with right check digits, none of them twice", () => {
    const isins = REFERENCE_SYMBOLS.flatMap((record) => record.isin ?? []);
    expect(isins.length).toBeGreaterThan(50);
    expect(isins.filter((isin) => isinCheckDigit(isin) !== isin.at(-1))).toEqual([]);
    expect(new Set(isins).size).toBe(isins.length);
  });
});

describe("the aliases", () => {
  const meanings = new Map<string, string[]>();
  for (const { symbol, aliases } of REFERENCE_SYMBOLS) {
    for (const alias of aliases) meanings.set(alias, [...(meanings.get(alias) ?? []), symbol]);
  }

  test("can be asked for, and none hides a symbol", () => {
    expect([...meanings.keys()].filter((alias) => !isSymbolText(alias) || codes.includes(alias))).toEqual([]);
  });

  test.each([
    ["NPN.JO", "JSE:NPN"],
    ["JSE:BHP", "JSE:BHG"],
    ["NASDAQ:AAPL", "AAPL"],
    ["BTCUSDT", "BTC/USDT"],
    ["XBT/USD", "BTC/USD"],
    ["USDZAR", "USD/ZAR"],
  ])("%s stands for %s alone", (alias, symbol) => {
    expect(meanings.get(alias)).toEqual([symbol]);
  });

  test("are ambiguous for four bare codes only", () => {
    const shared = [...meanings].filter(([, symbols]) => symbols.length > 1);
    expect(Object.fromEntries(shared)).toEqual({
      BTC: ["BTC/USDT", "BTC/USD"],
      ETH: ["ETH/USDT", "ETH/USD"],
      SOL: ["JSE:SOL", "SOL/USDT"],
      XBT: ["BTC/USDT", "BTC/USD"],
    });
  });
});

describe("the migration", () => {
  let database: DatabaseSync;
  const apply = (sql: string) => {
    for (const statement of sql.split(BREAKPOINT)) database.exec(statement);
  };
  const rows = (sql: string) => database.prepare(sql).all();
  const counts = () =>
    Object.fromEntries(
      ["exchanges", "symbols", "aliases", "provider_symbols", "symbols_fts"].map((table) => [
        table,
        rows(`SELECT count(*) AS n FROM ${table}`)[0]?.n,
      ]),
    );

  beforeEach(() => {
    database = new DatabaseSync(":memory:", { enableForeignKeyConstraints: true });
    apply(migration("0000_registry"));
    apply(migration("0001_symbol_search"));
  });

  test("is what `npm run reference-data` writes", () => {
    expect(migration("0002_reference_data")).toBe(referenceDataSql());
  });

  test("has no statement over D1's 100 KB", () => {
    const sizes = referenceDataSql()
      .split(BREAKPOINT)
      .map((statement) => Buffer.byteLength(statement));
    expect(Math.max(...sizes)).toBeLessThan(100_000);
  });

  test("adds every row, and nothing more when it is applied again", () => {
    apply(migration("0002_reference_data"));
    const expected = {
      exchanges: REFERENCE_EXCHANGES.length,
      symbols: REFERENCE_SYMBOLS.length,
      aliases: REFERENCE_SYMBOLS.reduce((total, record) => total + record.aliases.length, 0),
      provider_symbols: REFERENCE_SYMBOLS.reduce((n, record) => n + Object.keys(record.provider_symbols).length, 0),
      symbols_fts: REFERENCE_SYMBOLS.length,
    };
    expect(counts()).toEqual(expected);
    apply(migration("0002_reference_data"));
    expect(counts()).toEqual(expected);
  });

  test("leaves what someone changed as it is", () => {
    apply(migration("0002_reference_data"));
    database.exec("UPDATE symbols SET is_active = 0, name = 'Renamed' WHERE symbol = 'AAPL'");
    apply(migration("0002_reference_data"));
    expect(rows("SELECT name, is_active FROM symbols WHERE symbol = 'AAPL'")).toEqual([
      { name: "Renamed", is_active: 0 },
    ]);
  });

  test("keeps a record's values in their columns", () => {
    apply(migration("0002_reference_data"));
    const [row] = rows("SELECT * FROM symbols WHERE symbol = 'JSE:NPN'");
    expect(row).toMatchObject({
      name: "Naspers Limited",
      type: "stock",
      sector: "Consumer Discretionary",
      currency: "ZAR",
      country: "ZA",
      primary_exchange: "JSE",
      market_cap: null,
      founded: 1915,
      streaming_available: 1,
      is_active: 1,
      data_sources: '["jse","alpha_vantage"]',
      price_unit: "ZAc",
    });
  });

  test.each([
    ["boeing", ["BA"]],
    ["naspers", ["JSE:NPN"]],
    ["compagnie financiere", ["JSE:CFR"]],
    ["rand", ["EUR/ZAR", "GBP/ZAR", "USD/ZAR"]],
  ])("makes %s findable by name", (words, symbols) => {
    apply(migration("0002_reference_data"));
    const found = database
      .prepare(
        "SELECT symbol FROM symbols JOIN symbols_fts ON symbols_fts.rowid = symbols.id WHERE symbols_fts MATCH ? ORDER BY symbol",
      )
      .all(words);
    expect(found.map((row) => row.symbol)).toEqual(symbols);
  });
});
