import { readFileSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { beforeEach, describe, expect, test } from "vitest";
import { SymbolRecordSchema } from "../../contracts/symbol.ts";
import { isinCheckDigit } from "../../core/isin.ts";
import { MARKET_OF_EXCHANGE } from "../../core/market-calendar/markets.ts";
import { CANONICAL_FORM, isSymbolText } from "../../core/symbol.ts";
import { REFERENCE_EXCHANGES, REFERENCE_SYMBOLS } from "../../storage/registry/reference-data.ts";
import { migratedDatabase, referenceChanges } from "../../tools/reference-data.ts";

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
      expect(SymbolRecordSchema.parse(record)).toEqual(record);
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

describe("the migrations", () => {
  let database: DatabaseSync;
  const apply = (sql: string) => {
    for (const statement of sql.split(BREAKPOINT)) database.exec(statement);
  };
  const rows = (sql: string) => database.prepare(sql).all();
  const REFERENCE = ["0002_reference_data", "0005_sandbox_streams", "0007_reference_facts"];

  beforeEach(() => {
    database = migratedDatabase();
  });

  test("hold the reference data: `npm run reference-data` has nothing to add", () => {
    expect(referenceChanges(database, REFERENCE_SYMBOLS)).toEqual([]);
    const counts = Object.fromEntries(
      ["exchanges", "symbols", "aliases", "provider_symbols", "symbols_fts"].map((table) => [
        table,
        rows(`SELECT count(*) AS n FROM ${table}`)[0]?.n,
      ]),
    );
    expect(counts).toEqual({
      exchanges: REFERENCE_EXCHANGES.length,
      symbols: REFERENCE_SYMBOLS.length,
      aliases: REFERENCE_SYMBOLS.reduce((total, record) => total + record.aliases.length, 0),
      provider_symbols: REFERENCE_SYMBOLS.reduce((n, record) => n + Object.keys(record.provider_symbols).length, 0),
      symbols_fts: REFERENCE_SYMBOLS.length,
    });
    for (const { symbol, last_updated } of REFERENCE_SYMBOLS) {
      expect(rows(`SELECT last_updated FROM symbols WHERE symbol = '${symbol}'`)).toEqual([{ last_updated }]);
    }
  });

  test("have no statement over D1's 100 KB", () => {
    const sizes = REFERENCE.flatMap((name) => migration(name).split(BREAKPOINT)).map((one) => Buffer.byteLength(one));
    expect(Math.max(...sizes)).toBeLessThan(100_000);
  });

  test("change nothing when those of the reference data are applied again", () => {
    const everything = () => rows("SELECT * FROM symbols JOIN aliases USING (symbol) ORDER BY symbol, alias");
    const before = everything();
    for (const name of REFERENCE) apply(migration(name));
    expect(everything()).toEqual(before);
  });

  test("leave what an operator has changed as it is, and set the new facts of the others", () => {
    database.exec("UPDATE symbols SET name = 'Capitec Bank Holdings Limited' WHERE symbol = 'JSE:CPI'");
    database.exec("UPDATE symbols SET is_active = 0, name = 'Our Exxon', last_updated = '2030' WHERE symbol = 'XOM'");
    for (const name of REFERENCE) apply(migration(name));
    expect(rows("SELECT name FROM symbols WHERE symbol = 'JSE:CPI'")).toEqual([{ name: "Capitec Limited" }]);
    expect(rows("SELECT name, is_active, last_updated FROM symbols WHERE symbol = 'XOM'")).toEqual([
      { name: "Our Exxon", is_active: 0, last_updated: "2030" },
    ]);
  });

  test("are found by what they would still have to change", () => {
    const renamed = REFERENCE_SYMBOLS.map((record) => (record.symbol === "BA" ? { ...record, name: "B'ing" } : record));
    const [change, ...others] = referenceChanges(database, renamed);
    expect(others).toEqual([]);
    apply(change);
    expect(rows("SELECT name FROM symbols WHERE symbol = 'BA'")).toEqual([{ name: "B'ing" }]);
    database.exec("DELETE FROM aliases WHERE symbol = 'BA'; DELETE FROM provider_symbols WHERE symbol = 'BA'");
    database.exec("DELETE FROM symbols WHERE symbol = 'BA'");
    for (const statement of referenceChanges(database, REFERENCE_SYMBOLS)) apply(statement);
    expect(rows("SELECT name FROM symbols WHERE symbol = 'BA'")).toEqual([{ name: "The Boeing Company" }]);
    expect(rows("SELECT alias FROM aliases WHERE symbol = 'BA'")).toEqual([{ alias: "NYSE:BA" }]);
  });

  test("keeps a record's values in their columns", () => {
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
    ["capitec limited", ["JSE:CPI"]],
    ["exxonmobil holdings", ["XOM"]],
    ["compagnie financiere", ["JSE:CFR"]],
    ["rand", ["EUR/ZAR", "GBP/ZAR", "USD/ZAR"]],
  ])("makes %s findable by name", (words, symbols) => {
    const found = database
      .prepare(
        "SELECT symbol FROM symbols JOIN symbols_fts ON symbols_fts.rowid = symbols.id WHERE symbols_fts MATCH ? ORDER BY symbol",
      )
      .all(words);
    expect(found.map((row) => row.symbol)).toEqual(symbols);
  });
});
