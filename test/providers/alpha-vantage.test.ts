import { afterEach, describe, expect, test, vi } from "vitest";
import type { Plan } from "../../providers/alpha-vantage/client.ts";
import {
  ALPHA_VANTAGE_BASE_URL,
  alphaVantageProvider,
  CALLS_PER_MINUTE,
} from "../../providers/alpha-vantage/provider.ts";
import { type FailureReason, failure, type Provider } from "../../providers/provider.ts";
import { hasRecording, recording } from "./recordings.ts";
import { createContext, type FakeContext, jsonResponse, listing, rows, unixTime } from "./stand-in.ts";

const KEY = "ABC123";
const MSFT = listing("MSFT", "MSFT");
const AAPL = listing("AAPL", "AAPL");
const EUR_USD = listing("EUR/USD", "EUR/USD");
const NPN = listing("JSE:NPN", "NPN.JNB");

const provider = (plan: Plan = "free"): Provider =>
  alphaVantageProvider({
    baseUrl: ALPHA_VANTAGE_BASE_URL,
    apiKey: KEY,
    plan,
    callsPerMinute: CALLS_PER_MINUTE,
  });

const functions = (context: FakeContext) => context.urls.map(({ searchParams }) => searchParams.get("function"));

const globalQuote = (changes: object = {}) => ({
  "Global Quote": {
    "01. symbol": "MSFT",
    "02. open": "500.0000",
    "03. high": "510.0000",
    "04. low": "490.0000",
    "05. price": "505.0000",
    "06. volume": "1000",
    "07. latest trading day": "2026-11-20",
    "08. previous close": "500.0000",
    "09. change": "5.0000",
    "10. change percent": "1.0000%",
    ...changes,
  },
});

describe("the time of a price of which the source says only the date", () => {
  test.each([
    ["after the close is the close", "2026-11-20T23:00:00Z", "2026-11-20T21:00:00.000Z"],
    ["in the session is as late as the service delays", "2026-11-20T16:00:00Z", "2026-11-20T15:45:00.000Z"],
    ["just after the opening is the opening", "2026-11-20T14:35:00Z", "2026-11-20T14:30:00.000Z"],
    ["just after the close is not past it", "2026-11-20T21:05:00Z", "2026-11-20T20:50:00.000Z"],
  ])("%s", async (_, now, timestamp) => {
    const context = createContext(() => jsonResponse(globalQuote()), { now: unixTime(now) });
    expect((await provider().quotes([MSFT], context)).get("MSFT")).toMatchObject({ timestamp });
  });

  test("on a day that closes early is the early close", async () => {
    const friday = globalQuote({ "07. latest trading day": "2026-11-27" });
    const context = createContext(() => jsonResponse(friday), { now: unixTime("2026-11-28T12:00:00Z") });
    expect((await provider().quotes([MSFT], context)).get("MSFT")).toMatchObject({
      timestamp: "2026-11-27T18:00:00.000Z",
    });
  });
});

