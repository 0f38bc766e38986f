import { describe, expect, test } from "vitest";
import { z } from "zod";
import { ADMIN, bodyOf, call, importCandles, problemOf, read, SymbolAnswer, SymbolWritten, send } from "../client.ts";

const Created = SymbolWritten.extend({
  aliases_left_off: z.array(z.object({ alias: z.string(), owner: z.string() })).optional(),
});

const share = (symbol: string, more: object = {}) => ({
  symbol,
  name: `${symbol} Limited`,
  type: "stock",
  currency: "USD",
  primary_exchange: "NASDAQ",
  ...more,
});

const problem = async (response: Response, code: "symbol.alias_taken" | "symbol.has_data" | "symbol.exists") => {
  const extended: { owner?: string; alias?: string; detail: string } = Object(await response.clone().json());
  await problemOf(response, code, 409);
  return extended;
};

describe("a new symbol", () => {
  test.each(["BTCUSDT", "btcusdt", "NPN.JO"])("cannot be called like an alias of another: %s", async (symbol) => {
    const { owner } = await problem(await send("POST", "/symbols", share(symbol)), "symbol.alias_taken");
    expect(["BTC/USDT", "JSE:NPN"]).toContain(owner);
    const { data } = await read("/symbols/BTCUSDT", SymbolAnswer);
    expect(data.symbol).toBe("BTC/USDT");
  });

  test.each(["BTCUSDT", "AAPL", "usdzar"])("is not given an alias of another: %s", async (alias) => {
    const response = await send("POST", "/symbols", share("ALIASED", { aliases: [alias] }));
    const { owner, detail } = await problem(response, "symbol.alias_taken");
    expect(detail).toContain(String(owner));
    expect((await call("/symbols/ALIASED")).status).toBe(404);
  });

  test("leaves off a usual alias that another has, and says so", async () => {
    await bodyOf(await send("POST", "/symbols", share("LEFTOFF")), Created, 201);
    const second = share("JSE:LEFTOFF", { primary_exchange: "JSE", currency: "ZAR" });
    const { data, aliases_left_off } = await bodyOf(await send("POST", "/symbols", second), Created, 201);
    expect(aliases_left_off).toEqual([{ alias: "LEFTOFF", owner: "LEFTOFF" }]);
    expect(data.aliases).toEqual(["LEFTOFF.JO"]);
    expect((await read("/symbols/JSE:LEFTOFF", SymbolAnswer)).data.aliases).toEqual(["LEFTOFF.JO"]);
    expect((await read("/symbols/LEFTOFF", SymbolAnswer)).data.symbol).toBe("LEFTOFF");
  });

  test("shares no name with one that is added at the same moment", async () => {
    const statuses = await Promise.all(
      ["ONE", "TWO", "THREE"].map(async (symbol) => {
        const response = await send("POST", "/symbols", share(symbol, { aliases: ["SHARED-NAME"] }));
        await response.arrayBuffer();
        return response.status;
      }),
    );
    expect(statuses.toSorted()).toEqual([201, 409, 409]);
    expect((await call("/symbols/SHARED-NAME")).status).toBe(200);
  });

  test("does not get the name of a retired one", async () => {
    await bodyOf(await send("POST", "/symbols", share("GONE", { aliases: ["GONE-ALIAS"] })), Created, 201);
    await (await send("DELETE", "/symbols/GONE")).arrayBuffer();
    expect(await problem(await send("POST", "/symbols", share("GONE-ALIAS")), "symbol.alias_taken")).toMatchObject({
      owner: "GONE",
    });
    await problem(await send("POST", "/symbols", share("GONE")), "symbol.exists");
  });
});

