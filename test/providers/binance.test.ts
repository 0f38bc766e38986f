import { describe, expect, test } from "vitest";
import { BINANCE_BASE_URL, binanceProvider } from "../../providers/binance/provider.ts";
import { failure } from "../../providers/provider.ts";
import { hasRecording, recording } from "./recordings.ts";
import { createContext, inventListing, jsonResponse, listing, rows, unixTime } from "./stand-in.ts";

const BTC = listing("BTC/USDT", "BTCUSDT");
const ETH = listing("ETH/USDT", "ETHUSDT");
const binance = () => binanceProvider({ baseUrl: BINANCE_BASE_URL });

/** As the exchange's documentation shows the rolling 24 hours, with numbers of our own. */
const ticker = (symbol: string, changes: object = {}) => ({
  symbol,
  priceChange: "120.50000000",
  priceChangePercent: "0.121",
  weightedAvgPrice: "99950.00000000",
  prevClosePrice: "99900.10000000",
  lastPrice: "100020.50000000",
  lastQty: "0.00100000",
  bidPrice: "100020.49000000",
  bidQty: "1.00000000",
  askPrice: "100020.50000000",
  askQty: "2.00000000",
  openPrice: "99900.00000000",
  highPrice: "101000.00000000",
  lowPrice: "99000.00000000",
  volume: "12345.67800000",
  quoteVolume: "1234000000.00000000",
  openTime: 1795100400123,
  closeTime: 1795186799987,
  firstId: 1,
  lastId: 2,
  count: 2,
  ...changes,
});

