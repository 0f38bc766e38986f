import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { networkOf } from "../../../workers/auth/caller-address.ts";
import { mayOpenSocket } from "../../../workers/auth/origins.ts";
import { clientOf, closeSockets, type SocketClient } from "../../durable-objects/socket-client.ts";
import { ADMIN, ADMIN_KEY, call, newAddress, problemOf, read, send } from "../client.ts";
import { bearer, callWith, createKey } from "../keys.ts";
import { connections, open, upgrade } from "./open-stream.ts";

const BTC = "BTC/USDT";

afterEach(async () => {
  vi.useRealTimers();
  closeSockets();
  const none = async () => (await connections()).total_connections === 0;
  await vi.waitUntil(none, { timeout: 30_000 });
});

const Status = z.object({
  success: z.literal(true),
  status: z.literal("operational"),
  connections: z.number(),
  active_subscriptions: z.number(),
  subscribed_symbols: z.array(z.string()),
  subscribed_symbol_count: z.number(),
  timestamp: z.string(),
});
const Subscriptions = z.object({
  success: z.literal(true),
  subscriptions: z.record(z.string(), z.object({ subscriber_count: z.number(), connection_ids: z.array(z.string()) })),
  total_symbols: z.number(),
  timestamp: z.string(),
});

describe("/ws", () => {
  test("carries live quotes of many symbols, each seq after the other", async () => {
    const { client, response } = await open("/v1/ws", { "X-Correlation-ID": "mine" });
    expect(response.headers.get("X-Correlation-ID")).toBe("mine");
    expect(response.headers.get("Sec-WebSocket-Protocol")).toBeNull();
    const confirmed = await client.subscribe(["btcusdt", "ETH/USDT"]);
    expect(confirmed.symbols).toEqual([BTC, "ETH/USDT"]);
    await vi.waitUntil(() => client.seqs(BTC).length >= 2 && client.seqs("ETH/USDT").length >= 2, { timeout: 30_000 });
    for (const symbol of confirmed.symbols) {
      const { seq } = z.looseObject({ seq: z.number() }).parse(confirmed.positions[symbol]);
      const seqs = client.seqs(symbol);
      expect(seqs).toEqual(seqs.map((_, i) => seq + 1 + i));
    }
    expect(client.faults).toEqual([]);
  });

  test("resumes from where a client was, through another socket", async () => {
    const first = await open("/ws");
    await first.client.subscribe([BTC]);
    const seen = await first.client.nth("market_data");
    await first.client.nth("market_data", 3);
    const { client } = await open("/ws");
    const since = { [BTC]: { epoch: seen.epoch, seq: seen.seq } };
    const { positions } = await client.subscribe([BTC], { since });
    expect(positions[BTC]).toMatchObject({ recovered: true });
    await client.nth("market_data");
    const seqs = client.seqs(BTC);
    expect(seqs.length).toBeGreaterThanOrEqual(3);
    expect(seqs).toEqual(seqs.map((_, i) => seen.seq + 1 + i));
  });

  test("loses nothing when hub and room are evicted under it", async () => {
    const { client } = await open("/ws");
    await client.subscribe([BTC]);
    for (let time = 1; time <= 3; time++) {
      // Only an object that runs can be evicted.
      await client.nth("market_data", client.of("market_data").length + 1);
      await evictDurableObject(env.SYMBOL_ROOM.getByName(BTC));
      await evictDurableObject(env.STREAM_HUB.getByName("hub:local:0"));
    }
    await client.nth("market_data", client.of("market_data").length + 2);
    const seqs = client.seqs(BTC);
    expect(seqs).toEqual(seqs.map((_, i) => seqs[0] + i));
    expect(client.of("gap")).toEqual([]);
  });

  test("carries candles and indicators", async () => {
    const { client } = await open("/ws");
    await client.subscribe([BTC], { channel: "candles", interval: "1m" });
    await client.subscribe([BTC], { channel: "indicators", interval: "1m", indicators: ["RSI", "macd:12:26:9"] });
    expect(await client.nth("candle")).toMatchObject({ symbol: BTC, interval: "1m" });
    await vi.waitUntil(() => new Set(client.of("indicator").map(({ indicator }) => indicator)).size === 2, {
      timeout: 60_000,
    });
    expect(client.faults).toEqual([]);
  });

  test("is no address to fetch", async () => {
    for (const path of ["/ws", `/ws/${BTC}`]) {
      const response = await call(path);
      expect(response.headers.get("Upgrade")).toBe("websocket");
      await problemOf(response, "request.upgrade_required");
    }
    await problemOf(await upgrade("/ws?symbols=x"), "request.invalid");
    await problemOf(await upgrade("/ws/NOSUCH"), "symbol.not_found");
    await problemOf(await upgrade("/ws/BTC"), "symbol.ambiguous");
  });

  test("takes a key as a subprotocol, and names ours where it is offered", async () => {
    const protocols = { "Sec-WebSocket-Protocol": `wizdata.v1, key.${ADMIN_KEY}` };
    const { response } = await open("/ws", protocols);
    expect(response.headers.get("Sec-WebSocket-Protocol")).toBe("wizdata.v1");
    expect((await connections()).connections).toMatchObject([{ caller: "admin-token", at: "hub:local:0" }]);
    await problemOf(await upgrade("/ws", { "Sec-WebSocket-Protocol": "wizdata.v1, key.wrong" }), "auth.invalid");
  });

  test("is open twenty times to an address without a key, and to operators as often as there is room", async () => {
    const address = { "CF-Connecting-IP": newAddress() };
    const { client } = await open("/ws", address);
    for (let i = 1; i < 20; i++) await open("/ws", address);
    const refused = await upgrade("/ws", address);
    expect(refused.headers.get("Retry-After")).toBe("10");
    await problemOf(refused, "rate_limit.exceeded");
    await open("/ws");
    await open("/ws", { ...address, ...ADMIN });
    client.close();
    await client.waitForClose();
    await open("/ws", address);
  });
});