describe("an alias", () => {
  test("is taken from another symbol on purpose alone, which is in the audit log", async () => {
    await bodyOf(await send("POST", "/symbols", share("OLDHOME", { aliases: ["WANDERER"] })), Created, 201);
    await bodyOf(await send("POST", "/symbols", share("NEWHOME")), Created, 201);
    const change = { aliases: ["WANDERER", "NASDAQ:NEWHOME"] };
    await problem(await send("PUT", "/symbols/NEWHOME", change), "symbol.alias_taken");
    await bodyOf(await send("PUT", "/symbols/NEWHOME", { ...change, move_aliases: true }), SymbolWritten);
    expect((await read("/symbols/WANDERER", SymbolAnswer)).data.symbol).toBe("NEWHOME");
    expect((await read("/symbols/OLDHOME", SymbolAnswer)).data.aliases).not.toContain("WANDERER");
    const audit = await (await call("/admin/audit?limit=10", { headers: ADMIN })).text();
    expect(audit).toContain('"symbol.move_alias"');
    expect(audit).toContain('"from":"OLDHOME"');
  });

  test("that is a symbol of its own cannot be moved", async () => {
    await bodyOf(await send("POST", "/symbols", share("GREEDY")), Created, 201);
    const change = { aliases: ["MSFT"], move_aliases: true };
    await problem(await send("PUT", "/symbols/GREEDY", change), "symbol.alias_taken");
  });

  test("that a symbol has already may be given again", async () => {
    await bodyOf(await send("POST", "/symbols", share("STEADY", { aliases: ["STEADY-1"] })), Created, 201);
    const { data } = await bodyOf(
      await send("PUT", "/symbols/STEADY", { aliases: ["STEADY-1", "STEADY-2"] }),
      SymbolWritten,
    );
    expect(data.aliases).toEqual(["STEADY-1", "STEADY-2"]);
  });

  // The reference data has a few: BTC is BTC/USD and BTC/USDT, SOL a share and a coin.
  test.each(["BTC/USDT", "BTC/USD", "JSE:SOL"])(
    "that %s shares with another stays shared when it is given again",
    async (symbol) => {
      const { aliases } = (await read(`/symbols/${symbol}`, SymbolAnswer)).data;
      const shared = symbol.startsWith("BTC") ? "BTC" : "SOL";
      expect(aliases).toContain(shared);
      const added = `${symbol.replace(/[:/]/, "-")}-MORE`;
      const response = await send("PUT", `/symbols/${symbol}`, { aliases: [...aliases, added] });
      expect((await bodyOf(response, SymbolWritten)).data.aliases).toEqual([...aliases, added].toSorted());
      await problemOf(await call(`/symbols/${shared}`), "symbol.ambiguous", 409);
    },
  );

  test("that is shared can be moved to one of those who share it", async () => {
    const { aliases } = (await read("/symbols/ETH/USD", SymbolAnswer)).data;
    expect(aliases).toContain("ETH");
    await bodyOf(await send("PUT", "/symbols/ETH/USD", { aliases, move_aliases: true }), SymbolWritten);
    expect((await read("/symbols/ETH", SymbolAnswer)).data.symbol).toBe("ETH/USD");
    expect((await read("/symbols/ETH/USDT", SymbolAnswer)).data.aliases).not.toContain("ETH");
    const audit = await (await call("/admin/audit?limit=5", { headers: ADMIN })).text();
    expect(audit).toContain('"alias":"ETH","from":"ETH/USDT","to":"ETH/USD"');
  });
});

describe("a symbol's units", () => {
  test("of an index are points, of a share at the JSE cents, of a JSE fund cents too", async () => {
    const at = { primary_exchange: "JSE", currency: "ZAR" };
    const units = async (symbol: string, type: string, more: object = {}) => {
      const { data } = await bodyOf(
        await send("POST", "/symbols", share(symbol, { ...at, type, ...more })),
        Created,
        201,
      );
      return [data.price_unit, data.price_decimals];
    };
    expect(await units("JSE:J299", "index")).toEqual(["points", 2]);
    expect(await units("JSE:XSH", "stock")).toEqual(["ZAc", 0]);
    expect(await units("JSE:XETF", "etf")).toEqual(["ZAc", 0]);
    expect(await units("JSE:XRAND", "stock", { price_unit: "ZAR" })).toEqual(["ZAR", 2]);
    const dow = share("DOWX", { type: "index" });
    expect((await bodyOf(await send("POST", "/symbols", dow), Created, 201)).data.price_unit).toBe("points");
  });

  test("change while it has no prices, and not under quotes or candles", async () => {
    await bodyOf(await send("POST", "/symbols", share("UNITS")), Created, 201);
    await bodyOf(await send("PUT", "/symbols/UNITS", { price_unit: "USc" }), SymbolWritten);
    await (
      await importCandles({
        symbol: "UNITS",
        interval: "1d",
        rows: [{ line: 2, time: "2026-11-18", open: 1, high: 2, low: 1, close: 2, volume: 1 }],
      })
    ).arrayBuffer();
    const { detail } = await problem(await send("PUT", "/symbols/UNITS", { price_unit: "USD" }), "symbol.has_data");
    expect(detail).toContain("price_unit is USc");
    // The same unit again, and other facts, are no change of units.
    await bodyOf(await send("PUT", "/symbols/UNITS", { price_unit: "USc", name: "Units" }), SymbolWritten);
    await (await call("/quotes/AMZN")).arrayBuffer();
    await problem(await send("PUT", "/symbols/AMZN", { currency: "EUR" }), "symbol.has_data");
  });
});
