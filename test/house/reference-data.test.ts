import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { type SymbolRecord, SymbolRecordSchema } from "../../contracts/symbol.ts";
import { isinCheckDigit } from "../../core/isin.ts";
import { MARKET_OF_EXCHANGE } from "../../core/market-calendar/markets.ts";
import { CANONICAL_FORM, isSymbolText } from "../../core/symbol.ts";
import { REFERENCE_EXCHANGES, REFERENCE_SYMBOLS } from "../../storage/registry/reference-data.ts";
import {
  BREAKPOINT,
  migratedDatabase,
  migratedRows,
  referenceRows,
  seedFile,
  seedStatements,
} from "../../tools/reference-data.ts";

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

/** Migrations that were released with reference data in them or beside them, by the SHA-256 of their text. */
const RELEASED: Readonly<Record<string, string>> = {
  "0000_registry.sql": "5c22bc81a130a25c7a0c5b8622a7da9dc57a3a574a11744837f325ab94a5fc19",
  "0001_symbol_search.sql": "c8a8cfa4b33502b220647a9de35db71b122a456c14c253320a6ddb05a4860f26",
  "0002_reference_data.sql": "04186841a8ed4030d07874ca35a9b4a63f70305a28862df0d46f05b95202e5ae",
  "0003_quality_and_demand.sql": "f1c368fa08a2bcee0f3b16beb363e0a1a8d236dfbc8fb188b91bd7182493b163",
  "0004_api_keys.sql": "9536084618f14705172e509fa608241730f6521435bc7a2211ad9aa62caf7203",
  "0005_sandbox_streams.sql": "fe04d8a609377cc6b68a9b30126e986ddb4cfc8e797fe495e1d5720f4000df74",
};

const files = readdirSync("migrations").filter((name) => name.endsWith(".sql"));

