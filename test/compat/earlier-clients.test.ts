import { afterEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { heartbeatFrame } from "../../durable-objects/streaming/delivery/heartbeat.ts";
import { closeSockets, type SocketClient } from "../durable-objects/socket-client.ts";
import { ADMIN, call, send } from "../workers/client.ts";
import { connections, open } from "../workers/streaming/open-stream.ts";
import { FRAMES, SHAPES } from "./shapes.ts";

const PREFIXES = ["", "/api/market-data", "/api/symbols", "/api/indicators", "/api/streaming"];

/** The earlier platform's reads, by what they answered. */
const READS: readonly (readonly [path: string, shape: keyof typeof SHAPES])[] = [
  ["/quotes/BTC/USDT", "quote"],
  ["/quotes/AAPL", "quote"],
  ["/quotes/JSE:NPN", "quote"],
  ["/quotes?symbols=BTC/USDT,AAPL", "quotes"],
  ["/ohlcv/BTC/USDT?interval=1h&limit=24", "candles"],
  ["/symbols", "symbols"],
  ["/symbols?type=cryptocurrency", "symbols"],
  ["/symbols?search=bitcoin", "symbols"],
  ["/symbols/AAPL", "symbol"],
  ["/symbols/BTC/USDT", "symbol"],
  ["/symbols/streaming/available", "streamable"],
  ["/exchanges", "names"],
  ["/types", "names"],
  ["/indicators/BTC/USDT?indicators=RSI,MACD,SMA&data_points=50", "indicators"],
  ["/indicators/available", "available"],
  ["/status", "status"],
  ["/connections", "connections"],
  ["/subscriptions", "subscriptions"],
  ["/health", "health"],
];

async function jsonOf(response: Response): Promise<unknown> {
  const text = await response.text();
  expect(response.ok, text.slice(0, 300)).toBe(true);
  return JSON.parse(text);
}

afterEach(async () => {
  closeSockets();
  const none = async () => (await connections()).total_connections === 0;
  await vi.waitUntil(none, { timeout: 30_000 });
});

describe.each(PREFIXES)("a client of the earlier platform, under '%s'", (prefix) => {
  test.each(READS)("finds at %s what it reads", async (path, shape) => {
    SHAPES[shape].parse(await jsonOf(await call(`${prefix}${path}`)));
  });

  test("calculates with a period, which had no effect then and is named as ignored now", async () => {
    const question = { symbol: "BTC/USDT", indicators: ["RSI", "SMA"], data_points: 30 };
    const asked = { method: "POST", headers: { "Content-Type": "application/json" } };
    const ask = async (body: object) =>
      jsonOf(await call(`${prefix}/calculate`, { ...asked, body: JSON.stringify(body) }));
    const Answer = SHAPES.indicators.extend({ meta: z.looseObject({}) });
    const with21 = Answer.parse(await ask({ ...question, period: 21 }));
    const without = Answer.parse(await ask(question));
    expect(with21.indicators).toEqual(without.indicators);
    expect(with21.meta).toEqual({ ...without.meta, ignored: ["period"] });
    expect(Object.keys(without.meta)).toEqual(["rsi", "sma"]);
  });

  test("adds a symbol, says whether it can be streamed, and speaks to everyone", async () => {
    const symbol = `OLD${PREFIXES.indexOf(prefix)}`;
    const row = { symbol, name: "An old client's", type: "stock", currency: "USD", primary_exchange: "NASDAQ" };
    SHAPES.symbol.parse(await jsonOf(await send("POST", `${prefix}/symbols`, row)));
    SHAPES.symbol.parse(await jsonOf(await send("PUT", `${prefix}/symbols/${symbol}/streaming?available=true`)));
    SHAPES.broadcast.parse(await jsonOf(await send("POST", `${prefix}/broadcast`, { message: "Hello" })));
  });
});

/** The frames of a type, as they came. */
const framesOf = (client: SocketClient, type: string): unknown[] =>
  client.texts.filter((text) => text.startsWith(`{"type":"${type}"`)).map((text) => JSON.parse(text));

describe("a streaming client of the earlier platform, which never acknowledges", () => {
  test("finds in every frame what it reads", async () => {
    const { client } = await open("/api/streaming/ws");
    await client.subscribe(["BTC/USDT", "AAPL"]);
    await client.nth("market_data");
    await jsonOf(await send("POST", "/broadcast", { message: "Hello" }));
    await client.nth("broadcast");
    client.send({ action: "unsubscribe", symbols: ["AAPL"] });
    await client.nth("unsubscription_confirmed");
    client.sendRaw('{"action": "ping"}');
    await vi.waitUntil(() => client.pongs > 0);
    for (const [type, shape] of Object.entries(FRAMES)) {
      if (type === "heartbeat") continue;
      const frames = framesOf(client, type);
      expect(frames, type).not.toEqual([]);
      for (const frame of frames) shape.parse(frame);
    }
    const heartbeat = heartbeatFrame({ beat: 1, connections: 2, subscriptions: 3 }, [], new Map());
    FRAMES.heartbeat.parse(JSON.parse(heartbeat));
  });

  test("is listed with its symbols for those who run the platform, and for others only counted", async () => {
    const { client } = await open("/api/streaming/ws");
    await client.subscribe(["BTC/USDT", "AAPL"]);
    await client.subscribe(["BTC/USDT"], { channel: "candles", interval: "1h" });
    const { connection_id } = await client.nth("welcome");
    const ask = async <S extends z.ZodType>(path: string, shape: S, headers: HeadersInit = {}): Promise<z.output<S>> =>
      shape.parse(await jsonOf(await call(path, { headers })));

    const status = await ask("/status", SHAPES.status);
    expect(status).toMatchObject({ subscribed_symbols: ["AAPL", "BTC/USDT"], subscribed_symbol_count: 2 });
    expect(status).toMatchObject({ connections: 1, active_subscriptions: 3 });

    const listed = await ask("/connections", SHAPES.connections, ADMIN);
    const [own] = listed.connections;
    expect(own).toMatchObject({ connection_id, subscriptions: ["BTC/USDT", "AAPL"], subscription_count: 3 });
    expect(Date.parse(own.last_ping)).toBeGreaterThanOrEqual(Date.parse(own.connected_at));
    expect(await ask("/connections", SHAPES.connections)).toMatchObject({ connections: [], total_connections: 1 });

    const bySymbol = { "BTC/USDT": { subscriber_count: 1 }, AAPL: { subscriber_count: 1 } };
    const known = await ask("/subscriptions", SHAPES.subscriptions, ADMIN);
    expect(known).toMatchObject({ subscriptions: bySymbol, total_symbols: 2 });
    expect(known.subscriptions.AAPL.connection_ids).toEqual([connection_id]);
    const counted = await ask("/subscriptions", SHAPES.subscriptions);
    expect(counted).toMatchObject({ subscriptions: bySymbol, total_symbols: 2 });
    expect(Object.values(counted.subscriptions).flatMap(({ connection_ids }) => connection_ids)).toEqual([]);
  });
});

describe("a calculation's period", () => {
  const ask = (body: object) => send("POST", "/calculate", body);
  const candles = Array.from({ length: 20 }, (_, i) => ({ time: 1_700_000_000 + i * 60, close: 100 + i }));

  test("is ignored in each form of a calculation, and as null is as good as absent", async () => {
    const own = await jsonOf(await ask({ candles, indicators: ["SMA:5"], period: 14 }));
    expect(own).toMatchObject({ meta: { ignored: ["period"], "sma:5": { algorithm: expect.any(String) } } });
    const several = await jsonOf(await ask({ symbols: ["BTC/USDT", "AAPL"], indicators: ["RSI"], period: 14 }));
    const each = { meta: { ignored: ["period"] }, calculation_time: expect.any(Number) };
    expect(several).toMatchObject({ results: { "BTC/USDT": each, AAPL: each } });
    const Meta = z.looseObject({ meta: z.looseObject({}) });
    const none = Meta.parse(await jsonOf(await ask({ symbol: "AAPL", indicators: ["RSI"], period: null })));
    expect(Object.keys(none.meta)).toEqual(["rsi"]);
  });

  test("is still no parameter of a read", async () => {
    expect((await call("/indicators/BTC/USDT?indicators=RSI&period=14")).status).toBe(400);
    expect((await ask({ symbol: "AAPL", indicators: ["RSI"], period: "fourteen" })).status).toBe(400);
  });
});
