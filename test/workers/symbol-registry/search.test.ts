import { beforeAll, describe, expect, test } from "vitest";
import { read, SymbolsAnswer, send } from "../client.ts";

async function found(search: string, more = ""): Promise<string[]> {
  const { data } = await read(`/symbols?search=${encodeURIComponent(search)}${more}`, SymbolsAnswer);
  return data.map((record) => record.symbol);
}

describe("search", () => {
  test("puts the exact symbol first, before symbols that begin with it", async () => {
    expect((await found("C"))[0]).not.toBe(undefined);
    expect((await found("MTN"))[0]).toBe("JSE:MTN");
    expect((await found("BTC/USD")).slice(0, 2)).toEqual(["BTC/USD", "BTC/USDT"]);
    expect((await found("USD")).slice(0, 2).every((symbol) => symbol.startsWith("USD/"))).toBe(true);
  });

  test("puts prefixes before words of the name", async () => {
    const symbols = await found("net");
    const prefixed = symbols.findIndex((symbol) => !symbol.startsWith("NET"));
    expect(symbols.slice(prefixed < 0 ? symbols.length : prefixed).some((symbol) => symbol.startsWith("NET"))).toBe(
      false,
    );
  });

  test.each([
    ["naspers", "JSE:NPN"],
    ["NASPERS LIMITED", "JSE:NPN"],
    ["apple", "AAPL"],
    ["richemont", "JSE:CFR"],
    ["financiere", "JSE:CFR"],
    ["standard bank", "JSE:SBK"],
    ["bank standard", "JSE:SBK"],
    ["bitcoin", "BTC/USDT"],
    ["AAPL", "AAPL"],
    ["npn.jo", "JSE:NPN"],
    ["nasdaq:aapl", "AAPL"],
    ["btc-usdt", "BTC/USDT"],
    [" BTC/USDT ", "BTC/USDT"],
  ])("for %j finds %s first", async (text, symbol) => {
    const symbols = await found(text);
    if (symbol === "BTC/USDT" && text === "bitcoin") expect(symbols.slice(0, 2)).toContain(symbol);
    else expect(symbols[0]).toBe(symbol);
  });

  test.each([
    '"',
    "'",
    "*",
    "a*b",
    "AND",
    "NEAR(a b)",
    "name:apple",
    "-",
    "%",
    "_",
    "\u0000",
    "(((",
    "😀",
    "--; drop table symbols",
  ])("takes %j as text, not as a query language", async (text) => {
    expect(Array.isArray(await found(`${text}.`))).toBe(true);
  });

  test("finds nothing for words that are nowhere", async () => {
    expect(await found("zzzyyyxxx")).toEqual([]);
  });
});

describe("a search for a company", () => {
  const lines = [
    {
      symbol: "BA-A",
      name: "Boeing 6.00% Series A Mandatory Convertible Preferred",
      type: "stock",
      primary_exchange: "NYSE",
    },
    { symbol: "BOE", name: "BlackRock Boeing Income Trust", type: "etf", primary_exchange: "NYSE" },
    { symbol: "BAX2", name: "2x Long Boeing Daily ETF", type: "etf", primary_exchange: "NASDAQ" },
    { symbol: "BCO.DE", name: "Boeing (Frankfurt)", type: "stock", primary_exchange: "NYSE" },
    { symbol: "BOEI", name: "Boeing Company Index Note", type: "index", primary_exchange: "NYSE" },
    { symbol: "ZBA", name: "The Boeing Suppliers Fund", type: "etf", primary_exchange: "NYSE" },
  ];

  beforeAll(async () => {
    for (const line of lines) {
      expect((await send("POST", "/symbols", { ...line, currency: "USD" })).status).toBe(201);
    }
  });

  test.each(["boeing", "Boeing", "BOEING", "boei", "the boeing company", "boeing company"])(
    "puts its main share first among its other lines: %s",
    async (text) => {
      const symbols = await found(text);
      const main = text === "boei" ? symbols.filter((symbol) => symbol !== "BOEI") : symbols;
      expect(main[0]).toBe("BA");
    },
  );

  test("finds its other lines too", async () => {
    expect((await found("boeing")).toSorted()).toEqual(["BA", ...lines.map((line) => line.symbol)].toSorted());
  });

  test("narrows to its funds with a filter", async () => {
    expect((await found("boeing", "&type=etf")).toSorted()).toEqual(["BAX2", "BOE", "ZBA"]);
  });

  test("follows a change of name at once", async () => {
    expect((await send("PUT", "/symbols/ZBA", { name: "Aerospace Suppliers Fund" })).status).toBe(200);
    expect(await found("boeing")).not.toContain("ZBA");
    expect(await found("aerospace suppliers")).toEqual(["ZBA"]);
  });

  test("leaves out a line that was retired", async () => {
    expect((await send("DELETE", "/symbols/BOE")).status).toBe(200);
    expect(await found("boeing")).not.toContain("BOE");
  });
});
