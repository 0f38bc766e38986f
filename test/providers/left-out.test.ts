import { describe, expect, test } from "vitest";
import { MARKETS } from "../../core/market-calendar/markets.ts";
import { alphaVantageProvider } from "../../providers/alpha-vantage/provider.ts";
import { type BarRules, barsWithin, type ReadRow } from "../../providers/bars.ts";
import { binanceProvider } from "../../providers/binance/provider.ts";
import { coinGeckoProvider } from "../../providers/coingecko/provider.ts";
import { jseProvider } from "../../providers/jse/provider.ts";
import { type CandleRequest, failure, isFailure, type Provider } from "../../providers/provider.ts";
import { unfit } from "../../providers/rows.ts";
import { createContext, jsonResponse, listing, rows, unixTime } from "./stand-in.ts";

const HOST = "https://upstream.example";
const HOUR = 3600;

/** What a provider makes of an answer: its stamps, and what was left out by time and check. */
async function read(provider: Provider, request: CandleRequest, body: unknown, now = request.to) {
  const context = createContext(() => jsonResponse(body), { now });
  const answer = await provider.candles(request, context);
  if (isFailure(answer)) return answer;
  expect(answer.leftOutCount).toBe(answer.leftOut.length);
  return {
    stamps: Array.from(answer.candles.time),
    leftOut: answer.leftOut.map(({ time, check, detail }) => [time, check, detail]),
  };
}

describe("Binance", () => {
  const binance = binanceProvider({ baseUrl: HOST });
  const BTC = listing("BTC/USDT", "BTCUSDT");
  const kline = (milliseconds: number, changes: Record<number, unknown> = {}) =>
    Object.values({ ...[milliseconds, "8000.1", "8100", "7900.5", "8050", "12.5", milliseconds + 1, "1"], ...changes });

  test("its hours of 8 to 10 February 2018, stamped off the grid, are named and the others kept", async () => {
    const from = unixTime("2018-02-08T00:00:00Z");
    const to = unixTime("2018-02-11T00:00:00Z");
    // Trading stopped on the 8th; what came after the restart was stamped with its moment.
    const before = from * 1000;
    const shifted = [0, 1, 2].map((hour) => 1518168494789 + hour * HOUR * 1000);
    const after = unixTime("2018-02-10T00:00:00Z") * 1000;
    const klines = [before, ...shifted, after].map((stamp) => kline(stamp));
    expect(await read(binance, { listing: BTC, interval: "1h", from, to }, klines)).toEqual({
      stamps: [before / 1000, after / 1000],
      leftOut: [
        [1518168494.789, "off_grid", "no candle of 1h opens at 2018-02-09T09:28:14.789Z"],
        [1518172094.789, "off_grid", "no candle of 1h opens at 2018-02-09T10:28:14.789Z"],
        [1518175694.789, "off_grid", "no candle of 1h opens at 2018-02-09T11:28:14.789Z"],
      ],
    });
  });

  test("its pages go on after a last row off the grid", async () => {
    const from = unixTime("2018-02-01T00:00:00Z");
    const context = createContext((url) => {
      const start = Number(url.searchParams.get("startTime"));
      const first = Math.ceil((start - 3489) / 60_000) * 60_000 + 3489;
      const count = context.urls.length === 1 ? 1000 : 3;
      return jsonResponse(Array.from({ length: count }, (_, i) => kline(first + i * 60_000)));
    });
    const request = { listing: BTC, interval: "1m", from, to: from + 2000 * 60 } as const;
    const answer = await binance.candles(request, context);
    if (isFailure(answer)) throw new Error(answer.reason);
    expect(context.urls).toHaveLength(2);
    expect(answer.candles.length).toBe(0);
    expect(answer.leftOutCount).toBe(1003);
    expect(answer.leftOut).toHaveLength(100);
    expect(new Set(context.urls.map(({ search }) => search)).size).toBe(2);
  });

  test.each([
    ["no_price", "it has no close", { 4: null }],
    ["no_price", "it has no open", { 1: null }],
    ["no_price", "close is 0; a price must be above 0", { 4: "0.00000000" }],
    ["no_price", "low is -1; a price must be above 0", { 3: "-1" }],
    ["impossible", "high 7000 is below low 7900.5", { 2: "7000" }],
    ["impossible", "close 9000 is above high 8100", { 4: "9000" }],
    ["impossible", "volume is -5; it cannot be below 0", { 5: "-5" }],
    ["impossible", "its close cannot be read", { 4: "n/a" }],
    ["impossible", "its open cannot be read", { 1: 8000.1 }],
  ] as const)("%s: %s", async (check, detail, changes) => {
    const from = unixTime("2026-11-20T12:00:00Z");
    const stamp = from * 1000;
    const klines = [kline(stamp), kline(stamp + 60_000, changes), kline(stamp + 120_000)];
    const request = { listing: BTC, interval: "1m", from, to: from + 180 } as const;
    expect(await read(binance, request, klines)).toEqual({
      stamps: [from, from + 120],
      leftOut: [[from + 60, check, detail]],
    });
    // One that has nothing else is an answer too.
    expect(await read(binance, request, [klines[1]])).toMatchObject({ stamps: [] });
  });

  test("rows without a stamp count, and are listed at the beginning of what was asked for", async () => {
    const from = unixTime("2026-11-20T12:00:00Z");
    const request = { listing: BTC, interval: "1m", from, to: from + 180 } as const;
    const noRow = [from, "impossible", "it cannot be read as a candle"];
    expect(await read(binance, request, [kline(from * 1000), "a row", [1, "2"]])).toEqual({
      stamps: [from],
      leftOut: [noRow, noRow],
    });
  });
});