describe("quotes", () => {
  test("carry the exchange's numbers over 24 hours, the volume in the base asset", async () => {
    const context = createContext(() => jsonResponse([ticker("BTCUSDT")]));
    const quotes = await binance().quotes([BTC], context);
    expect(quotes.get("BTC/USDT")).toEqual({
      symbol: "BTC/USDT",
      price: 100020.5,
      change: 120.5,
      change_percent: 0.1206,
      open: 99900,
      high: 101000,
      low: 99000,
      previous_close: 99900,
      volume: 12345.678,
      market_cap: null,
      bid: 100020.49,
      ask: 100020.5,
      window: "24h",
      currency: "USDT",
      price_unit: "USDT",
      volume_unit: "base",
      exchange: "BINANCE",
      price_basis: "exchange",
      timestamp: "2026-11-20T14:59:59.987Z",
      received_at: "2026-11-20T15:00:00.000Z",
      provider: "binance",
      simulated: false,
    });
  });

  test("of many symbols take one call", async () => {
    const context = createContext(() => jsonResponse([ticker("ETHUSDT"), ticker("BTCUSDT")]));
    const quotes = await binance().quotes([BTC, ETH], context);
    expect([...quotes.keys()]).toEqual(["BTC/USDT", "ETH/USDT"]);
    expect(context.urls.map(({ pathname }) => pathname)).toEqual(["/api/v3/ticker/24hr"]);
    expect(context.urls[0].searchParams.get("symbols")).toBe('["BTCUSDT","ETHUSDT"]');
  });

  test("survive a symbol that the exchange does not know, which is then left out", async () => {
    const known = Array.from({ length: 9 }, (_, i) => inventListing(`K${i}/USDT`, `K${i}USDT`, "BTC/USDT"));
    const all = [...known, inventListing("BAD/USDT", "BADUSDT", "BTC/USDT")];
    const provider = binance();
    const context = createContext((url) => {
      const symbols: string[] = JSON.parse(url.searchParams.get("symbols") ?? "[]");
      if (!symbols.includes("BADUSDT")) return jsonResponse(symbols.map((symbol) => ticker(symbol)));
      return new Response(JSON.stringify({ code: -1121, msg: "Invalid symbol." }), { status: 400 });
    });
    const quotes = await provider.quotes(all, context);
    expect(quotes.get("BAD/USDT")).toEqual(failure("unknown_symbol"));
    for (const { instrument } of known) expect(quotes.get(instrument.symbol)).toMatchObject({ price: 100020.5 });
    // Ten symbols in halves: 10, 5, 5, 3, 2, 1, 1.
    expect(context.urls.length).toBeLessThanOrEqual(9);
    const before = context.urls.length;
    expect((await provider.quotes(all, context)).get("BAD/USDT")).toEqual(failure("unknown_symbol"));
    expect(context.urls.length).toBe(before + 1);
  });

  test("do not send what cannot be a symbol there, which would fail the call of all", async () => {
    const context = createContext(() => jsonResponse([ticker("BTCUSDT")]));
    const quotes = await binance().quotes([BTC, inventListing("X/USDT", 'X"],"', "BTC/USDT")], context);
    expect(quotes.get("X/USDT")).toEqual(failure("unknown_symbol"));
    expect(quotes.get("BTC/USDT")).toMatchObject({ price: 100020.5 });
  });

  test.each([
    ["null", { lastPrice: null }],
    ["a number in place of text", { lastPrice: 100 }],
    ["no price yet", { lastPrice: "0.00000000" }],
    ["prose", { lastPrice: "n/a" }],
  ])("with %s for a price fail for that symbol alone", async (_, changes) => {
    const context = createContext(() => jsonResponse([ticker("BTCUSDT", changes), ticker("ETHUSDT")]));
    const quotes = await binance().quotes([BTC, ETH], context);
    expect(quotes.get("BTC/USDT")).toEqual(failure("bad_answer"));
    expect(quotes.get("ETH/USDT")).toMatchObject({ price: 100020.5 });
  });

  test("from an address where there is nothing are a bad call, made once", async () => {
    const context = createContext(() => new Response("not found", { status: 404 }));
    const quotes = await binance().quotes([BTC, ETH], context);
    expect([...quotes.values()]).toEqual([failure("bad_call"), failure("bad_call")]);
    expect(context.urls.length).toBe(1);
  });

  test("without bids have none", async () => {
    const context = createContext(() => jsonResponse([ticker("BTCUSDT", { bidPrice: "0.00000000" })]));
    expect((await binance().quotes([BTC], context)).get("BTC/USDT")).toMatchObject({ bid: null, ask: 100020.5 });
  });

  test.each([
    [418, "throttled"],
    [403, "blocked"],
    [451, "blocked"],
  ] as const)("refused with status %i are %s", async (status, reason) => {
    const headers = { "retry-after": "120" };
    const context = createContext(() => new Response("<html>", { status, headers }));
    expect((await binance().quotes([BTC], context)).get("BTC/USDT")).toEqual(failure(reason, 120));
  });
});

/** A minute's candle; the exchange sends twelve fields. */
const kline = (time: number) => [
  time * 1000,
  "1",
  "3",
  "0.5",
  "2",
  "10",
  time * 1000 + 59_999,
  "20",
  1,
  "5",
  "10",
  "0",
];

