import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ASSET_TYPES,
  aliasesOf,
  CANONICAL_FORM,
  isSymbolText,
  MAX_SYMBOL_LENGTH,
  normaliseSymbol,
} from "../../core/symbol.ts";

describe("a symbol as people write it", () => {
  test("is the same with blanks around it and in lower case", () => {
    expect(normaliseSymbol(" btc/usdt ")).toBe("BTC/USDT");
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(normaliseSymbol(normaliseSymbol(text))).toBe(normaliseSymbol(text));
      }),
    );
  });

  test.each(["BTC/USDT", "JSE:NPN", "AAPL", "BRK.B", "EURUSD=X", "BTC_USDT", "BTC-USDT", "1INCH/USDT", "A"])(
    "may be %s",
    (text) => {
      expect(isSymbolText(text)).toBe(true);
    },
  );

  test.each(["", " ", "btc/usdt", "/USDT", "A B", "A,B", "<SCRIPT>", "A'--", "É", "A\n", "../X"])(
    "cannot be %j",
    (text) => {
      expect(isSymbolText(text)).toBe(false);
    },
  );

  test(`has at most ${MAX_SYMBOL_LENGTH} characters`, () => {
    expect(isSymbolText("A".repeat(MAX_SYMBOL_LENGTH))).toBe(true);
    expect(isSymbolText("A".repeat(MAX_SYMBOL_LENGTH + 1))).toBe(false);
  });
});

describe("the canonical form", () => {
  test.each([
    ["crypto", ["BTC/USDT", "1INCH/USDT", "ETH/USD"], ["BTCUSDT", "BTC-USDT", "BTC/", "BTC/USDT/X", "btc/usdt"]],
    ["forex", ["USD/ZAR", "EUR/USD"], ["USDZAR", "USD/ZARR", "US/ZAR", "BTC/USDT", "USD-ZAR"]],
    ["stock", ["AAPL", "JSE:NPN", "BRK.B"], ["JSE:", ":NPN", "J:NPN", "AAPL/USD", "A B", "NPN.JO.TOO.LONG.X"]],
    ["etf", ["SPY", "JSE:STX40"], ["SPY/USD", "JSE:"]],
    ["index", ["SPX", "JSE:J203"], ["SPX/USD", ":J203"]],
    ["commodity", ["XAU/USD", "BRENT"], ["XAU/USDT", "XAU/"]],
  ] as const)("of a %s", (type, right, wrong) => {
    for (const symbol of right) expect(symbol).toMatch(CANONICAL_FORM[type].pattern);
    for (const symbol of wrong) expect(symbol).not.toMatch(CANONICAL_FORM[type].pattern);
  });

  test("has an example of its own for every asset class", () => {
    for (const type of ASSET_TYPES) {
      for (const example of CANONICAL_FORM[type].example.split(" or ")) {
        expect(example).toMatch(CANONICAL_FORM[type].pattern);
      }
    }
  });
});

describe("the other ways to write a symbol", () => {
  test.each([
    ["BTC/USDT", "crypto", "BINANCE", ["BTC-USDT", "BTCUSDT", "BTC_USDT", "BTC", "BINANCE:BTCUSDT"]],
    ["BTC/USD", "crypto", "CRYPTO", ["BTC-USD", "BTCUSD", "BTC_USD", "BTC"]],
    ["USD/ZAR", "forex", "FOREX", ["USD-ZAR", "USDZAR", "USD_ZAR", "USDZAR=X"]],
    ["XAU/USD", "commodity", "FOREX", ["XAU-USD", "XAUUSD", "XAU_USD"]],
    ["JSE:NPN", "stock", "JSE", ["NPN", "NPN.JO"]],
    ["AAPL", "stock", "NASDAQ", ["NASDAQ:AAPL"]],
    ["AAPL", "stock", null, []],
  ] as const)("%s (%s on %s): %j", (symbol, type, exchange, aliases) => {
    expect(aliasesOf(symbol, type, exchange)).toEqual(aliases);
  });

  test("are symbols themselves, differ from the canonical one and from each other", () => {
    const letters = fc.stringMatching(/^[A-Z]{3}$/);
    fc.assert(
      fc.property(letters, letters, fc.constantFrom("crypto", "forex", "commodity"), (base, quote, type) => {
        const symbol = `${base}/${quote}`;
        const aliases = aliasesOf(symbol, type, "BINANCE");
        expect(new Set([...aliases, symbol]).size).toBe(aliases.length + 1);
        for (const alias of aliases) expect(isSymbolText(alias)).toBe(true);
      }),
    );
  });
});