describe("CoinGecko", () => {
  const coingecko = coinGeckoProvider({ plan: "keyless", baseUrl: HOST, apiKey: null });
  const BTC = listing("BTC/USD", "bitcoin");
  const now = unixTime("2026-11-20T15:10:00Z");
  const request = { listing: BTC, interval: "30m", from: now - 3 * HOUR, to: now } as const;
  const end = (time: string) => unixTime(`2026-11-20T${time}Z`);
  const row = (time: number, ...prices: unknown[]) => [time * 1000, ...(prices.length > 0 ? prices : [2, 3, 1, 2])];

  test("half-hours off the grid, without a price or with high below low are left out; the forming one is kept", async () => {
    const body = [
      row(end("13:00:00")),
      row(end("13:30:03.489")),
      row(end("14:00:00"), 2, 3, 1, null),
      row(end("14:30:00"), 2, 1, 3, 2),
      row(end("15:00:00"), 2, 3, 0, 2),
      row(end("15:07:00")),
    ];
    expect(await read(coingecko, request, body)).toEqual({
      stamps: [end("12:30:00"), end("15:00:00")],
      leftOut: [
        [end("13:30:03.489"), "off_grid", "no candle of 30m ends at 2026-11-20T13:30:03.489Z"],
        [end("14:00:00"), "no_price", "it has no close"],
        [end("14:00:00"), "impossible", "high 1 is below low 3"],
        [end("14:30:00"), "no_price", "low is 0; a price must be above 0"],
      ],
    });
  });

  test("prices that are none are left out of what is sampled", async () => {
    const from = end("12:00:00");
    const prices = Array.from({ length: 25 }, (_, i) => [(from + i * 300) * 1000, 10 + i]);
    prices[13] = [prices[13][0], 0];
    const body = { prices: [...prices.slice(0, 15), [(from + 15 * 300) * 1000, null], ...prices.slice(16)] };
    const context = createContext(() => jsonResponse(body), { now: end("14:00:00") });
    const asked = { listing: BTC, interval: "1h", from, to: end("14:00:00") } as const;
    const answer = await coingecko.candles(asked, context);
    if (isFailure(answer)) throw new Error(answer.reason);
    expect(rows(answer.candles).map(([time, , , low, close]) => [time, low, close])).toEqual([
      ["2026-11-20T12:00:00.000Z", 11, 22],
      ["2026-11-20T13:00:00.000Z", 24, 34],
    ]);
    expect(answer.leftOut).toEqual([
      { time: from + 13 * 300, check: "no_price", detail: "the price is 0; a price must be above 0" },
      { time: from + 15 * 300, check: "no_price", detail: "it has no close" },
    ]);
  });

  test.each([
    ["an object", "30m", {}],
    ["nulls", "30m", [[null, null, null, null, null]]],
    ["text", "30m", [["1795186687000", "1", "1", "1", "1"]]],
    ["points without prices", "1h", { prices: [[1795186687000, null]] }],
    ["no points", "1h", { market_caps: [] }],
  ] as const)("%s for %s are a bad answer", async (_, interval, body) => {
    expect(await read(coingecko, { ...request, interval }, body)).toEqual(failure("bad_answer"));
  });

  test("no rows are an answer without candles", async () => {
    expect(await read(coingecko, request, [])).toEqual({ stamps: [], leftOut: [] });
    expect(await read(coingecko, { ...request, interval: "1h" }, { prices: [] })).toEqual({ stamps: [], leftOut: [] });
  });
});