describe("the migrations", () => {
  test.each(Object.entries(RELEASED))("%s is as it was released", (name, digest) => {
    expect(
      createHash("sha256")
        .update(readFileSync(`migrations/${name}`))
        .digest("hex"),
    ).toBe(digest);
  });

  test("are all in the journal, in their order", () => {
    const journal = z
      .object({ entries: z.array(z.object({ idx: z.number(), tag: z.string() })) })
      .parse(JSON.parse(readFileSync("migrations/meta/_journal.json", "utf8")));
    expect(journal.entries.map(({ idx, tag }) => [idx, `${tag}.sql`])).toEqual(files.map((name, i) => [i, name]));
  });

  test("hold no reference data but what was released with them", () => {
    const writes = /\b(?:INSERT|UPDATE|DELETE|REPLACE)\b[^;]*?`?(?:symbols|aliases|provider_symbols|exchanges)\b/i;
    const late = files.filter((name) => !(name in RELEASED));
    expect(late.length).toBeGreaterThan(0);
    expect(late.filter((name) => writes.test(readFileSync(`migrations/${name}`, "utf8")))).toEqual([]);
    expect(writes.test(readFileSync("migrations/0005_sandbox_streams.sql", "utf8"))).toBe(true);
  });
});

describe("the seed", () => {
  let database: DatabaseSync;
  const rows = (sql: string) => database.prepare(sql).all();
  const seed = (records: readonly SymbolRecord[] = REFERENCE_SYMBOLS): void => {
    database.exec("BEGIN");
    for (const statement of seedStatements(migratedRows(migratedDatabase()), referenceRows(records))) {
      database.exec(statement);
    }
    database.exec("COMMIT");
  };
  const everything = () =>
    ["exchanges", "symbols", "aliases", "provider_symbols", "reference_seed", "audit_log"].map((table) =>
      rows(`SELECT * FROM ${table} ORDER BY 1, 2`),
    );
  const changed = (symbol: string, change: Partial<SymbolRecord>): SymbolRecord[] =>
    REFERENCE_SYMBOLS.map((record) => (record.symbol === symbol ? { ...record, ...change } : record));
  const NEW: SymbolRecord = {
    ...REFERENCE_SYMBOLS.filter(({ symbol }) => symbol === "BA")[0],
    ...{
      symbol: "ZZ",
      name: "Zed",
      aliases: ["NYSE:ZZ", "ZED"],
      provider_symbols: { alpha_vantage: "ZZ.N" },
      isin: null,
    },
  };

  beforeEach(() => {
    database = migratedDatabase();
    seed();
  });

  test("is in its file: run `npm run reference-data` after a change", () => {
    expect(readFileSync("storage/registry/reference/seed.sql", "utf8")).toBe(seedFile());
    expect(
      Math.max(
        ...seedFile()
          .split(BREAKPOINT)
          .map((one) => Buffer.byteLength(one)),
      ),
    ).toBeLessThan(100_000);
  });

  test("brings a new registry to the reference data", () => {
    const records = rows("SELECT * FROM symbols ORDER BY symbol").map(({ symbol, name, last_updated, is_active }) => ({
      ...{ symbol, name, last_updated, is_active },
      aliases: rows(`SELECT alias FROM aliases WHERE symbol = '${symbol}' ORDER BY alias`).map(({ alias }) => alias),
      ids: Object.fromEntries(
        rows(`SELECT provider, provider_symbol FROM provider_symbols WHERE symbol = '${symbol}'`).map((row) => [
          row.provider,
          row.provider_symbol,
        ]),
      ),
    }));
    const wanted = REFERENCE_SYMBOLS.toSorted((a, b) => (a.symbol < b.symbol ? -1 : 1)).map((record) => ({
      ...{ symbol: record.symbol, name: record.name, last_updated: record.last_updated, is_active: 1 },
      aliases: record.aliases.toSorted((a, b) => (a < b ? -1 : 1)),
      ids: record.provider_symbols,
    }));
    expect(records).toEqual(wanted);
    expect(rows("SELECT code FROM exchanges").length).toBe(REFERENCE_EXCHANGES.length);
    expect(rows("SELECT count(*) AS n FROM symbols_fts")).toEqual([{ n: REFERENCE_SYMBOLS.length }]);
  });

  test("changes nothing when it is applied again", () => {
    const before = everything();
    seed();
    expect(everything()).toEqual(before);
  });

  test("leaves what an operator has changed as it is, and sets the new facts beside it", () => {
    database.exec(
      "UPDATE symbols SET name = 'Our Boeing', is_active = 0, last_updated = '2030-01-01T00:00:00.000Z' WHERE symbol = 'BA'",
    );
    seed(changed("BA", { name: "Boeing Holdings", sector: "Space", aliases: ["NYSE:BA", "BOEING"] }));
    expect(rows("SELECT name, sector, is_active, last_updated FROM symbols WHERE symbol = 'BA'")).toEqual([
      { name: "Our Boeing", sector: "Space", is_active: 0, last_updated: "2030-01-01T00:00:00.001Z" },
    ]);
    expect(rows("SELECT alias FROM aliases WHERE symbol = 'BA' ORDER BY alias")).toEqual([
      { alias: "BOEING" },
      { alias: "NYSE:BA" },
    ]);
  });

  test("sets a fact that no operator has changed, from seed to seed", () => {
    for (const [i, name] of ["Boeing A", "B'ing", "Boeing C"].entries()) {
      seed(changed("BA", { name, last_updated: "2027-01-01T00:00:00.000Z" }));
      // Rooms keep the row that was updated last, so each change is later than the one before.
      expect(rows("SELECT name, last_updated FROM symbols WHERE symbol = 'BA'")).toEqual([
        { name, last_updated: `2027-01-01T00:00:00.00${i}Z` },
      ]);
    }
    seed(changed("BA", { name: "Boeing C", aliases: ["NYSE:BA", "BOEING"] }));
    expect(rows("SELECT last_updated FROM symbols WHERE symbol = 'BA'")).toEqual([
      { last_updated: "2027-01-01T00:00:00.003Z" },
    ]);
  });

  test("keeps facts that an operator changed before there was a seed", () => {
    database = migratedDatabase();
    database.exec("UPDATE symbols SET name = 'Our Capitec' WHERE symbol = 'JSE:CPI'");
    seed();
    expect(rows("SELECT symbol, name FROM symbols WHERE symbol IN ('JSE:CPI', 'XOM') ORDER BY symbol")).toEqual([
      { symbol: "JSE:CPI", name: "Our Capitec" },
      { symbol: "XOM", name: "ExxonMobil Holdings Corporation" },
    ]);
  });

  test("takes over the names of a migration that was never released, and follows them further", () => {
    database = migratedDatabase();
    database.exec("UPDATE symbols SET name = 'ExxonMobil Holdings Corporation' WHERE symbol = 'XOM'");
    seed();
    expect(rows("SELECT seeded ->> 'name' AS name FROM reference_seed WHERE key = 'XOM'")).toEqual([
      { name: "ExxonMobil Holdings Corporation" },
    ]);
    seed(changed("XOM", { name: "Exxon" }));
    expect(rows("SELECT name FROM symbols WHERE symbol = 'XOM'")).toEqual([{ name: "Exxon" }]);
  });

  test("does not bring back an alias, a provider symbol or a symbol that an operator removed", () => {
    database.exec("DELETE FROM aliases WHERE alias = 'NYSE:BA'; DELETE FROM provider_symbols WHERE symbol = 'JSE:NPN'");
    database.exec("DELETE FROM aliases WHERE symbol = 'SIM:LATE'; DELETE FROM symbols WHERE symbol = 'SIM:LATE'");
    seed(changed("BA", { name: "Boeing Holdings" }));
    expect(rows("SELECT * FROM aliases WHERE alias = 'NYSE:BA'")).toEqual([]);
    expect(rows("SELECT * FROM provider_symbols WHERE symbol = 'JSE:NPN'")).toEqual([]);
    expect(rows("SELECT * FROM symbols WHERE symbol = 'SIM:LATE'")).toEqual([]);
  });

  test("adds a symbol with its aliases, and takes what it no longer says away", () => {
    seed([...REFERENCE_SYMBOLS, NEW]);
    expect(rows("SELECT alias FROM aliases WHERE symbol = 'ZZ' ORDER BY alias")).toEqual([
      { alias: "NYSE:ZZ" },
      { alias: "ZED" },
    ]);
    seed([...REFERENCE_SYMBOLS, { ...NEW, aliases: ["NYSE:ZZ"], provider_symbols: { alpha_vantage: "ZZ" } }]);
    expect(rows("SELECT alias FROM aliases WHERE symbol = 'ZZ'")).toEqual([{ alias: "NYSE:ZZ" }]);
    expect(rows("SELECT provider_symbol FROM provider_symbols WHERE symbol = 'ZZ'")).toEqual([
      { provider_symbol: "ZZ" },
    ]);
    seed([...REFERENCE_SYMBOLS, { ...NEW, aliases: [], provider_symbols: {} }]);
    expect(rows("SELECT * FROM aliases WHERE symbol = 'ZZ'")).toEqual([]);
    expect(rows("SELECT * FROM provider_symbols WHERE symbol = 'ZZ'")).toEqual([]);
  });

  test("keeps an operator's symbol of the same name, and an alias that is another's", () => {
    database.exec("INSERT INTO aliases (alias, symbol) VALUES ('ZED', 'AAPL'), ('YY', 'AAPL')");
    const columns = "type, currency, primary_exchange, streaming_available, data_sources, is_active, price_unit";
    database.exec(
      `INSERT INTO symbols (symbol, name, price_decimals, last_updated, ${columns}) SELECT 'XX', 'Ours', 4, '2026', ${columns} FROM symbols WHERE symbol = 'BA'`,
    );
    const more = [NEW, { ...NEW, symbol: "XX", aliases: ["X2"] }, { ...NEW, symbol: "YY", aliases: [] }];
    seed([...REFERENCE_SYMBOLS, ...more]);
    seed([...REFERENCE_SYMBOLS, ...more]);
    expect(rows("SELECT alias FROM aliases WHERE symbol = 'ZZ'")).toEqual([{ alias: "NYSE:ZZ" }]);
    expect(rows("SELECT symbol FROM aliases WHERE alias = 'ZED'")).toEqual([{ symbol: "AAPL" }]);
    expect(rows("SELECT name, price_decimals FROM symbols WHERE symbol = 'XX'")).toEqual([
      { name: "Ours", price_decimals: 4 },
    ]);
    expect(rows("SELECT * FROM aliases WHERE symbol = 'XX'")).toEqual([]);
    expect(rows("SELECT * FROM symbols WHERE symbol = 'YY'")).toEqual([]);
    // Once the name is free, the symbol comes.
    database.exec("DELETE FROM aliases WHERE alias = 'YY'");
    seed([...REFERENCE_SYMBOLS, ...more]);
    expect(rows("SELECT name FROM symbols WHERE symbol = 'YY'")).toEqual([{ name: "Zed" }]);
  });

  test("may be interrupted after any of its statements, and applied again", () => {
    const rowsNow = () => everything().slice(0, 5);
    const next = [...changed("BA", { name: "Boeing Holdings", aliases: ["BOEING"], provider_symbols: {} }), NEW];
    const statements = seedStatements(migratedRows(migratedDatabase()), referenceRows(next));
    const prepare = () => {
      database = migratedDatabase();
      seed();
      database.exec("UPDATE symbols SET name = 'Our Apple' WHERE symbol = 'AAPL'");
    };
    prepare();
    seed(next);
    const stamps = (tables: ReturnType<typeof rowsNow>) =>
      JSON.stringify(tables).replace(/"last_updated":"[^"]*"/g, "");
    const expected = stamps(rowsNow());
    for (let done = 1; done <= statements.length; done++) {
      prepare();
      for (const statement of statements.slice(0, done)) database.exec(statement);
      seed(next);
      expect(stamps(rowsNow()), `after ${done} statements`).toBe(expected);
    }
  });

  test("no longer adds a symbol that waited for its name once the reference data drops it", () => {
    database.exec("INSERT INTO aliases (alias, symbol) VALUES ('ZZ', 'AAPL')");
    seed([...REFERENCE_SYMBOLS, NEW]);
    database.exec("DELETE FROM aliases WHERE alias = 'ZZ'");
    seed();
    expect(rows("SELECT * FROM symbols WHERE symbol = 'ZZ'")).toEqual([]);
  });

  test("leaves out a symbol of an exchange that is gone", () => {
    database = migratedDatabase();
    for (const table of ["aliases", "provider_symbols", "symbols"]) {
      database.exec(`DELETE FROM ${table} WHERE symbol IN (SELECT symbol FROM symbols WHERE symbol LIKE 'SIM:%')`);
    }
    database.exec("DELETE FROM exchanges WHERE code = 'SIM'");
    seed();
    seed([...REFERENCE_SYMBOLS, { ...NEW, primary_exchange: "SIM" }]);
    expect(rows("SELECT * FROM symbols WHERE primary_exchange = 'SIM'")).toEqual([]);
  });

  test("follows a code that moves from one of its symbols to another, and leaves a price unit that an operator set", () => {
    database.exec("UPDATE symbols SET price_unit = 'USX' WHERE symbol = 'BA'");
    seed([
      ...changed("BA", { aliases: [], price_unit: "points", price_decimals: 3 }),
      { ...NEW, aliases: ["NYSE:BA"], provider_symbols: {} },
    ]);
    expect(rows("SELECT symbol FROM aliases WHERE alias = 'NYSE:BA'")).toEqual([{ symbol: "ZZ" }]);
    expect(rows("SELECT price_unit, price_decimals FROM symbols WHERE symbol = 'BA'")).toEqual([
      { price_unit: "USX", price_decimals: 3 },
    ]);
  });

  test("records in the audit log what it added, changed and left as an operator has it", () => {
    const said = () =>
      rows("SELECT actor, action, target, detail FROM audit_log ORDER BY id").map(
        ({ actor, action, target, detail }) => {
          expect(actor).toBe("reference-data");
          return [action, target, JSON.parse(String(detail))];
        },
      );
    expect(said()).toEqual([
      ["reference.change", "JSE:CPI", { name: "Capitec Limited" }],
      ["reference.change", "XOM", { name: "ExxonMobil Holdings Corporation" }],
    ]);
    database.exec("DELETE FROM audit_log");
    database.exec("UPDATE symbols SET name = 'Our Boeing' WHERE symbol = 'BA'");
    database.exec("UPDATE provider_symbols SET provider_symbol = 'OURS' WHERE symbol = 'JSE:NPN'");
    database.exec("INSERT INTO aliases (alias, symbol) VALUES ('ZED', 'AAPL'), ('YY', 'AAPL')");
    const more = changed("BA", { name: "Boeing Holdings", sector: "Space", aliases: ["BOEING", "ZED"] }).map(
      (record) => (record.symbol === "JSE:NPN" ? { ...record, provider_symbols: { jse: "NPX" } } : record),
    );
    for (let twice = 0; twice < 2; twice++) seed([...more, NEW, { ...NEW, symbol: "YY", aliases: [] }]);
    expect(said().toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))).toEqual([
      ["reference.add", "ZZ", { name: "Zed" }],
      ["reference.change", "BA", { aliases: ["BOEING"] }],
      ["reference.change", "BA", { removed_aliases: ["NYSE:BA"] }],
      ["reference.change", "BA", { sector: "Space" }],
      ["reference.keep", "BA", { aliases: ["ZED"] }],
      ["reference.keep", "BA", { name: "Boeing Holdings" }],
      ["reference.keep", "JSE:NPN", { provider_symbols: { jse: "NPX" } }],
      ["reference.keep", "YY", { name: "Zed" }],
      ["reference.keep", "ZZ", { aliases: ["ZED"] }],
    ]);
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