describe("quotes", () => {
  test.each([
    ["premium", "delayed"],
    ["realtime", "realtime"],
  ] as const)("on the plan %s ask for prices that are %s and read the renamed answer", async (plan, entitlement) => {
    const renamed = { "Global Quote - DATA DELAYED BY 15 MINUTES": globalQuote()["Global Quote"] };
    const context = createContext(() => jsonResponse(renamed));
    const elsewhere = { ...MSFT, instrument: { ...MSFT.instrument, primary_exchange: "JSE" as const } };
    const asked = plan === "realtime" ? elsewhere : MSFT;
    expect((await provider(plan).quotes([asked], context)).get("MSFT")).toMatchObject({ price: 505 });
    expect(context.urls[0].searchParams.get("entitlement")).toBe(entitlement);
  });

  test("of another symbol than was asked for are a bad answer", async () => {
    const context = createContext(() => jsonResponse(globalQuote({ "01. symbol": "MSFU" })));
    expect((await provider().quotes([MSFT], context)).get("MSFT")).toEqual(failure("bad_answer"));
  });

  test.each([
    ["null", null],
    ["a number", 505],
    ["prose", "None"],
    ["zero", "0.0000"],
  ])("whose price is %s are a bad answer", async (_, price) => {
    const context = createContext(() => jsonResponse(globalQuote({ "05. price": price })));
    expect((await provider().quotes([MSFT], context)).get("MSFT")).toEqual(failure("bad_answer"));
  });

  test("before the opening have no opening price yet", async () => {
    const context = createContext(() =>
      jsonResponse(globalQuote({ "02. open": "0.0000", "08. previous close": "0.0000" })),
    );
    expect((await provider().quotes([MSFT], context)).get("MSFT")).toMatchObject({
      open: null,
      previous_close: null,
      change: null,
      price: 505,
    });
  });

  test("of US shares come in one call where the key allows, beside those of currencies", async () => {
    const row = (symbol: string, close: string) => ({
      symbol,
      timestamp: "2026-11-20 16:00:00.128",
      open: "428.20",
      high: "430.42",
      low: "425.37",
      close,
      volume: "16807280",
      previous_close: "428.02",
      change: "2.28",
      change_percent: "0.5327",
      extended_hours_quote: "431.00",
    });
    const rate = {
      "Realtime Currency Exchange Rate": {
        "1. From_Currency Code": "EUR",
        "3. To_Currency Code": "USD",
        "5. Exchange Rate": "1.1",
        "6. Last Refreshed": "2026-11-20 14:59:00",
        "7. Time Zone": "UTC",
        "8. Bid Price": "-",
        "9. Ask Price": "-",
      },
    };
    const context = createContext(({ searchParams }) =>
      searchParams.get("function") === "REALTIME_BULK_QUOTES"
        ? jsonResponse({
            endpoint: "Realtime Bulk Quotes",
            message: "",
            data: [row("MSFT", "430.30"), row("AAPL", "200")],
          })
        : jsonResponse(rate),
    );
    const quotes = await provider("realtime").quotes([MSFT, EUR_USD, AAPL], context);
    expect(functions(context)).toEqual(["REALTIME_BULK_QUOTES", "CURRENCY_EXCHANGE_RATE"]);
    expect(context.urls[0].searchParams.get("symbol")).toBe("MSFT,AAPL");
    expect(quotes.get("MSFT")).toMatchObject({
      price: 430.3,
      change: 2.28,
      previous_close: 428.02,
      volume: 16807280,
      timestamp: "2026-11-20T21:00:00.128Z",
    });
    expect(quotes.get("AAPL")).toMatchObject({ price: 200 });
    expect(quotes.get("EUR/USD")).toMatchObject({ price: 1.1, bid: null, ask: null });
  });

  test("stop at the first refusal that the next call would meet too", async () => {
    const context = createContext(() =>
      jsonResponse({ Note: "Our standard API call frequency is 5 calls per minute." }),
    );
    const quotes = await provider().quotes([MSFT, AAPL, EUR_USD], context);
    expect(context.urls.length).toBe(1);
    expect([...quotes.values()]).toEqual(Array(3).fill(failure("throttled", 60)));
  });
});

describe("a notice in place of an answer", () => {
  test.each([
    [
      "Note",
      "Thank you for using Alpha Vantage! Please contact premium@alphavantage.co if you are targeting a higher API call volume.",
    ],
    [
      "Information",
      "Thank you for using Alpha Vantage! Please visit our page if you would like to target a higher API call frequency.",
    ],
  ])("%s that speaks of more calls is throttling: %s", async (name, sentence) => {
    const context = createContext(() => jsonResponse({ [name]: sentence }));
    expect((await provider().quotes([MSFT], context)).get("MSFT")).toEqual(failure("throttled", 60));
  });

  test.each(["Note", "Information", "Error Message"])(
    "%s that is not known is a refusal of its own kind, without its words",
    async (name) => {
      const context = createContext(() => jsonResponse({ [name]: "We are moving house; apikey ABC123 waits." }));
      expect((await provider().quotes([MSFT], context)).get("MSFT")).toEqual(failure("unknown_notice"));
    },
  );
});

/** Days newest first, as the service sends them. */
const days = (symbol: string, list: Record<string, object>) => ({
  "Meta Data": { "1. Information": "", "2. Symbol": symbol, "3. Last Refreshed": "", "5. Time Zone": "US/Eastern" },
  "Time Series (Daily)": list,
});