describe("Alpha Vantage", () => {
  const alphaVantage = (plan: "free" | "premium") =>
    alphaVantageProvider({ baseUrl: HOST, apiKey: "key", plan, callsPerMinute: 75 });
  const MSFT = listing("MSFT", "MSFT");
  const bar = (open: unknown, high: unknown, low: unknown, close: unknown, more: object = { "5. volume": "5" }) => ({
    "1. open": open,
    "2. high": high,
    "3. low": low,
    "4. close": close,
    ...more,
  });
  const about = { "2. Symbol": "MSFT", "5. Time Zone": "US/Eastern" };
  const from = unixTime("2026-11-16T00:00:00Z");
  const days = { listing: MSFT, interval: "1d", from, to: from + 5 * 24 * HOUR } as const;
  const dated = (date: string) => unixTime(`2026-11-${date}T00:00:00Z`);

  test("days without a close, with high below low or without a date are left out", async () => {
    const series = {
      "2026-11-19": bar("2", "3", "1", null),
      "2026-11-18": bar("2", "3", "1", "2"),
      "2026-11-17": bar("2", "1", "3", "2"),
      "2026-11-16": bar("0.0000", "3", "1", "0.0000"),
      "2026-11-45": bar("2", "3", "1", "2"),
      yesterday: bar("2", "3", "1", "2"),
    };
    expect(await read(alphaVantage("free"), days, { "Meta Data": about, "Time Series (Daily)": series })).toEqual({
      stamps: [dated("18")],
      leftOut: [
        [dated("19"), "no_price", "it has no close"],
        [dated("17"), "impossible", "high 1 is below low 3"],
        [dated("16"), "no_price", "close is 0; a price must be above 0"],
        [from, "impossible", "its stamp cannot be read"],
        [from, "impossible", "its stamp cannot be read"],
      ],
    });
  });

  test("days before a split that cannot be read are left out, for none can be adjusted", async () => {
    const day = (split: unknown) => bar("2", "3", "1", "2", { "6. volume": "5", "8. split coefficient": split });
    const series = { yesterday: {}, "2026-11-19": day("1.0"), "2026-11-18": day(null), "2026-11-17": day("1.0") };
    expect(await read(alphaVantage("premium"), days, { "Meta Data": about, "Time Series (Daily)": series })).toEqual({
      stamps: [dated("18"), dated("19")],
      leftOut: [
        [from, "impossible", "its stamp cannot be read"],
        [dated("17"), "impossible", "a later split cannot be read"],
      ],
    });
  });

  test("minutes off the grid are left out; what is traded around the session is none of them", async () => {
    const series = Object.fromEntries(
      ["19 04:00:00", "19 09:30:00", "19 09:35:03", "19 09:40:00", "19 16:00:00", "45 09:30:00"].map((moment) => [
        `2026-11-${moment}`,
        bar("2", "3", "1", "2"),
      ]),
    );
    const request = { ...days, interval: "5m" } as const;
    const body = { "Meta Data": about, "Time Series (5min)": series };
    expect(await read(alphaVantage("premium"), request, body)).toEqual({
      stamps: [unixTime("2026-11-19T14:30:00Z"), unixTime("2026-11-19T14:40:00Z")],
      leftOut: [
        [unixTime("2026-11-19T14:35:03Z"), "off_grid", "no candle of 5m opens at 2026-11-19T14:35:03.000Z"],
        [from, "impossible", "its stamp cannot be read"],
      ],
    });
  });

  test("a series without entries is an answer without candles", async () => {
    const body = { "Meta Data": about, "Time Series (Daily)": {} };
    expect(await read(alphaVantage("free"), days, body)).toEqual({ stamps: [], leftOut: [] });
  });

  test.each([
    ["a list", []],
    ["no series", { "Meta Data": about }],
    ["a series that is text", { "Meta Data": about, "Time Series (Daily)": "none" }],
    ["nulls", { "Meta Data": about, "Time Series (Daily)": { "2026-11-19": bar(null, null, null, null, {}) } }],
    ["numbers", { "Meta Data": about, "Time Series (Daily)": { "2026-11-19": bar(2, 3, 1, 2, {}) } }],
  ])("%s is a bad answer", async (_, body) => {
    expect(await read(alphaVantage("free"), days, body)).toEqual(failure("bad_answer"));
  });
});

