import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { MAX_REQUEST_CANDLES } from "../../../contracts/indicator.ts";
import { ANONYMOUS_QUOTA } from "../../../contracts/usage.ts";
import { networkOf } from "../../../workers/auth/caller-address.ts";
import { CalculationMemory } from "../../../workers/indicator-engine/calculation-memory.ts";
import * as anonymous from "../client.ts";
import { calculate, call, problemOf } from "./engine-client.ts";

const SYMBOLS = ["BTC/USDT", "ETH/USDT", "SOL/USDT", "XRP/USDT", "ADA/USDT", "DOGE/USDT", "LTC/USDT", "LINK/USDT"];
const LONG = Array.from({ length: 20 }, (_, i) => `RSI:${1_000 - i}`);
const JSON_TYPE = { "Content-Type": "application/json" };

describe("a calculation that is too large", () => {
  test("is refused by the bars that it needs, with the number of symbols that may be asked for at once", async () => {
    const { detail, errors } = await problemOf(
      await calculate({
        symbols: [...SYMBOLS, "AVAX/USDT", "DOT/USDT", "EUR/USD", "GBP/USD", "USD/JPY", "AAPL", "MSFT"],
        indicators: ["RSI:1000"],
        interval: "1m",
      }),
      "calculation.too_large",
    );
    const most = Number(/at most (\d+) symbols/.exec(detail)?.[1]);
    expect(most).toBeGreaterThan(1);
    expect(errors).toMatchObject([{ in: "body", path: "symbols" }]);
    const asked = SYMBOLS.slice(0, Math.min(2, most));
    expect((await calculate({ symbols: asked, indicators: ["RSI:1000"], interval: "1h", data_points: 5 })).status).toBe(
      200,
    );
  });

  test("is refused by the numbers that it answers", async () => {
    const body = { symbols: SYMBOLS, indicators: LONG, interval: "1d", data_points: 5_000 };
    const { detail } = await problemOf(await calculate(body), "calculation.too_large");
    expect(detail).toMatch(/would hold 840000 numbers .* one may hold 800000/);
  });

  test("is refused of own candles, too, and never with a time at which to come back", async () => {
    const candles = Array.from({ length: MAX_REQUEST_CANDLES }, (_, i) => ({
      time: 60 * i,
      high: 2,
      low: 1,
      close: 1.5,
    }));
    const indicators = Array.from({ length: 20 }, (_, i) => `ICHIMOKU:${i + 5}:${i + 25}:${i + 55}`);
    const { detail } = await problemOf(await calculate({ candles, indicators }), "calculation.too_large");
    expect(detail).toMatch(/one may hold 800000\. Split it: .* at most \d+ candles/);
  });
});

describe("a caller without a key", () => {
  // The tenth second of a minute, so that no quota begins again in between.
  beforeEach(() => vi.setSystemTime(Date.UTC(2026, 10, 18, 15, 30, 10)));
  afterEach(() => {
    vi.useRealTimers();
  });

  test("pays what calculations cost beyond a unit from its address's quota, before anything is read", async () => {
    const address = anonymous.newAddress();
    const meter = env.USAGE_METER.getByName(`address:${networkOf(address)}`);
    const headers = { ...JSON_TYPE, "CF-Connecting-IP": address };
    const ask = (body: object) => anonymous.call("/calculate", { method: "POST", headers, body: JSON.stringify(body) });
    const left = async () => (await meter.quotaState(ANONYMOUS_QUOTA)).left.minute;
    expect((await ask({ symbol: "BTC/USDT", data_points: 50 })).status).toBe(200);
    expect(await left()).toBe(ANONYMOUS_QUOTA.minute);
    expect((await ask({ symbol: "BTC/USDT", indicators: ["RSI:900"], interval: "1h", data_points: 50 })).status).toBe(
      200,
    );
    expect(await left()).toBeLessThan(ANONYMOUS_QUOTA.minute);
    const quota = ANONYMOUS_QUOTA;
    const rest = await left();
    await meter.lease({ holder: "another", quota, cost: rest, ahead: false, unspent: null });
    const many = { symbols: SYMBOLS, indicators: ["RSI:1000"], interval: "1h", data_points: 50 };
    const { detail } = await anonymous.problemOf(await ask(many), "rate_limit.exceeded");
    expect(detail).toContain("address without a key");
    expect((await ask({ symbol: "BTC/USDT", data_points: 50 })).status).toBe(200);
  });

  test("pays for a large body before it is read", async () => {
    const address = anonymous.newAddress();
    const meter = env.USAGE_METER.getByName(`address:${networkOf(address)}`);
    const quota = ANONYMOUS_QUOTA;
    await meter.lease({ holder: "another", quota, cost: quota.minute, ahead: false, unspent: null });
    // Not JSON: it is not read.
    const body = `${" ".repeat(250_000)}{`;
    const headers = { ...JSON_TYPE, "CF-Connecting-IP": address, "Content-Length": String(body.length) };
    await anonymous.problemOf(
      await anonymous.call("/calculate", { method: "POST", headers, body }),
      "rate_limit.exceeded",
    );
  });
});

describe("the memory of calculations", () => {
  const owner = (name: string, hasKey = false) => ({ name, hasKey });
  const one = { bars: 1_000, values: 0 };

  test("refuses at once what does not fit, says when to ask again, and is free again however work ends", async () => {
    const memory = new CalculationMemory({ total: 250_000, perCaller: 130_000, reservedForKeys: 20_000 });
    const { promise, resolve } = Promise.withResolvers<void>();
    const first = memory.hold(owner("a"), one, () => promise);
    await expect(memory.hold(owner("a"), one, async () => {})).rejects.toThrow(/Your calculations/);
    await expect(memory.hold(owner("b"), { bars: 1_050, values: 0 }, async () => {})).rejects.toMatchObject({
      code: "rate_limit.exceeded",
    });
    expect(await memory.hold(owner("b", true), one, async () => "with a key")).toBe("with a key");
    resolve();
    await first;
    const failing = memory.hold(owner("a"), one, async () => {
      throw new Error("a fault");
    });
    await expect(failing).rejects.toThrow("a fault");
    expect(memory.held).toBe(0);
  });

  test("is large enough for the largest calculation that one caller may ask for", async () => {
    const response = await call(`/indicators/BTC/USDT?interval=1m&data_points=5000&indicators=${LONG.join()}`);
    expect(response.status).toBe(200);
    await response.arrayBuffer();
  });
});