test("a key has that many sockets at a hub as the configuration says, from wherever they come", async () => {
  const { key } = await createKey(["stream"]);
  const other = await createKey(["stream"]);
  const most = Number(env.SOCKETS_PER_KEY);
  const { client } = await open("/ws", bearer(key));
  for (let i = 1; i < most; i++) await open("/ws", bearer(key));
  await evictDurableObject(env.STREAM_HUB.getByName("hub:local:0"));
  const refused = await upgrade("/ws", bearer(key));
  expect(refused.headers.get("Retry-After")).toBe("10");
  await problemOf(refused, "rate_limit.exceeded");
  await open("/ws", bearer(other.key));
  client.close();
  await client.waitForClose();
  await open("/ws", bearer(key));
});

test("an address has its twenty sockets over all rooms and hubs, and gets back those that it closes", {
  timeout: 60_000,
}, async () => {
  const address = newAddress();
  const headers = { "CF-Connecting-IP": address };
  const symbols = ["BTC/USDT", "ETH/USDT", "SOL/USDT"];
  const clients: SocketClient[] = [];
  for (let i = 0; i < 20; i++) clients.push((await open(`/ws/${symbols[i % symbols.length]}`, headers)).client);
  for (const path of ["/ws/LTC/USDT", "/ws/BTC/USDT"])
    await problemOf(await upgrade(path, headers), "rate_limit.exceeded");
  // A few at the hub are let in without asking; then the address's meter knows of all.
  for (let i = 0; i < 4; i++) clients.push((await open("/ws", headers)).client);
  await problemOf(await upgrade("/ws", headers), "rate_limit.exceeded");
  for (const client of clients) client.close();
  const meter = env.USAGE_METER.getByName(`address:${networkOf(address)}`);
  const used = async () => (await meter.reportStreams("none", { sockets: 0, bytes: 0 })).sockets;
  await vi.waitUntil(async () => (await used()) === 0, { timeout: 30_000, interval: 100 });
  (await open("/ws/LTC/USDT", headers)).client.close();
});

describe("/ws/{symbol}", () => {
  test("is subscribed at once, at the symbol's own room", async () => {
    const { client, response } = await open("/ws/btcusdt", { "Sec-WebSocket-Protocol": "wizdata.v1" });
    expect(response.headers.get("Sec-WebSocket-Protocol")).toBe("wizdata.v1");
    const confirmed = await client.nth("subscription_confirmed");
    expect(confirmed).toMatchObject({ symbols: [BTC], rejected: [] });
    const { seq } = z.looseObject({ seq: z.number() }).parse(confirmed.positions[BTC]);
    await client.nth("market_data", 2);
    expect(client.seqs(BTC).slice(0, 2)).toEqual([seq + 1, seq + 2]);
    expect((await connections()).connections).toMatchObject([{ at: BTC }]);
    const other = await client.subscribe(["ETH/USDT", BTC]);
    expect(other.rejected).toMatchObject([{ symbol: "ETH/USDT", code: "stream.elsewhere" }]);
    expect(other.symbols).toEqual([BTC]);
    expect(client.faults).toEqual([]);
  });
});

