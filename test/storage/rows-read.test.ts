import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import type { NewSymbol } from "../../contracts/symbol.ts";
import { openPrimary, openReplica } from "../../storage/database.ts";
import { REFERENCE_SYMBOLS } from "../../storage/registry/reference-data.ts";
import { resolveSymbols } from "../../storage/registry/resolve.ts";
import { listSymbols, searchSymbols } from "../../storage/registry/search.ts";
import { createSymbol } from "../../storage/registry/writes.ts";

const ADDED = 900;

/** A database that counts the rows which its statements read, as D1 bills them. */
function counting(database: D1Database): { database: D1Database; rows: () => number } {
  let rows = 0;
  const wrapped = (statement: D1PreparedStatement): D1PreparedStatement =>
    new Proxy(statement, {
      get(target, name) {
        if (name === "bind") return (...values: unknown[]) => wrapped(target.bind(...values));
        if (name === "raw" || name === "all") {
          return async (...options: []) => {
            const { meta } = await target.all();
            rows += meta.rows_read;
            return target[name](...options);
          };
        }
        const value = Reflect.get(target, name);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  const session = {
    prepare: (query: string) => wrapped(database.prepare(query)),
    batch: async (statements: D1PreparedStatement[]) => {
      const results = await database.batch(statements);
      for (const { meta } of results) rows += meta.rows_read;
      return results;
    },
    getBookmark: () => null,
  };
  const counted = new Proxy(database, {
    get: (target, name) => {
      if (name === "withSession") return () => session;
      const value = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { database: counted, rows: () => rows };
}

async function rowsRead(work: (registry: ReturnType<typeof openReplica>) => Promise<unknown>): Promise<number> {
  const { database, rows } = counting(env.DB);
  await work(openReplica(database));
  return rows();
}

beforeAll(async () => {
  const registry = openPrimary(env.DB);
  for (let i = 0; i < ADDED; i++) {
    const symbol: NewSymbol = {
      symbol: `ROW${i}`,
      name: `Company ${i} of Rows`,
      type: "stock",
      currency: "USD",
      primary_exchange: "NASDAQ",
      aliases: [`ROWS-${i}`],
      provider_symbols: { alpha_vantage: `ROW${i}` },
    };
    await createSymbol(registry, symbol, symbol.aliases ?? [], { actor: "test", at: "2026-11-20T00:00:00.000Z" });
  }
}, 60_000);

describe("a list of symbols", () => {
  test("shows each row its own aliases and provider symbols alone", async () => {
    const { records } = await listSymbols(openReplica(env.DB), { limit: 1_000 });
    expect(records).toHaveLength(Math.min(1_000, ADDED + REFERENCE_SYMBOLS.length));
    const own = records.filter(({ symbol }) => symbol.startsWith("ROW"));
    expect(own.length).toBeGreaterThan(500);
    for (const { symbol, aliases, provider_symbols } of own) {
      expect(aliases).toContain(`ROWS-${symbol.slice(3)}`);
      expect(aliases.length).toBeLessThan(5);
      expect(provider_symbols).toEqual({ alpha_vantage: symbol });
    }
  });

  test.each<[string, (limit: number) => (registry: ReturnType<typeof openReplica>) => Promise<unknown>]>([
    ["of all", (limit) => (registry) => listSymbols(registry, { limit })],
    ["of a type", (limit) => (registry) => listSymbols(registry, { limit, type: "stock" })],
    ["of an exchange", (limit) => (registry) => listSymbols(registry, { limit, exchange: "NASDAQ" })],
    ["of a currency", (limit) => (registry) => listSymbols(registry, { limit, currency: "usd" })],
    ["that stream", (limit) => (registry) => listSymbols(registry, { limit, streaming: true })],
    [
      "that are searched by name",
      (limit) => (registry) => searchSymbols(registry, { search: "rows", limit, offset: 0 }),
    ],
    [
      "that are searched by prefix",
      (limit) => (registry) => searchSymbols(registry, { search: "row", limit, offset: 0 }),
    ],
  ])("%s reads a number of rows that grows no faster than what it lists", async (_, ask) => {
    const total = ADDED + REFERENCE_SYMBOLS.length;
    const few = await rowsRead(ask(50));
    const many = await rowsRead(ask(800));
    expect(few).toBeGreaterThan(50);
    // Each row brings a few of other tables; what filters and ranks passes over the table a few times.
    expect(few).toBeLessThan(50 * 12 + 12 * total);
    expect(many).toBeLessThan(800 * 12 + 12 * total);
  });

  test("that are looked up by name reads a few rows for each name", async () => {
    const names = Array.from({ length: 100 }, (_, i) => `ROWS-${i}`);
    expect(await rowsRead((registry) => resolveSymbols(registry, names))).toBeLessThan(100 * 15);
  });
});