test("days of the JSE feed without a close, or with high below low, are left out", async () => {
  const jse = jseProvider({ baseUrl: HOST, apiKey: "key", history: true });
  const from = unixTime("2026-11-16T00:00:00Z");
  const request = { listing: listing("JSE:SOL", "SOL"), interval: "1d", from, to: from + 5 * 24 * HOUR } as const;
  const day = (date: number, changes: object = {}) => ({
    date: `2026-11-${date}T00:00:00`,
    ...{ open: 200, high: 300, low: 100, close: 200, volume: 5 },
    ...changes,
  });
  const data = [day(16), day(17, { close: null }), day(18, { high: 50 }), day(19, { open: 0 }), day(20, { close: 0 })];
  expect(await read(jse, request, { error: null, data })).toEqual({
    stamps: [from, from + 3 * 24 * HOUR],
    leftOut: [
      [from + 24 * HOUR, "no_price", "it has no close"],
      [from + 2 * 24 * HOUR, "impossible", "high 50 is below low 100"],
      [from + 4 * 24 * HOUR, "no_price", "close is 0; a price must be above 0"],
    ],
  });
  expect(await read(jse, request, { error: null, data: {} })).toEqual(failure("bad_answer"));
  expect(await read(jse, request, { error: null, data: ["a day"] })).toEqual(failure("bad_answer"));
});

test("one odd row of a search spoils no other", async () => {
  const coin = (id: unknown) => ({ id, name: "A coin", symbol: "COIN" });
  const found = (...coins: object[]) =>
    coinGeckoProvider({ plan: "keyless", baseUrl: HOST, apiKey: null }).search?.(
      "coin",
      createContext(() => jsonResponse({ coins })),
    );
  expect(await found(coin(null), coin("a-coin"))).toMatchObject([{ providerSymbol: "a-coin" }]);
  expect(await found()).toEqual([]);
  expect(await found(coin(null))).toEqual(failure("bad_answer"));
});

describe("bars within a range", () => {
  const rules: BarRules = { market: MARKETS.CRYPTO, interval: "1m", from: 600, to: 1200, negativePrices: false };
  const bar = (time: number, close = 2): ReadRow => ({ time, open: 2, high: 3, low: 1, close, volume: null });
  const kept = (list: ReadRow[], changes: Partial<BarRules> = {}) => barsWithin(list, { ...rules, ...changes });

  test("leave out nothing that was not asked for", () => {
    const outside = [bar(540), bar(1200), bar(541), unfit(1260, "no_price", "it has no close")];
    expect(kept(outside)).toMatchObject({ candles: { length: 0 }, leftOut: [], leftOutCount: 0 });
  });

  test("count the later one of two with one stamp", () => {
    expect(Array.from(kept([bar(660), bar(600), bar(660, 3)]).candles.close)).toEqual([2, 3]);
  });

  test("may be of prices below zero where there are such", () => {
    const oil: ReadRow = { time: 600, open: 18.27, high: 18.27, low: -40.32, close: -37.63, volume: null };
    expect(kept([oil], { negativePrices: true })).toMatchObject({ candles: { length: 1 }, leftOutCount: 0 });
    expect(kept([oil])).toMatchObject({ candles: { length: 0 }, leftOut: [{ check: "no_price" }] });
  });

  test("keep a close that stands above its high by a rounding", () => {
    const rounded: ReadRow = { time: 600, open: 7.66, high: 7.660714, low: 7.6, close: 7.660715, volume: null };
    expect(kept([rounded])).toMatchObject({ candles: { length: 1 }, leftOutCount: 0 });
  });
});
