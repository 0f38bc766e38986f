import { describe, expect, test } from "vitest";
import { planCalls } from "../../providers/coingecko/candle-plan.ts";
import type { Plan } from "../../providers/coingecko/client.ts";
import { COINGECKO_BASE_URL, coinGeckoProvider } from "../../providers/coingecko/provider.ts";
import { failure } from "../../providers/provider.ts";
import { hasRecording, recording } from "./recordings.ts";
import { createContext, inventListing, jsonResponse, listing, rows, unixTime } from "./stand-in.ts";

const BTC_USDT = listing("BTC/USDT", "bitcoin");
const BTC_USD = listing("BTC/USD", "bitcoin");
const provider = (plan: Plan = "keyless", apiKey: string | null = null) =>
  coinGeckoProvider({ plan, apiKey, baseUrl: COINGECKO_BASE_URL[plan] });

const market = (changes: object = {}) => ({
  id: "bitcoin",
  symbol: "btc",
  current_price: 100_000,
  market_cap: 2e12,
  total_volume: 3e10,
  high_24h: 101_000,
  low_24h: 99_000,
  price_change_24h: 500,
  last_updated: "2026-11-20T14:59:30.000Z",
  ...changes,
});

describe("quotes", () => {
  test("of a pair against Tether say that they are an index in dollars", async () => {
    const context = createContext(() => jsonResponse([market()]));
    expect((await provider().quotes([BTC_USDT], context)).get("BTC/USDT")).toMatchObject({
      price: 100_000,
      currency: "USD",
      price_unit: "USD",
      volume_unit: "quote",
      exchange: "CRYPTO",
      price_basis: "index",
      window: "24h",
    });
    expect(context.urls[0].searchParams.get("vs_currency")).toBe("usd");
  });

  test("of two pairs of one coin take one call and name the coin once", async () => {
    const context = createContext(() => jsonResponse([market()]));
    const quotes = await provider().quotes([BTC_USDT, BTC_USD], context);
    expect([...quotes.keys()].sort()).toEqual(["BTC/USD", "BTC/USDT"]);
    expect(context.urls.length).toBe(1);
    expect(context.urls[0].searchParams.get("ids")).toBe("bitcoin");
  });

  test("against a currency that is not served are unsupported, without a call", async () => {
    const odd = inventListing("BTC/XQQ", "bitcoin", "BTC/USD");
    odd.instrument.currency = "XQQ";
    const context = createContext(() => jsonResponse([]));
    expect((await provider().quotes([odd], context)).get("BTC/XQQ")).toEqual(failure("unsupported"));
    expect(context.urls).toEqual([]);
  });

  test("of what the service leaves out are of an unknown symbol", async () => {
    const other = inventListing("NO/USD", "no-such-coin", "BTC/USD");
    const quotes = await provider().quotes(
      [BTC_USD, other],
      createContext(() => jsonResponse([market()])),
    );
    expect(quotes.get("NO/USD")).toEqual(failure("unknown_symbol"));
    expect(quotes.get("BTC/USD")).toMatchObject({ price: 100_000 });
  });

  test("keep null what is unknown, zero market value included", async () => {
    const sparse = market({ high_24h: null, low_24h: null, price_change_24h: null, total_volume: null, market_cap: 0 });
    const quotes = await provider().quotes(
      [BTC_USD],
      createContext(() => jsonResponse([sparse])),
    );
    expect(quotes.get("BTC/USD")).toMatchObject({
      price: 100_000,
      change: null,
      change_percent: null,
      open: null,
      high: null,
      low: null,
      previous_close: null,
      volume: null,
      market_cap: null,
    });
  });

  test.each([
    ["null", { current_price: null }],
    ["text", { current_price: "100000" }],
    ["zero", { current_price: 0 }],
    ["below zero", { current_price: -1 }],
  ])("whose price is %s are a bad answer", async (_, changes) => {
    const quotes = await provider().quotes(
      [BTC_USD],
      createContext(() => jsonResponse([market(changes)])),
    );
    expect(quotes.get("BTC/USD")).toEqual(failure("bad_answer"));
  });
});