describe("what is open", () => {
  test("is counted for everyone and listed for administrators", async () => {
    const one = await open("/ws");
    const two = await open(`/ws/${BTC}`);
    await one.client.subscribe([BTC, "AAPL"]);
    await two.client.nth("subscription_confirmed");
    expect(await read("/status", Status)).toMatchObject({
      connections: 2,
      active_subscriptions: 3,
      subscribed_symbols: ["AAPL", BTC],
      subscribed_symbol_count: 2,
    });
    expect(await read("/subscriptions", Subscriptions)).toMatchObject({
      subscriptions: {
        [BTC]: { subscriber_count: 2, connection_ids: [] },
        AAPL: { subscriber_count: 1, connection_ids: [] },
      },
      total_symbols: 2,
    });
    const [first, second] = await Promise.all([one, two].map(({ client }) => client.nth("welcome")));
    const { subscriptions } = await read("/subscriptions", Subscriptions, ADMIN);
    expect(subscriptions.AAPL.connection_ids).toEqual([first.connection_id]);
    expect(subscriptions[BTC].connection_ids.sort()).toEqual([first.connection_id, second.connection_id].sort());
    expect(await (await call("/connections")).json()).toMatchObject({ connections: [], total_connections: 2 });
    expect((await connections()).connections.map(({ at }) => at).sort()).toEqual([BTC, "hub:local:0"]);
  });

  test("receives what an administrator broadcasts", async () => {
    const one = await open("/ws");
    const two = await open(`/ws/${BTC}`);
    await problemOf(await call("/broadcast", { method: "POST" }), "auth.missing");
    await problemOf(await send("POST", "/broadcast", { message: "" }), "request.invalid");
    const answer = await send("POST", "/broadcast", { message: "Maintenance at noon" });
    expect(await answer.json()).toMatchObject({ success: true, sent_to: 2 });
    for (const { client } of [one, two]) expect((await client.nth("broadcast")).message).toBe("Maintenance at noon");
  });
});

describe("a ticket", () => {
  const Ticket = z.object({ data: z.object({ ticket: z.string(), expires_at: z.string() }) });
  const ticketFor = async (headers: HeadersInit) => {
    const response = await call("/tickets", { method: "POST", headers });
    expect(response.status).toBe(201);
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    return Ticket.parse(await response.json()).data.ticket;
  };

  test("opens one stream with the rights of a caller that asked for it, once", async () => {
    const ticket = await ticketFor(ADMIN);
    await open(`/ws?ticket=${ticket}`);
    expect((await connections()).connections).toMatchObject([{ caller: "admin-token" }]);
    await problemOf(await upgrade(`/ws?ticket=${ticket}`), "auth.invalid");
    const rivals = await ticketFor({});
    const both = await Promise.all([upgrade(`/ws/${BTC}?ticket=${rivals}`), upgrade(`/ws?ticket=${rivals}`)]);
    for (const { webSocket } of both) if (webSocket) clientOf(webSocket);
    expect(both.map(({ status }) => status).sort()).toEqual([101, 401]);
  });

  test("is not looked at after too many that are none", async () => {
    const headers = { "CF-Connecting-IP": newAddress(), Upgrade: "websocket" };
    const spent = { BURST_GUARD: { limit: async () => ({ success: false }) } };
    await problemOf(await callWith(spent, "/ws?ticket=none", { headers }), "auth.invalid");
    await problemOf(await callWith({}, "/ws?ticket=none", { headers }), "rate_limit.exceeded");
  });

  test("is good for half a minute, and must be one", async () => {
    vi.setSystemTime(Date.now());
    const ticket = await ticketFor({});
    vi.setSystemTime(Date.now() + 31_000);
    await problemOf(await upgrade(`/ws?ticket=${ticket}`), "auth.invalid");
    for (const wrong of ["", "x", "0".repeat(48), "%00"]) {
      await problemOf(await upgrade(`/ws?ticket=${wrong}`), "auth.invalid");
    }
  });
});

test("pages of other origins may open sockets where the configuration names them, what is no page always may", () => {
  const url = "https://edge.test/ws";
  const configured = "https://app.test, https://beta.test";
  expect(mayOpenSocket(undefined, url, configured)).toBe(true);
  expect(mayOpenSocket("https://edge.test", url, "")).toBe(true);
  expect(mayOpenSocket("https://beta.test", url, configured)).toBe(true);
  expect(mayOpenSocket("https://evil.test", url, configured)).toBe(false);
  expect(mayOpenSocket("https://evil.test", url, "*")).toBe(true);
  expect(mayOpenSocket("null", url, configured)).toBe(false);
  expect(env.CORS_ORIGINS).toBe("*");
});

// The last of the file: a hub that was full is passed over for a few seconds.
test("a region that fills up spills to the next hub of the region, and says when all are full", async () => {
  for (let i = 0; i < 80; i++) await open("/ws", ADMIN);
  const all = await connections();
  expect(all.total_connections).toBe(80);
  expect(new Set(all.connections.map(({ at }) => at))).toEqual(new Set(["hub:local:0", "hub:local:1"]));
  const response = await upgrade("/ws", ADMIN);
  expect(response.headers.get("Retry-After")).toBe("10");
  await problemOf(response, "stream.full");
});
