import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { send } from "../client.ts";
import {
  type Answer,
  addressOf,
  answerOf,
  calculate,
  call,
  columnOf,
  importSeries,
  randomWalkCandles,
} from "./engine-client.ts";

const DAY = 86_400;
const FIRST = Date.UTC(2024, 0, 1) / 1000;

/** Weeks of crypto: their last closed bar changes while no test runs, but for one second in a week. */
const WEEKS = { interval: "1w", data_points: 20 };

const keysOf = async (symbol: string): Promise<string[]> =>
  (await env.CACHE.list({ prefix: `indicators:${symbol}:` })).keys.map(({ name }) => name);

/** Waits until as many results of a symbol are kept: no client waits for the cache to be filled. */
const keptOf = (symbol: string, count: number): Promise<string[]> =>
  vi.waitFor(async () => {
    const keys = await keysOf(symbol);
    expect(keys).toHaveLength(count);
    return keys;
  }, 10_000);

interface ReadAnswer {
  status: string | null;
  answer: Answer;
}

async function read(
  symbol: string,
  query: Record<string, string | number>,
  headers: HeadersInit = {},
): Promise<ReadAnswer> {
  const response = await call(addressOf(symbol, query), { headers });
  return { status: response.headers.get("Cache-Status"), answer: await answerOf(response) };
}

const valuesOf = ({ timestamp: _, calculation_time: __, ...values }: Answer) => values;