describe("keys", () => {
  test.each([
    ["keyless", "api.coingecko.com", null],
    ["demo", "api.coingecko.com", "x-cg-demo-api-key"],
    ["pro", "pro-api.coingecko.com", "x-cg-pro-api-key"],
  ] as const)("of the plan %s go to %s in %s", async (plan, host, header) => {
    const context = createContext(() => jsonResponse([market()]));
    await provider(plan, plan === "keyless" ? null : "the-secret").quotes([BTC_USD], context);
    expect(context.urls[0].host).toBe(host);
    const sent = [...context.requests[0].headers].filter(([, value]) => value === "the-secret").map(([name]) => name);
    expect(sent).toEqual(header === null ? [] : [header]);
    expect(context.requests[0].url).not.toContain("the-secret");
  });

  test.each([
    [401, { status: { error_code: 10002 } }, "bad_key"],
    [400, { status: { error_code: 10011 } }, "bad_key"],
    [401, { error: { status: { error_code: 10012 } } }, "unsupported"],
    [403, { status: { error_code: 10005 } }, "premium_only"],
    [403, "<html>blocked</html>", "blocked"],
    [404, { error: "coin not found" }, "unknown_symbol"],
    [404, "<html>nothing here</html>", "bad_call"],
  ] as const)("refused with %i and %j end in %s", async (status, body, reason) => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const context = createContext(() => new Response(text, { status }));
    expect((await provider().quotes([BTC_USD], context)).get("BTC/USD")).toEqual(failure(reason));
  });
});

