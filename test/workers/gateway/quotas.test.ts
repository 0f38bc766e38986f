import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { QUOTAS, UsageSchema } from "../../../contracts/usage.ts";
import { ADMIN, bodyOf, newAddress, problemOf } from "../client.ts";
import { bearer, callWith, createKey } from "../keys.ts";

const UsageAnswer = z.object({ success: z.literal(true), data: UsageSchema, timestamp: z.string() });

/** The tenth second of the next minute: no test sees a minute turn. */
const NOW = (Math.floor(Date.now() / 60_000) + 1) * 60_000 + 10_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** A key, what asks with it, and what it has used. */
async function meteredKey(scopes: Parameters<typeof createKey>[0] = ["read"]) {
  const made = await createKey(scopes);
  const get = (path: string, bindings: Partial<Env> = {}) => callWith(bindings, path, { headers: bearer(made.key) });
  const usage = async () => (await bodyOf(await get("/usage"), UsageAnswer)).data;
  return { ...made, get, usage };
}

/** What is left of the minute, as an answer's headers say. */
const leftIn = (response: Response): number =>
  Number(/^"minute";r=(\d+);t=50, "day";r=\d+;t=\d+$/.exec(response.headers.get("RateLimit") ?? "")?.[1]);

describe("a key's quota", () => {
  test("stands in each answer and in /usage, which costs nothing itself", async () => {
    const { get, usage, prefix } = await meteredKey();
    const first = await get("/types");
    expect(first.headers.get("RateLimit-Policy")).toBe('"minute";q=600;w=60, "day";q=50000;w=86400');
    expect(leftIn(first)).toBe(599);
    expect(leftIn(await get("/nothing-here"))).toBe(598);
    expect(leftIn(await get("/quotes/NOSUCH"))).toBe(597);
    for (let i = 0; i < 3; i++) await get("/health");
    expect(await usage()).toEqual({
      ...{ prefix, name: "of a test", tier: "free" },
      minute: { limit: 600, used: 3, left: 597, resets_at: new Date(NOW + 50_000).toISOString() },
      day: { limit: 50_000, used: 3, left: 49_997, resets_at: expect.stringMatching(/T00:00:00\.000Z$/) },
    });
  });

  test("is spent by what a request asks", async () => {
    const { get, usage, key } = await meteredKey();
    const symbols = Array.from({ length: 25 }, (_, i) => `NOSUCH${i}`).join(",");
    await get(`/quotes?symbols=AAPL,${symbols}`);
    expect((await usage()).minute.used).toBe(3);
    await get("/ohlcv/AAPL?limit=2500");
    expect((await usage()).minute.used).toBe(6);
    await get("/indicators/AAPL?indicators=RSI,SMA,EMA&data_points=5000&interval=1m");
    expect((await usage()).minute.used).toBe(8);
    const calculate = (body: unknown) =>
      callWith({}, "/calculate", {
        method: "POST",
        headers: { ...bearer(key), "Content-Type": "application/json" },
        body: JSON.stringify(body),
      });
    await calculate({ symbols: ["AAPL", "JSE:NPN", "BTC/USDT", "MSFT", "JSE:FSR", "ETH/USDT"], indicators: ["RSI"] });
    expect((await usage()).minute.used).toBe(10);
    const candles = Array.from({ length: 6_000 }, (_, i) => ({ time: i, close: i }));
    await calculate({ candles, indicators: ["SMA", "EMA"] });
    expect((await usage()).minute.used).toBe(12);
  });

  test("holds within 2 % under 16 parallel clients, and then says when to go on", async () => {
    const { get, usage } = await meteredKey();
    let passed = 0;
    let refused: Response | undefined;
    const client = async (): Promise<void> => {
      for (let i = 0; i < 45; i++) {
        const response = await get("/types");
        if (response.status === 200) passed++;
        else refused ??= response;
      }
    };
    await Promise.all(Array.from({ length: 16 }, client));
    expect(passed).toBeLessThanOrEqual(QUOTAS.free.minute);
    expect(passed).toBeGreaterThanOrEqual(0.98 * QUOTAS.free.minute);
    if (!refused) throw new Error("nothing was refused");
    expect(refused.headers.get("Retry-After")).toBe("50");
    expect(leftIn(refused)).toBe(0);
    const problem = await problemOf(refused, "rate_limit.exceeded");
    expect(problem.detail).toContain("600 a minute");
    expect((await usage()).minute.left).toBeLessThanOrEqual(12);

    vi.setSystemTime(NOW + 60_000);
    expect((await get("/types")).status).toBe(200);
  });

  test("is not spent by others: the admin token has none, and usage needs a key", async () => {
    const response = await callWith({}, "/types", { headers: ADMIN });
    expect(response.headers.get("RateLimit")).toBeNull();
    await problemOf(await callWith({}, "/usage", { headers: ADMIN }), "auth.forbidden");
    await problemOf(await callWith({}, "/usage"), "auth.missing");
  });
});

test("a caller without a key has 600 requests a minute", async () => {
  const MINUTE_GUARD = { limit: async () => ({ success: false }) };
  const response = await callWith({ MINUTE_GUARD }, "/types", { headers: { "CF-Connecting-IP": newAddress() } });
  expect(response.headers.get("Retry-After")).toBe("60");
  expect(response.headers.get("RateLimit")).toBe('"minute";r=0;t=60');
  expect(response.headers.get("RateLimit-Policy")).toBe('"burst";q=100;w=10, "minute";q=600;w=60');
  await problemOf(response, "rate_limit.exceeded");
});