describe("daily candles", () => {
  const from = unixTime("2026-11-16T00:00:00Z");
  const request = { listing: MSFT, interval: "1d", from, to: from + 7 * 86_400 } as const;

  test("of a paid plan are divided by the splits after them, their volumes multiplied", async () => {
    const day = (price: string, split: string) => ({
      "1. open": price,
      "2. high": price,
      "3. low": price,
      "4. close": price,
      "5. adjusted close": "1",
      "6. volume": "100",
      "7. dividend amount": "0.0000",
      "8. split coefficient": split,
    });
    const list = {
      "2026-11-19": day("51", "1.0"),
      "2026-11-18": day("50", "4.0"),
      "2026-11-17": day("200", "1.0"),
    };
    const context = createContext(() => jsonResponse(days("MSFT", list)));
    const answer = await provider("premium").candles(request, context);
    if (answer.kind === "failure") throw new Error(answer.reason);
    expect(answer.adjustment).toBe("split");
    expect(rows(answer.candles).map(([time, , , , close, volume]) => [time, close, volume])).toEqual([
      ["2026-11-17T00:00:00.000Z", 50, 400],
      ["2026-11-18T00:00:00.000Z", 50, 100],
      ["2026-11-19T00:00:00.000Z", 51, 100],
    ]);
    expect(functions(context)).toEqual(["TIME_SERIES_DAILY_ADJUSTED"]);
  });

  test("beyond what the key allows are the last hundred", async () => {
    const row = { "1. open": "1", "2. high": "1", "3. low": "1", "4. close": "1", "5. volume": "1" };
    const context = createContext(({ searchParams }) =>
      searchParams.get("outputsize") === "full"
        ? jsonResponse({ Information: "Thank you! The outputsize=full parameter value is a premium feature for this." })
        : jsonResponse(days("MSFT", { "2026-11-19": row })),
    );
    const answer = await provider().candles({ ...request, from: unixTime("2020-01-01T00:00:00Z") }, context);
    expect(answer).toMatchObject({ kind: "candles", adjustment: "raw", candles: { length: 1 } });
    expect(context.urls.length).toBe(2);
  });

  test("leave out a day without prices", async () => {
    const none = {
      "1. open": "0.0000",
      "2. high": "0.0000",
      "3. low": "0.0000",
      "4. close": "0.0000",
      "5. volume": "0",
    };
    const context = createContext(() => jsonResponse(days("MSFT", { "2026-11-19": none })));
    expect(await provider().candles(request, context)).toMatchObject({ kind: "candles", candles: { length: 0 } });
  });

  test.each([
    ["another symbol", days("AAPL", {})],
    ["a zone that is not known", { ...days("MSFT", {}), "Meta Data": { "2. Symbol": "MSFT", "5. Time Zone": "Mars" } }],
    ["a null", days("MSFT", { "2026-11-19": { "1. open": null } })],
    ["a stamp of its own kind", days("MSFT", { "20 November": {} })],
    ["no rows", { "Meta Data": { "2. Symbol": "MSFT", "5. Time Zone": "US/Eastern" } }],
    ["a list", []],
  ])("of %s are a bad answer", async (_, body) => {
    const context = createContext(() => jsonResponse(body));
    expect(await provider().candles(request, context)).toEqual(failure("bad_answer"));
  });
});