describe("candles", () => {
  const now = unixTime("2026-11-20T15:00:00Z");

  test("come stamped with their end and are kept by their opening", async () => {
    const context = createContext(
      () =>
        jsonResponse([
          [unixTime("2026-11-20T14:00:00Z") * 1000, 1, 3, 0.5, 2],
          [unixTime("2026-11-20T14:30:00Z") * 1000, 2, 4, 1.5, 3],
          [unixTime("2026-11-20T15:00:00Z") * 1000, 3, 5, 2.5, 4],
        ]),
      { now },
    );
    const request = { listing: BTC_USD, interval: "30m", from: now - 7200, to: now } as const;
    const answer = await provider().candles(request, context);
    if (answer.kind === "failure") throw new Error(answer.reason);
    expect(answer.construction).toBe("provider");
    expect(rows(answer.candles)).toEqual([
      ["2026-11-20T13:30:00.000Z", 1, 3, 0.5, 2, null],
      ["2026-11-20T14:00:00.000Z", 2, 4, 1.5, 3, null],
      ["2026-11-20T14:30:00.000Z", 3, 5, 2.5, 4, null],
    ]);
    expect(context.urls[0].pathname).toBe("/api/v3/coins/bitcoin/ohlc");
  });

  test("of another length than was asked for are a bad answer", async () => {
    const fourHours = [0, 4, 8].map((hours) => [
      unixTime("2026-11-20T00:00:00Z") * 1000 + hours * 3_600_000,
      1,
      3,
      0.5,
      2,
    ]);
    const context = createContext(() => jsonResponse(fourHours), { now });
    const request = { listing: BTC_USD, interval: "30m", from: now - 7200, to: now } as const;
    expect(await provider().candles(request, context)).toEqual(failure("bad_answer"));
  });

  test("a price a day says only what the day's close was", async () => {
    const day = (date: string, price: number) => [unixTime(`${date}T00:00:00Z`) * 1000, price];
    const prices = [day("2026-05-01", 10), day("2026-05-02", 11), day("2026-05-03", 12)];
    const context = createContext(() => jsonResponse({ prices }), { now });
    const from = unixTime("2026-05-01T00:00:00Z");
    const answer = await provider().candles({ listing: BTC_USD, interval: "1d", from, to: from + 3 * 86_400 }, context);
    if (answer.kind === "failure") throw new Error(answer.reason);
    expect(answer.construction).toBe("sampled");
    expect(rows(answer.candles)).toEqual([
      ["2026-05-01T00:00:00.000Z", null, null, null, 11, null],
      ["2026-05-02T00:00:00.000Z", null, null, null, 12, null],
    ]);
  });

  test("a price an hour, taken just after it, is that hour's close; the latest is of the hour that forms", async () => {
    const prices = [
      [unixTime("2026-11-10T12:00:40Z") * 1000, 10],
      [unixTime("2026-11-10T13:02:10Z") * 1000, 11],
      [unixTime("2026-11-10T14:01:00Z") * 1000, 12],
      [unixTime("2026-11-10T14:40:00Z") * 1000, 13],
    ];
    const context = createContext(() => jsonResponse({ prices }), { now });
    const from = unixTime("2026-11-10T00:00:00Z");
    const answer = await provider().candles({ listing: BTC_USD, interval: "1h", from, to: from + 86_400 }, context);
    if (answer.kind === "failure") throw new Error(answer.reason);
    expect(rows(answer.candles).map(([time, , , , close]) => [time, close])).toEqual([
      ["2026-11-10T11:00:00.000Z", 10],
      ["2026-11-10T12:00:00.000Z", 11],
      ["2026-11-10T13:00:00.000Z", 12],
      ["2026-11-10T14:00:00.000Z", 13],
    ]);
  });

  test.each([
    ["1m", "not served", now - 3600, now],
    ["30m", "a day old", now - 5 * 86_400, now - 3 * 86_400],
    ["4h", "two months old", now - 70 * 86_400, now - 60 * 86_400],
    ["1d", "two years old", now - 800 * 86_400, now - 700 * 86_400],
  ] as const)("of %s, %s, are unsupported, without a call", async (interval, _, from, to) => {
    const context = createContext(() => jsonResponse([]), { now });
    expect(await provider().candles({ listing: BTC_USD, interval, from, to }, context)).toEqual(failure("unsupported"));
    expect(context.urls).toEqual([]);
  });

  test.each([
    ["keyless", "1h", 20 / 24, [["chart", 1]]],
    [
      "keyless",
      "1h",
      3,
      [
        ["chart", 1],
        ["chart", 4],
      ],
    ],
    ["keyless", "4h", 10, [["ohlc", 14]]],
    ["keyless", "1d", 80, [["chart", 81]]],
    [
      "keyless",
      "1d",
      200,
      [
        ["chart", 90],
        ["chart", 201],
      ],
    ],
    ["pro", "1h", 3, [["ohlc", 7]]],
    ["pro", "1d", 170, [["ohlc", 180]]],
  ] as const)("on the plan %s, %s of the last %d days take %j", (plan, interval, days, calls) => {
    const planned = planCalls(plan, interval, now - days * 86_400, now, now);
    expect(planned.map((call) => [call.endpoint, call.days])).toEqual(calls);
    // Nothing is taken twice, and no part of the range is left out.
    expect(planned[0].to).toBe(now);
    expect(planned.at(-1)?.from).toBe(now - days * 86_400);
    for (const [i, call] of planned.entries()) if (i > 0) expect(call.to).toBe(planned[i - 1].from);
  });
});

