import { describe, expect, test } from "vitest";
import { jseProvider } from "../../providers/jse/provider.ts";
import { failure } from "../../providers/provider.ts";
import { hasRecording, recording } from "./recordings.ts";
import { createContext, jsonResponse, listing, rows, unixTime } from "./stand-in.ts";

const SOL = listing("JSE:SOL", "SOL");
const NPN = listing("JSE:NPN", "NPN");
const jse = (history = false) => jseProvider({ baseUrl: "https://quotes.example/api", apiKey: "the-secret", history });

const quote = (changes: object = {}) => ({
  error: null,
  data: {
    shareCode: "SOL",
    priceTime: "2026-11-20T16:40:00",
    price: 12_345,
    dayOpen: 12_300,
    dayHi: 12_400,
    dayLo: 12_200,
    dayVolume: 1000,
    bidPrice1: "12344",
    askPrice1: "12346",
    closingPrice: 12_300,
    marketCap: 0,
    ...changes,
  },
});

describe("quotes", () => {
  test("go to the configured host, the key in a header and not in the address", async () => {
    const context = createContext(() => jsonResponse(quote()));
    await jse().quotes([SOL], context);
    expect(context.requests[0].url).toBe("https://quotes.example/api/shares/SOL/quote");
    expect(context.requests[0].headers.get("x-api-key")).toBe("the-secret");
  });

  test("are each their own call, and one share's failure is its own", async () => {
    const context = createContext(({ pathname }) =>
      pathname.includes("NPN") ? jsonResponse({ error: null, data: null }) : jsonResponse(quote()),
    );
    const quotes = await jse().quotes([NPN, SOL], context);
    expect(quotes.get("JSE:NPN")).toEqual(failure("unknown_symbol"));
    expect(quotes.get("JSE:SOL")).toMatchObject({ price: 12_345, change: 45, timestamp: "2026-11-20T14:40:00.000Z" });
  });

  test("keep zeros, which stand for unknown, out of prices", async () => {
    const zeros = quote({ dayOpen: 0, dayHi: 0, dayLo: null, bidPrice1: "0", askPrice1: null, closingPrice: 0 });
    const quotes = await jse().quotes(
      [SOL],
      createContext(() => jsonResponse(zeros)),
    );
    expect(quotes.get("JSE:SOL")).toMatchObject({
      open: null,
      high: null,
      low: null,
      bid: null,
      ask: null,
      previous_close: null,
      change: null,
    });
  });

  test.each([
    ["another share's", { shareCode: "NPN" }],
    ["without a price", { price: null }],
    ["with a price of zero", { price: 0 }],
    ["with a price as text", { price: "12345" }],
    ["with a time that is none", { priceTime: "yesterday" }],
  ])("%s are a bad answer", async (_, changes) => {
    const quotes = await jse().quotes(
      [SOL],
      createContext(() => jsonResponse(quote(changes))),
    );
    expect(quotes.get("JSE:SOL")).toEqual(failure("bad_answer"));
  });

  test("refused with an error in the envelope are a bad call, and its words are not kept", async () => {
    const context = createContext(() => jsonResponse({ error: "key the-secret may not", data: null }));
    expect((await jse().quotes([SOL], context)).get("JSE:SOL")).toEqual(failure("bad_call"));
  });
});

describe("candles", () => {
  const request = {
    listing: SOL,
    interval: "1d",
    from: unixTime("2026-11-16T00:00:00Z"),
    to: unixTime("2026-11-21T00:00:00Z"),
  } as const;

  test("are unsupported where the host has no history, so that the next source is tried", async () => {
    const context = createContext(() => jsonResponse({}));
    expect(await jse().candles(request, context)).toEqual(failure("unsupported"));
    expect(await jse(true).candles({ ...request, interval: "5m" }, context)).toEqual(failure("unsupported"));
    expect(context.urls).toEqual([]);
  });

  test("are the host's days in cents where it has them, of unknown adjustment", async () => {
    const day = (date: string, close: number) => ({
      date: `${date}T00:00:00`,
      open: 0,
      high: close,
      low: 1,
      close,
      volume: 5,
    });
    const data = [day("2026-11-20", 12_345), day("2026-11-19", 12_300), day("2026-11-13", 1)];
    const context = createContext(() => jsonResponse({ error: null, data }));
    const answer = await jse(true).candles(request, context);
    if (answer.kind === "failure") throw new Error(answer.reason);
    expect(answer.adjustment).toBe("unknown");
    expect(rows(answer.candles)).toEqual([
      ["2026-11-19T00:00:00.000Z", null, 12_300, 1, 12_300, 5],
      ["2026-11-20T00:00:00.000Z", null, 12_345, 1, 12_345, 5],
    ]);
    expect(context.urls[0].search).toBe("?from=2026-11-16&to=2026-11-20");
  });
});

test.skipIf(!hasRecording("jse/broker_quote_SOL_2016-02-15.recorded.json"))(
  "Sasol's quote of 2016-02-15 as recorded, in cents",
  async () => {
    const body = recording("jse/broker_quote_SOL_2016-02-15.recorded.json");
    const context = createContext(() => body, { now: unixTime("2016-02-15T17:00:00Z") });
    expect((await jse().quotes([SOL], context)).get("JSE:SOL")).toEqual({
      symbol: "JSE:SOL",
      price: 49244,
      change: 784,
      change_percent: 1.6178,
      open: 48989,
      high: 49396,
      low: 48700,
      previous_close: 48460,
      // What was traded in the day, not the last deal's one share: 33,041,467,950 cents at 49,120 on average.
      volume: 672674,
      market_cap: null,
      bid: 49248,
      ask: 49293,
      window: "session",
      currency: "ZAR",
      price_unit: "ZAc",
      volume_unit: "shares",
      exchange: "JSE",
      price_basis: "exchange",
      timestamp: "2016-02-15T16:45:12.000Z",
      received_at: "2016-02-15T17:00:00.000Z",
      provider: "jse",
      simulated: false,
    });
  },
);

test.skipIf(!hasRecording("jse/broker_instrument_search.recorded.json"))(
  "the 432 instruments of a search as recorded",
  async () => {
    const body = recording("jse/broker_instrument_search.recorded.json");
    const found = await jse().search?.(
      "a",
      createContext(() => body),
    );
    expect(found).toHaveLength(432);
    expect(found).toMatchObject({
      0: { providerSymbol: "ABO", name: "ABSOLUTE HOLDINGS LIMITED", currency: "ZAR", region: "South Africa" },
    });
  },
);