describe("intraday candles", () => {
  const row = { "1. open": "1", "2. high": "1", "3. low": "1", "4. close": "1", "5. volume": "1" };
  const bars = (...moments: string[]) => ({
    "Meta Data": { "2. Symbol": "MSFT", "6. Time Zone": "US/Eastern" },
    "Time Series (30min)": Object.fromEntries(moments.map((moment) => [moment, row])),
  });
  const times = async (body: object, from: string, to: string) => {
    const context = createContext(() => jsonResponse(body));
    const request = { listing: MSFT, interval: "30m", from: unixTime(from), to: unixTime(to) } as const;
    const answer = await provider("premium").candles(request, context);
    if (answer.kind === "failure") throw new Error(answer.reason);
    return rows(answer.candles).map(([time]) => time);
  };

  test("keep New York's clock over the change of clocks", async () => {
    const body = bars("2026-10-30 09:30:00", "2026-11-02 09:30:00");
    expect(await times(body, "2026-10-30T00:00:00Z", "2026-11-03T00:00:00Z")).toEqual([
      "2026-10-30T13:30:00.000Z",
      "2026-11-02T14:30:00.000Z",
    ]);
  });

  test("outside the session, and those stamped with their end at its close, are left out", async () => {
    const body = bars("2026-11-19 04:00:00", "2026-11-19 15:30:00", "2026-11-19 16:00:00", "2026-11-19 15:45:00");
    expect(await times(body, "2026-11-19T00:00:00Z", "2026-11-20T00:00:00Z")).toEqual(["2026-11-19T20:30:00.000Z"]);
  });

  test("of past months are asked for by month, at most three at once", async () => {
    const context = createContext(() => jsonResponse(bars()));
    const request = {
      listing: MSFT,
      interval: "5m",
      from: unixTime("2026-03-10T00:00:00Z"),
      to: context.now(),
    } as const;
    await provider("premium").candles(request, context);
    const months = context.urls.map(({ searchParams }) => searchParams.get("month"));
    expect(months).toEqual(["2026-03", "2026-04", "2026-05"]);
    expect(context.urls[0].searchParams.get("adjusted")).toBe("false");
    expect(context.urls[0].searchParams.get("extended_hours")).toBe("false");
  });

  test("of hours, which begin elsewhere there, and of shares in other countries are unsupported, without a call", async () => {
    const context = createContext(() => jsonResponse({}));
    const range = { from: unixTime("2026-11-19T00:00:00Z"), to: unixTime("2026-11-20T00:00:00Z") };
    for (const request of [
      { listing: MSFT, interval: "1h", ...range },
      { listing: NPN, interval: "5m", ...range },
      { listing: EUR_USD, interval: "4h", ...range },
    ] as const) {
      expect(await provider("premium").candles(request, context)).toEqual(failure("unsupported"));
    }
    expect(context.urls).toEqual([]);
  });

  test("of currencies begin on the full hour, at 17:00 in New York, and have no volume", async () => {
    const rate = { "1. open": "1.1", "2. high": "1.2", "3. low": "1.0", "4. close": "1.15" };
    const body = {
      "Meta Data": { "2. From Symbol": "EUR", "3. To Symbol": "USD", "7. Time Zone": "UTC" },
      "Time Series FX (60min)": { "2026-11-19 22:00:00": rate, "2026-11-19 21:00:00": rate },
    };
    const context = createContext(() => jsonResponse(body));
    const range = { from: unixTime("2026-11-19T00:00:00Z"), to: unixTime("2026-11-20T00:00:00Z") };
    const answer = await provider("premium").candles({ listing: EUR_USD, interval: "1h", ...range }, context);
    if (answer.kind === "failure") throw new Error(answer.reason);
    expect(rows(answer.candles)).toEqual([
      ["2026-11-19T21:00:00.000Z", 1.1, 1.2, 1, 1.15, null],
      ["2026-11-19T22:00:00.000Z", 1.1, 1.2, 1, 1.15, null],
    ]);
    expect(functions(context)).toEqual(["FX_INTRADAY"]);
  });
});

describe("the key", () => {
  afterEach(() => void vi.restoreAllMocks());

  test("is in no outcome and no log, whatever goes wrong", async () => {
    const logged: unknown[] = [];
    for (const method of ["log", "info", "warn", "error", "debug"] as const) {
      vi.spyOn(console, method).mockImplementation((...parts: unknown[]) => void logged.push(parts));
    }
    const echo = `We have detected your API key as ${KEY} and our standard API rate limit is 25 requests per day.`;
    const replies: (() => Response | Promise<Response>)[] = [
      () => jsonResponse({ Information: echo }),
      () => jsonResponse({ Information: `a sentence never seen before about ${KEY}` }),
      () => jsonResponse({ "Error Message": `the parameter apikey ${KEY} is invalid or missing` }),
      () => new Response(`<html>${KEY}</html>`, { status: 502 }),
      () => Promise.reject(new TypeError(`cannot fetch ${ALPHA_VANTAGE_BASE_URL}/query?apikey=${KEY}`)),
      () => new Response(null, { status: 302, headers: { location: `https://elsewhere.example/?apikey=${KEY}` } }),
    ];
    for (const reply of replies) {
      const context = createContext(reply);
      const range = { from: unixTime("2026-11-01T00:00:00Z"), to: context.now() };
      const outcomes = [
        ...(await provider().quotes([MSFT, EUR_USD], context)).values(),
        await provider().candles({ listing: MSFT, interval: "1d", ...range }, context),
        await provider().search?.("x", context),
        await provider().profile?.(MSFT, context),
      ];
      for (const outcome of outcomes) expect(outcome).toMatchObject({ kind: "failure" });
      expect(JSON.stringify(outcomes)).not.toContain(KEY);
    }
    expect(JSON.stringify(logged)).not.toContain(KEY);
    expect(JSON.stringify(provider())).not.toContain(KEY);
  });

  test("travels in a request that no cache may keep and no redirect may take along", async () => {
    const context = createContext(() => jsonResponse(globalQuote()));
    await provider().quotes([MSFT], context);
    expect(context.requests[0].cache).toBe("no-store");
    expect(context.requests[0].redirect).toBe("manual");
    expect(context.urls[0].searchParams.get("apikey")).toBe(KEY);
  });
});