describe("candles", () => {
  test("longer than a page are fetched page by page, each from where the last one ended", async () => {
    const from = unixTime("2026-11-19T00:00:00Z");
    const to = from + 1500 * 60;
    const context = createContext((url) => {
      const start = Number(url.searchParams.get("startTime")) / 1000;
      const end = Number(url.searchParams.get("endTime")) / 1000;
      const first = Math.ceil(start / 60) * 60;
      const page = [];
      for (let time = first; time <= end && page.length < 1000; time += 60) page.push(kline(time));
      return jsonResponse(page);
    });
    const answer = await binance().candles({ listing: BTC, interval: "1m", from, to }, context);
    if (answer.kind === "failure") throw new Error(answer.reason);
    expect(answer.candles.length).toBe(1500);
    expect(answer.candles.time[0]).toBe(from);
    expect(answer.candles.time[1499]).toBe(to - 60);
    expect(context.urls.length).toBe(2);
    // Both ends of a range are included there, the end of ours is not.
    expect(context.urls[0].searchParams.get("endTime")).toBe(String(to * 1000 - 1));
  });

  test("that come again and again do not keep us asking", async () => {
    const from = unixTime("2026-11-19T00:00:00Z");
    const page = Array.from({ length: 1000 }, (_, i) => kline(from + i * 60));
    const context = createContext(() => jsonResponse(page));
    const answer = await binance().candles({ listing: BTC, interval: "1m", from, to: from + 5000 * 60 }, context);
    expect(answer).toMatchObject({ kind: "candles", candles: { length: 1000 } });
    expect(context.urls.length).toBe(2);
  });

  test("include the one that is forming", async () => {
    const now = unixTime("2026-11-20T15:00:30Z");
    const context = createContext(() => jsonResponse([kline(now - 90), kline(now - 30)]), { now });
    const answer = await binance().candles({ listing: BTC, interval: "1m", from: now - 120, to: now + 60 }, context);
    expect(answer).toMatchObject({ kind: "candles", candles: { length: 2 } });
  });

  test.each([
    ["without a number", [[1795100400000, null, null, null, null, null]]],
    ["with numbers in place of text", [[1795100400000, 1, 3, 0.5, 2, 10]]],
    ["cut short", [[1795100400000, "1", "3"]]],
    ["without stamps", [[null, "1", "3", "0.5", "2", "10"]]],
    ["as an object", { data: [] }],
    ["as text", "[]"],
  ])("%s are a bad answer", async (_, body) => {
    const context = createContext(() => jsonResponse(body));
    const request = { listing: BTC, interval: "1m", from: 0, to: context.now() } as const;
    expect(await binance().candles(request, context)).toEqual(failure("bad_answer"));
  });

  test("of a month are stamped with its first day", async () => {
    const context = createContext(() =>
      jsonResponse([kline(unixTime("2026-10-01T00:00:00Z")), kline(unixTime("2026-11-01T00:00:00Z"))]),
    );
    const request = { listing: BTC, interval: "1M", from: 0, to: context.now() } as const;
    expect(await binance().candles(request, context)).toMatchObject({ kind: "candles", candles: { length: 2 } });
    expect(context.urls[0].searchParams.get("interval")).toBe("1M");
  });
});

describe("as recorded", () => {
  test.skipIf(!hasRecording("binance/rest_klines_BTCUSDT_1m.recorded.json"))(
    "BTCUSDT's minutes of 2021-10-22",
    async () => {
      const body = recording("binance/rest_klines_BTCUSDT_1m.recorded.json");
      const request = {
        listing: BTC,
        interval: "1m",
        from: unixTime("2021-10-22T00:00:00Z"),
        to: unixTime("2021-10-24T00:00:00Z"),
      } as const;
      const answer = await binance().candles(
        request,
        createContext(() => body),
      );
      if (answer.kind === "failure") throw new Error(answer.reason);
      expect(answer).toMatchObject({ interval: "1m", adjustment: "raw", construction: "provider" });
      expect(answer.candles.length).toBe(10);
      const found = rows(answer.candles);
      expect(found[0]).toEqual(["2021-10-22T23:03:00.000Z", 60685.22, 60729.84, 60670.9, 60719.27, 21.63272]);
      expect(found[9]).toEqual(["2021-10-22T23:12:00.000Z", 60739.85, 60739.85, 60739.85, 60739.85, 0.04734]);
    },
  );

  test("an answer cut off in the middle is a bad answer", async () => {
    const body = JSON.stringify([[1634943780000, "60685.2", "60729.8", "60670.9", "60719.2", "21.6", 1634943839999]]);
    const context = createContext(() => body.slice(0, body.length / 2));
    const request = { listing: BTC, interval: "1m", from: 0, to: context.now() } as const;
    expect(await binance().candles(request, context)).toEqual(failure("bad_answer"));
  });

  test("the price endpoint's body, which is no ticker, is a bad answer", async () => {
    const body = JSON.stringify({ symbol: "BTCUSDT", price: "60719.27000000" });
    const quotes = await binance().quotes(
      [BTC],
      createContext(() => body),
    );
    expect(quotes.get("BTC/USDT")).toEqual(failure("bad_answer"));
  });
});
