import { describe, expect, test } from "vitest";
import { z } from "zod";
import { CandlesAnswerSchema } from "../../../contracts/candle.ts";
import { IndicatorsAnswerSchema } from "../../../contracts/indicator.ts";
import { call, importCandles, problemOf, QuoteAnswer, read, send } from "../client.ts";

/** A share in cents, with imported candles that no one changes. */
const SYMBOL = "JSE:TBS";

/** Prices whose hundredths a multiplication by 0.01 would get wrong. */
const CLOSES = Array.from({ length: 60 }, (_, i) => 12_345.6 + ((i * 37) % 100) / 10 + i / 100);

const rows = CLOSES.map((close, i) => ({
  line: i + 2,
  time: Date.UTC(2026, 5, 1 + i) / 1000,
  open: close - 1.1,
  high: close + 2.3,
  low: close - 3.7,
  close,
  volume: 1_000 + i,
}));

/** A decimal moved by two digits, on paper. */
const inRand = (cents: number | null): number | null => (cents === null ? null : Number(`${cents}e-2`));

const PRICES = ["open", "high", "low", "close"] as const;

const Quotes = z.looseObject({
  data: z.record(z.string(), z.looseObject({ price: z.number(), price_unit: z.string() })),
});

async function candles(query: string) {
  return read(`/ohlcv/${SYMBOL}?interval=1d&from=2026-06-01&to=2026-08-01&limit=100${query}`, CandlesAnswerSchema);
}

describe("with unit=major", () => {
  test("candles are in rand, digit for digit, in JSON and in CSV, and volumes stay", async () => {
    await importCandles({ symbol: SYMBOL, interval: "1d", adjustment: "raw", rows });
    const quoted = await candles("");
    const major = await candles("&unit=major");
    expect([quoted.price_unit, major.price_unit, major.currency]).toEqual(["ZAc", "ZAR", "ZAR"]);
    expect(quoted.data.length).toBe(60);
    expect(major.data).toEqual(
      quoted.data.map((candle) => ({
        ...candle,
        ...Object.fromEntries(PRICES.map((field) => [field, inRand(candle[field])])),
      })),
    );
    expect(major.data.some(({ close }, i) => close !== (quoted.data[i].close ?? 0) * 0.01)).toBe(true);
    expect(await candles("&unit=quoted")).toEqual({
      ...quoted,
      timestamp: expect.any(String),
      coverage: expect.anything(),
    });
    const csv = await (
      await call(`/ohlcv/${SYMBOL}?interval=1d&from=2026-06-01&to=2026-08-01&limit=100&format=csv&unit=major`)
    ).text();
    const lines = csv.trimEnd().split("\n").slice(1);
    expect(lines.map((line) => Number(line.split(",")[4]))).toEqual(major.data.map(({ close }) => close));
  });

  test("indicators are those of the candles in rand: prices move, ratios do not", async () => {
    const path = `/indicators/${SYMBOL}?interval=1d&data_points=20&indicators=sma:5,rsi,macd,atr,stddev:5,obv&include_candles=true`;
    const quoted = await read(path, IndicatorsAnswerSchema);
    const major = await read(`${path}&unit=major`, IndicatorsAnswerSchema);
    expect([quoted.price_unit, major.price_unit]).toEqual(["ZAc", "ZAR"]);
    expect(major.candles?.map(({ close }) => close)).toEqual(quoted.candles?.map(({ close }) => inRand(close)));
    const values = (answer: typeof major, name: string) => z.array(z.number()).parse(answer.indicators[name]);
    const closes = major.candles?.map(({ close }) => close ?? 0) ?? [];
    const last = closes.slice(-5).reduce((sum, close) => sum + close, 0) / 5;
    const within = (a: number, b: number) => expect(Math.abs(a - b)).toBeLessThanOrEqual(1e-13 * Math.abs(b) + 1e-13);
    within(values(major, "sma:5").at(-1) ?? 0, last);
    for (const name of ["sma:5", "atr", "stddev:5"]) {
      for (const [i, value] of values(major, name).entries())
        expect(value).toBeCloseTo(values(quoted, name)[i] / 100, 9);
    }
    for (const name of ["rsi", "obv"]) {
      for (const [i, value] of values(major, name).entries()) expect(value).toBeCloseTo(values(quoted, name)[i], 8);
    }
    // From the cache as well.
    expect(
      (await read(`${path.replace("&include_candles=true", "")}&unit=major`, IndicatorsAnswerSchema)).price_unit,
    ).toBe("ZAR");
    expect((await read(path.replace("&include_candles=true", ""), IndicatorsAnswerSchema)).price_unit).toBe("ZAc");
  });

  test("a calculation says the same as the request for indicators", async () => {
    const body = { symbol: SYMBOL, interval: "1d", data_points: 5, indicators: ["SMA:5"], unit: "major" };
    const calculated = IndicatorsAnswerSchema.parse(await (await send("POST", "/calculate", body)).json());
    const asked = await read(
      `/indicators/${SYMBOL}?interval=1d&data_points=5&indicators=SMA:5&unit=major`,
      IndicatorsAnswerSchema,
    );
    expect(calculated.indicators).toEqual(asked.indicators);
    expect(calculated.price_unit).toBe("ZAR");
  });

  test("quotes are in rand, alone and in a batch, with another entity tag, and market_cap stays", async () => {
    const quoted = (await read(`/quotes/JSE:NPN`, QuoteAnswer)).data;
    const answer = await call("/quotes/JSE:NPN?unit=major");
    const major = QuoteAnswer.parse(await answer.json()).data;
    expect([quoted.price_unit, major.price_unit]).toEqual(["ZAc", "ZAR"]);
    if (major.seq === quoted.seq) {
      expect(major.price).toBe(inRand(quoted.price));
      expect(major.previous_close).toBe(inRand(quoted.previous_close));
      expect(major.change_percent).toBe(quoted.change_percent);
      expect(major.market_cap).toBe(quoted.market_cap);
    }
    const tag = (await call("/quotes/JSE:NPN")).headers.get("ETag") ?? "";
    expect((await call("/quotes/JSE:NPN?unit=major", { headers: { "If-None-Match": tag } })).status).toBe(200);
    const batch = await read("/quotes?symbols=JSE:NPN,AAPL&unit=major", Quotes);
    expect(Object.entries(batch.data).map(([symbol, { price_unit }]) => [symbol, price_unit])).toEqual(
      expect.arrayContaining([
        ["JSE:NPN", "ZAR"],
        ["AAPL", "USD"],
      ]),
    );
    const seen = await read(
      "/quotes/JSE:NPN?unit=major&consensus=true",
      z.looseObject({
        data: z.looseObject({ price: z.number(), consensus: z.looseObject({ price: z.number().nullable() }) }),
      }),
    );
    if (seen.data.consensus.price !== null) expect(seen.data.consensus.price).toBe(seen.data.price);
  });

  test("another word is refused", async () => {
    await problemOf(await call("/quotes/JSE:NPN?unit=rand"), "request.invalid");
    await problemOf(await call(`/ohlcv/${SYMBOL}?unit=cents`), "request.invalid");
  });
});