describe("as recorded", () => {
  test.skipIf(!hasRecording("coingecko/coins_markets.page1.recorded.json"))(
    "the markets of 2023-07-28: bitcoin, pepe and a coin of which little is known",
    async () => {
      const body = recording("coingecko/coins_markets.page1.recorded.json");
      const pepe = inventListing("PEPE/USD", "pepe", "BTC/USD");
      const gains = inventListing("GFARM2/USD", "gains-farm", "BTC/USD");
      const quotes = await provider().quotes(
        [BTC_USD, pepe, gains],
        createContext(() => body, { now: unixTime("2023-07-28T20:03:45Z") }),
      );
      expect(quotes.get("BTC/USD")).toEqual({
        symbol: "BTC/USD",
        price: 29309,
        change: 143.86,
        change_percent: 0.4933,
        open: 29165.14,
        high: 29507,
        low: 29119,
        previous_close: 29165.14,
        volume: 7555609615,
        market_cap: 569778313238,
        bid: null,
        ask: null,
        window: "24h",
        currency: "USD",
        price_unit: "USD",
        volume_unit: "quote",
        exchange: "CRYPTO",
        price_basis: "index",
        timestamp: "2023-07-28T20:03:29.093Z",
        received_at: "2023-07-28T20:03:45.000Z",
        provider: "coingecko",
        simulated: false,
      });
      expect(quotes.get("PEPE/USD")).toMatchObject({
        price: 0.00000135,
        change: 1.4007e-8,
        previous_close: 0.000001335993,
      });
      expect(quotes.get("GFARM2/USD")).toMatchObject({
        price: 4538.9,
        change: null,
        high: null,
        volume: 770.18,
        timestamp: "2023-07-26T15:10:39.035Z",
      });
    },
  );

  test.skipIf(!hasRecording("coingecko/coins_matic-network_market_chart.days1.recorded.json"))(
    "a day of MATIC's prices every five minutes becomes hours sampled from them",
    async () => {
      const body = recording("coingecko/coins_matic-network_market_chart.days1.recorded.json");
      const matic = inventListing("MATIC/USD", "matic-network", "BTC/USD");
      const now = unixTime("2023-03-15T23:20:10Z");
      const context = createContext(() => body, { now });
      const request = { listing: matic, interval: "1h", from: unixTime("2023-03-15T00:00:00Z"), to: now } as const;
      const answer = await provider().candles(request, context);
      if (answer.kind === "failure") throw new Error(answer.reason);
      expect(answer.construction).toBe("sampled");
      const found = rows(answer.candles);
      // The hour of 23:00 the day before was sampled from 23:21 on only, and is left out.
      expect(found.length).toBe(24);
      const [open, high, low, close] = [1.2019000836491454, 1.2019000836491454, 1.1896385010608639, 1.1966834661542394];
      expect(found[0]).toEqual(["2023-03-15T00:00:00.000Z", open, high, low, close, null]);
      expect(found[14]).toEqual([
        "2023-03-15T14:00:00.000Z",
        1.1690854694196093,
        1.1736350403190265,
        1.1457368727827912,
        1.1506532882542324,
        null,
      ]);
      expect(found[23].slice(0, 1)).toEqual(["2023-03-15T23:00:00.000Z"]);
      expect(found[23][4]).toBe(1.1166267344471446);
    },
  );

  test("the vendor's sample of half-hours", async () => {
    const body = recording("coingecko/doc_coins_id_ohlc.200.json");
    const now = unixTime("2026-05-19T14:40:00Z");
    const request = { listing: BTC_USD, interval: "30m", from: now - 7200, to: now } as const;
    const answer = await provider().candles(
      request,
      createContext(() => body, { now }),
    );
    if (answer.kind === "failure") throw new Error(answer.reason);
    expect(rows(answer.candles)).toEqual([
      ["2026-05-19T13:30:00.000Z", 76769, 76889, 76744, 76818, null],
      ["2026-05-19T14:00:00.000Z", 76712, 76712, 76321, 76422, null],
    ]);
  });

  test.skipIf(!hasRecording("coingecko/error_429.recorded.json"))(
    "the refusal for asking too often, with the wait that it names, even inside a 200",
    async () => {
      const { status, headers, body } = JSON.parse(recording("coingecko/error_429.recorded.json"));
      expect(status).toBe(429);
      for (const answered of [429, 200]) {
        const context = createContext(() => {
          const init = { status: answered, headers: { "retry-after": headers["retry-after"] } };
          return new Response(JSON.stringify(body), init);
        });
        expect((await provider().quotes([BTC_USD], context)).get("BTC/USD")).toEqual(failure("throttled", 53));
      }
      const atOnce = createContext(
        () => new Response(JSON.stringify(body), { status: 429, headers: { "retry-after": "0" } }),
      );
      expect((await provider().quotes([BTC_USD], atOnce)).get("BTC/USD")).toEqual(failure("throttled", null));
    },
  );

  test("the vendor's sample of a search", async () => {
    const body = recording("coingecko/doc_search.200.json");
    const found = await provider().search?.(
      "ethereum",
      createContext(() => body),
    );
    expect(found).toEqual([
      { providerSymbol: "ethereum", name: "Ethereum", type: "crypto", currency: null, region: null },
    ]);
  });
});