describe("as recorded", () => {
  const answered = (file: string, now: string) =>
    createContext(() => recording(`alpha_vantage/${file}`), { now: unixTime(now) });

  test.skipIf(!hasRecording("alpha_vantage/errors_http200.recorded.json"))(
    "every refusal becomes its own outcome",
    async () => {
      const expected: Record<string, [FailureReason, number | null]> = {
        burst_1_per_second: ["throttled", 1],
        daily_quota_spent: ["quota_spent", null],
        demo_key: ["demo_key", null],
        premium_endpoint: ["premium_only", null],
        missing_key: ["bad_key", null],
        invalid_call: ["bad_call", null],
        legacy_note_5_per_minute: ["throttled", 60],
      };
      const { cases } = JSON.parse(recording("alpha_vantage/errors_http200.recorded.json"));
      const seen: Record<string, unknown> = {};
      for (const { name, body } of cases) {
        seen[name] = (
          await provider().quotes(
            [MSFT],
            createContext(() => jsonResponse(body)),
          )
        ).get("MSFT");
        expect(JSON.stringify(seen[name])).not.toContain(KEY);
      }
      expect(seen).toEqual(
        Object.fromEntries(Object.entries(expected).map(([name, [reason, wait]]) => [name, failure(reason, wait)])),
      );
    },
  );

  test("Microsoft's quote of 2018-10-05", async () => {
    const context = answered("GLOBAL_QUOTE.MSFT.recorded.json", "2018-10-07T12:00:00Z");
    expect((await provider().quotes([MSFT], context)).get("MSFT")).toEqual({
      symbol: "MSFT",
      price: 112.13,
      change: -0.66,
      change_percent: -0.5852,
      open: 112.63,
      high: 113.17,
      low: 110.64,
      previous_close: 112.79,
      volume: 29062853,
      market_cap: null,
      bid: null,
      ask: null,
      window: "session",
      currency: "USD",
      price_unit: "USD",
      volume_unit: "shares",
      exchange: "NASDAQ",
      price_basis: "exchange",
      timestamp: "2018-10-05T20:00:00.000Z",
      received_at: "2018-10-07T12:00:00.000Z",
      provider: "alpha_vantage",
      simulated: false,
    });
  });

  test("an empty quote is of an unknown symbol", async () => {
    const context = createContext(() => '{"Global Quote": {}}', { now: unixTime("2026-11-20T15:00:00Z") });
    expect((await provider().quotes([MSFT], context)).get("MSFT")).toEqual(failure("unknown_symbol"));
  });

  test.skipIf(!hasRecording("alpha_vantage/CURRENCY_EXCHANGE_RATE.EURUSD.recorded.json"))(
    "the euro's rate of 2026-10-07, with bid and ask",
    async () => {
      const context = answered("CURRENCY_EXCHANGE_RATE.EURUSD.recorded.json", "2026-10-07T16:00:20Z");
      expect((await provider().quotes([EUR_USD], context)).get("EUR/USD")).toMatchObject({
        price: 1.11917782,
        bid: 1.11912539,
        ask: 1.11921917,
        previous_close: null,
        change: null,
        volume: null,
        currency: "USD",
        price_unit: "USD",
        volume_unit: null,
        exchange: "FOREX",
        price_basis: "index",
        timestamp: "2026-10-07T16:00:12.000Z",
      });
    },
  );

  test("the older rate of another pair is not taken for the one that was asked for", async () => {
    const context = answered("CURRENCY_EXCHANGE_RATE.BTCCNY.recorded.json", "2017-12-20T19:24:00Z");
    expect((await provider().quotes([EUR_USD], context)).get("EUR/USD")).toEqual(failure("bad_answer"));
  });

  test("Microsoft's minutes of 2017-12-18, on New York's clock in winter", async () => {
    const context = answered("TIME_SERIES_INTRADAY.MSFT.1min.recorded.json", "2017-12-18T20:00:00Z");
    const from = unixTime("2017-12-18T00:00:00Z");
    const answer = await provider("premium").candles(
      { listing: MSFT, interval: "1m", from, to: from + 86_400 },
      context,
    );
    if (answer.kind === "failure") throw new Error(answer.reason);
    const found = rows(answer.candles);
    expect(found.length).toBe(100);
    expect(found[0]).toEqual(["2017-12-18T18:17:00.000Z", 86.8101, 86.82, 86.79, 86.8, 31172]);
    expect(found[99]).toEqual(["2017-12-18T19:56:00.000Z", 86.49, 86.5, 86.475, 86.5, 10494]);
  });

  test.skipIf(!hasRecording("alpha_vantage/TIME_SERIES_DAILY.MSFT.first16of100.recorded.json"))(
    "Microsoft's days of June 2019, stamped with their trading date",
    async () => {
      const context = answered("TIME_SERIES_DAILY.MSFT.first16of100.recorded.json", "2019-07-01T22:00:00Z");
      const request = {
        listing: MSFT,
        interval: "1d",
        from: unixTime("2019-06-10T00:00:00Z"),
        to: unixTime("2019-07-02T00:00:00Z"),
      } as const;
      const answer = await provider().candles(request, context);
      if (answer.kind === "failure") throw new Error(answer.reason);
      expect(answer.adjustment).toBe("raw");
      const found = rows(answer.candles);
      expect(found.length).toBe(16);
      expect(found[0]).toEqual(["2019-06-10T00:00:00.000Z", 132.4, 134.08, 132, 132.6, 26477098]);
      expect(found[15]).toEqual(["2019-07-01T00:00:00.000Z", 136.63, 136.7, 134.97, 135.68, 22606027]);
      expect(context.urls[0].searchParams.get("outputsize")).toBe("compact");
    },
  );

  test.skipIf(!hasRecording("alpha_vantage/FX_DAILY.EURUSD.trimmed3.recorded.json"))(
    "the euro's days of October 2026, without volumes",
    async () => {
      const context = answered("FX_DAILY.EURUSD.trimmed3.recorded.json", "2026-10-07T12:00:00Z");
      const request = {
        listing: EUR_USD,
        interval: "1d",
        from: unixTime("2026-10-01T00:00:00Z"),
        to: unixTime("2026-10-08T00:00:00Z"),
      } as const;
      const answer = await provider().candles(request, context);
      if (answer.kind === "failure") throw new Error(answer.reason);
      expect(rows(answer.candles)).toEqual([
        ["2026-10-02T00:00:00.000Z", 1.1239, 1.1285, 1.122, 1.1253, null],
        ["2026-10-05T00:00:00.000Z", 1.1247, 1.1261, 1.116, 1.1221, null],
        ["2026-10-06T00:00:00.000Z", 1.1219, 1.1276, 1.1201, 1.1258, null],
      ]);
    },
  );

  test("the search finds Boeing first and keeps what trades elsewhere apart", async () => {
    const context = answered("SYMBOL_SEARCH.recorded.json", "2026-11-20T15:00:00Z");
    const found = await provider().search?.("BA", context);
    expect(found).toHaveLength(10);
    expect(found).toMatchObject({
      0: { providerSymbol: "BA", name: "The Boeing Company", type: "stock", currency: "USD", region: "United States" },
      3: { providerSymbol: "6190.HKG", currency: "HKD", region: "Hong Kong" },
    });
  });

  test("IBM's profile", async () => {
    const context = answered("OVERVIEW.IBM.recorded.json", "2026-11-20T15:00:00Z");
    const ibm = { ...MSFT, providerSymbol: "IBM" };
    const profile = await provider().profile?.(ibm, context);
    expect(profile).toMatchObject({
      name: "International Business Machines Corporation",
      sector: "Technology",
      industry: "Information Technology Services",
      currency: "USD",
      country: "US",
      market_cap: 114234572800,
      shares_outstanding: 890579008,
      employees: 352600,
      headquarters: "One New Orchard Road, Armonk, NY, United States, 10504",
    });
    expect(profile).not.toHaveProperty("website");
    expect(await provider().profile?.(MSFT, context)).toEqual(failure("bad_answer"));
    expect(
      await provider().profile?.(
        MSFT,
        createContext(() => "{}"),
      ),
    ).toEqual(failure("unknown_symbol"));
  });
});