describe("a result", () => {
  test("that was asked for before comes from KV, with the same values and its own timestamp", async () => {
    const first = await read("BTC/USDT", WEEKS);
    expect(first.status).toBe("provider; fwd=miss");
    await keptOf("BTC/USDT", 1);
    const second = await read("BTC/USDT", WEEKS);
    expect(second.status).toBe("kv; hit");
    expect(valuesOf(second.answer)).toEqual(valuesOf(first.answer));
    expect(second.answer.timestamp >= first.answer.timestamp).toBe(true);
    const posted = await answerOf(await calculate({ symbol: "BTC/USDT", ...WEEKS }));
    expect(valuesOf(posted)).toEqual(valuesOf(first.answer));
    expect(await keysOf("BTC/USDT")).toHaveLength(1);
  });

  test("is calculated again for a caller who says no-cache", async () => {
    const first = await read("ETH/USDT", WEEKS);
    await keptOf("ETH/USDT", 1);
    const second = await read("ETH/USDT", WEEKS, { "Cache-Control": "no-cache" });
    expect(second.status).toBe("provider; fwd=miss");
    expect(valuesOf(second.answer)).toEqual(valuesOf(first.answer));
  });

  test("is kept for a minute under a key that names the last closed bar", async () => {
    const { answer } = await read("SOL/USDT", { ...WEEKS, indicators: "RSI,NOPE" });
    const [key] = await keptOf("SOL/USDT", 1);
    const last = answer.times.at(-1);
    expect(key).toMatch(new RegExp(`^indicators:SOL/USDT:1w:[0-9a-f]{32}:20:${last}:simulator$`));
    const { keys } = await env.CACHE.list({ prefix: key });
    expect((keys[0].expiration ?? 0) - Date.now() / 1000).toBeLessThanOrEqual(61);
    const kept = z.object({ times: z.array(z.number()) }).parse(JSON.parse(`${await env.CACHE.get(key)}}`));
    expect(kept.times).toEqual(answer.times);
    const again = await read("SOL/USDT", { ...WEEKS, indicators: "RSI,NOPE" });
    expect(again.status).toBe("kv; hit");
    expect(again.answer.errors).toMatchObject({ nope: { code: "indicator.unknown" } });
  });

  test("with an open bar, with candles or of a range is never kept", async () => {
    await read("XRP/USDT", { ...WEEKS, include_open: "true" });
    await read("XRP/USDT", { ...WEEKS, include_candles: "true" });
    await read("XRP/USDT", { ...WEEKS, to: "2026-06-01" });
    await read("XRP/USDT", { ...WEEKS, from: "2026-01-01" });
    // Written after all of those, so that what they might have written is there before it.
    await read("XRP/USDT", WEEKS);
    const [key] = await keptOf("XRP/USDT", 1);
    const open = await read("XRP/USDT", { ...WEEKS, include_open: "true" });
    expect(open.status).toBe("provider; fwd=miss");
    expect(open.answer.times.at(-1)).toBeGreaterThan(Number(key.split(":")[5]));
    const range = await read("XRP/USDT", { ...WEEKS, to: "2026-06-01" });
    expect(range.status).toBe("provider; fwd=miss");
    expect(await keysOf("XRP/USDT")).toEqual([key]);
  });

  test("has a key of its own for each question", async () => {
    const questions = [
      { ...WEEKS, indicators: "RSI,SMA" },
      { ...WEEKS, indicators: "SMA,RSI" },
      { ...WEEKS, indicators: "RSI" },
      { ...WEEKS, indicators: "RSI:14" },
      { ...WEEKS, indicators: "RSI", data_points: 21 },
      { ...WEEKS, indicators: "RSI", interval: "1M" },
      { ...WEEKS, indicators: "RSI:source=open" },
    ];
    for (const question of questions) await read("BNB/USDT", question);
    const keys = await keptOf("BNB/USDT", questions.length);
    expect(new Set(keys).size).toBe(questions.length);
  });

  test("of specs with commas is not that of the parts", async () => {
    const ask = async (indicators: string[]) => answerOf(await calculate({ symbol: "DOT/USDT", indicators, ...WEEKS }));
    expect(Object.keys((await ask(["RSI", "x,y"])).errors)).toEqual(["x,y"]);
    await keptOf("DOT/USDT", 1);
    expect(Object.keys((await ask(["RSI", "x", "y"])).errors)).toEqual(["x", "y"]);
    await keptOf("DOT/USDT", 2);
  });

  test("of specs that are wrong says where they stood in this question", async () => {
    const query = { ...WEEKS, indicators: "RSI,NOPE" };
    const { answer } = await read("UNI/USDT", query);
    expect(answer.errors.nope.errors).toMatchObject([{ in: "query", path: "nope" }]);
    await keptOf("UNI/USDT", 1);
    const posted = await answerOf(await calculate({ symbol: "UNI/USDT", ...WEEKS, indicators: ["RSI", "NOPE"] }));
    expect(posted.errors.nope.errors).toMatchObject([{ in: "body", path: "nope" }]);
  });

  test("of simulated data is not answered once the symbol has real data", async () => {
    const query = { ...WEEKS, interval: "1d", indicators: "SMA:3" };
    expect((await read("LINK/USDT", query)).answer.simulated).toBe(true);
    await keptOf("LINK/USDT", 1);
    await importSeries("LINK/USDT", "1d", randomWalkCandles(40, FIRST, DAY));
    const real = await read("LINK/USDT", query);
    expect(real.status).toBe("room; hit");
    expect(real.answer).toMatchObject({ simulated: false, provider: "import" });
    expect((await keptOf("LINK/USDT", 2)).map((key) => key.split(":").at(-1)).toSorted()).toEqual([
      "import",
      "simulator",
    ]);
  });

  test("shows a revised bar once the kept one is gone, and at once to who says no-cache", async () => {
    const query = { interval: "1d", data_points: 10, indicators: "SMA:2", include_candles: "false" };
    const candles = randomWalkCandles(40, FIRST, DAY);
    await importSeries("AVAX/USDT", "1d", candles);
    const before = await read("AVAX/USDT", query);
    const [key] = await keptOf("AVAX/USDT", 1);
    const last = candles[39];
    const price = (last.close ?? 0) * 1.1;
    await importSeries("AVAX/USDT", "1d", [{ ...last, high: Math.max(last.high ?? 0, price), close: price }]);
    const kept = await read("AVAX/USDT", query);
    expect(kept.status).toBe("kv; hit");
    expect(valuesOf(kept.answer)).toEqual(valuesOf(before.answer));
    const expected = (price + (candles[38].close ?? 0)) / 2;
    const fresh = await read("AVAX/USDT", query, { "Cache-Control": "no-cache" });
    expect(columnOf(fresh.answer, "sma:2").at(-1)).toBeCloseTo(expected, 9);
    await env.CACHE.delete(key);
    const after = await read("AVAX/USDT", query);
    expect(columnOf(after.answer, "sma:2").at(-1)).toBeCloseTo(expected, 9);
    const states = await read("AVAX/USDT", { ...query, include_open: "true" });
    expect(states.answer.states).toEqual([...Array(9).fill("closed"), "revised"]);
  });

  test("has a key that KV takes, however long the specs are", async () => {
    const indicators = Array.from(
      { length: 20 },
      (_, i) => `STOCHRSI:rsi=${100 + i}:stoch=100:smooth=100:d=100:source=ohlc4`,
    );
    await read("BTC/USD", { interval: "1d", data_points: 5, indicators: indicators.join(",") });
    const [key] = await keptOf("BTC/USD", 1);
    expect(new TextEncoder().encode(key).length).toBeLessThanOrEqual(512);
    expect((await read("BTC/USD", { interval: "1d", data_points: 5, indicators: indicators.join(",") })).status).toBe(
      "kv; hit",
    );
  });

  test("in units that the symbol no longer has is not answered", async () => {
    const share = { symbol: "UNITED", name: "United", type: "stock", currency: "USD", primary_exchange: "NYSE" };
    await (await send("POST", "/symbols", share)).arrayBuffer();
    expect((await read("UNITED", WEEKS)).answer).toMatchObject({ price_unit: "USD" });
    await keptOf("UNITED", 1);
    expect((await send("PUT", "/symbols/UNITED", { price_unit: "USc" })).status).toBe(200);
    expect((await read("UNITED", WEEKS)).answer).toMatchObject({ price_unit: "USc" });
  });
});
