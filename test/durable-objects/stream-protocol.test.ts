import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { StreamHub } from "../../durable-objects/stream-hub/stream-hub.ts";
import { refusalOf } from "../../durable-objects/streaming/connections/handshake.ts";
import { toUpgradeRequest } from "../../durable-objects/streaming/connections/handshake-request.ts";
import { newHub } from "./hub-under-test.ts";
import { closeSockets, handshakeOf, openSocket, type SocketClient } from "./socket-client.ts";

const BTC = "BTC/USDT";
const ETH = "ETH/USDT";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  closeSockets();
});

describe("a ping", () => {
  test.each([
    '{"action":"ping"}',
    ' { "action" :  "ping" } ',
    '{\n\t"action": "ping"\r\n}',
    '{"action":"ping","id":5}',
    '{"id":null,"action":"\\u0070ing"}',
  ])("written as %j is answered by exactly a pong", async (text) => {
    const client = await openSocket((await newHub()).stub);
    client.sendRaw(text);
    await vi.waitUntil(() => client.pongs === 1, { timeout: 30_000 });
    expect(client.texts).toHaveLength(2);
    expect(client.texts[1]).toBe('{"type":"pong"}');
  });
});

describe("a bad message", () => {
  const many = Array.from({ length: 10_000 }, (_, i) => `S${i}`);
  test.each<[string, string | ArrayBuffer, string]>([
    ["text", "hello", "stream.bad_message"],
    ["nothing", "", "stream.bad_message"],
    ["null", "null", "stream.bad_message"],
    ["a list", "[]", "stream.bad_message"],
    ["a binary frame", new Uint8Array([123, 125]).buffer, "stream.bad_message"],
    ["no action", '{"symbols":["BTC/USDT"]}', "stream.bad_message"],
    ["another action", '{"action":"buy"}', "stream.unknown_action"],
    ["an inherited action", '{"action":"constructor"}', "stream.unknown_action"],
    ["no symbols", '{"action":"subscribe"}', "stream.bad_message"],
    ["an empty list", '{"action":"subscribe","symbols":[]}', "stream.bad_message"],
    ["numbers for symbols", '{"action":"subscribe","symbols":[1]}', "stream.bad_message"],
    ["another channel", '{"action":"subscribe","symbols":["A"],"channel":"news"}', "stream.bad_message"],
    ["a field that is none", '{"action":"subscribe","symbols":["A"],"sinse":{}}', "stream.bad_message"],
    [
      "a bar's position among quotes",
      '{"action":"subscribe","symbols":["A"],"since":{"A":{"time":1}}}',
      "stream.bad_message",
    ],
    ["a bad epoch", '{"action":"subscribe","symbols":["A"],"since":{"A":{"epoch":"É","seq":1}}}', "stream.bad_message"],
    [
      "a position between two events",
      '{"action":"subscribe","symbols":["A"],"since":{"A":{"epoch":"e","seq":1.5}}}',
      "stream.bad_message",
    ],
    ["indicators without any", '{"action":"subscribe","symbols":["A"],"channel":"indicators"}', "stream.bad_message"],
    [
      "a mad pace",
      '{"action":"subscribe","symbols":["A"],"delivery":{"mode":"conflate","max_hz":1e9}}',
      "stream.bad_message",
    ],
    ["an ack of nothing", '{"action":"ack"}', "stream.bad_message"],
    ["a deep id", `{"action":"list","id":${"[".repeat(30_000)}${"]".repeat(30_000)}}`, "stream.bad_message"],
    [
      "101 symbols",
      JSON.stringify({ action: "subscribe", symbols: many.slice(0, 101) }),
      "stream.too_many_subscriptions",
    ],
    [
      "5,000 symbols",
      JSON.stringify({ action: "subscribe", symbols: many.slice(0, 5_000) }),
      "stream.too_many_subscriptions",
    ],
  ])("such as %s gets an error and costs nothing else", async (_, text, code) => {
    const client = await openSocket((await newHub()).stub);
    client.sendRaw(text);
    expect((await client.nth("error")).code).toBe(code);
    expect((await client.subscribe([BTC])).symbols).toEqual([BTC]);
    expect(client.faults).toEqual([]);
  });

  test("names its id, where it had one", async () => {
    const client = await openSocket((await newHub()).stub);
    client.send({ action: "dance", id: ["x"] });
    expect(await client.nth("error")).toMatchObject({ id: ["x"] });
  });

  test("is borne thirty times in a minute", async () => {
    const client = await openSocket((await newHub()).stub);
    for (let i = 0; i < 30; i++) client.sendRaw("{");
    expect(await client.waitForClose()).toMatchObject({ code: 1008 });
    expect(client.of("error")).toHaveLength(30);
  });

  test("of more than 64 KiB closes the socket", async () => {
    const client = await openSocket((await newHub()).stub);
    client.sendRaw(`"${"é".repeat(32_768)}"`);
    expect(await client.waitForClose()).toMatchObject({ code: 1009 });
    expect(client.of("error")).toMatchObject([{ code: "stream.message_too_large" }]);
  });

  test("is one that comes too fast", async () => {
    const client = await openSocket((await newHub()).stub);
    for (let i = 0; i < 200; i++) client.sendRaw('{"action": "ping"}');
    expect(await client.waitForClose()).toMatchObject({ code: 1008 });
    expect(new Set(client.of("error").map(({ code }) => code))).toEqual(new Set(["rate_limit.exceeded"]));
    expect(client.pongs).toBeGreaterThanOrEqual(60);
  });
});

describe("a client that never acknowledges", () => {
  const MIB = 2 ** 20;
  type Hub = Awaited<ReturnType<typeof newHub>>;

  /** Sends every socket that many mebibytes, in messages of a quarter. A broadcast holds its message twice. */
  const send = async (hub: Hub, mebibytes: number) => {
    for (let i = 0; i < 4 * mebibytes; i++) await hub.stub.broadcast("x".repeat(MIB / 8 - 100));
  };
  const beatOf = async (hub: Hub, client: SocketClient, n: number) => {
    vi.setSystemTime(Date.now() + 30_000);
    await runDurableObjectAlarm(hub.stub);
    return (await client.nth("heartbeat", n)).beat;
  };
  const refusal = async (hub: Hub) => {
    const response = await hub.stub.fetch(toUpgradeRequest(handshakeOf()));
    response.webSocket?.accept();
    response.webSocket?.close();
    return refusalOf(response);
  };

  test("goes on while its object has room, far beyond what one socket may have unacknowledged", async () => {
    vi.setSystemTime(Date.parse("2026-11-18T15:30:00Z"));
    const hub = await newHub();
    const silent = await openSocket(hub.stub);
    await send(hub, 24);
    await silent.nth("broadcast", 96);
    vi.setSystemTime(Date.now() + 300_000);
    await runDurableObjectAlarm(hub.stub);
    await hub.stub.broadcast("one more");
    await silent.nth("broadcast", 97);
    expect(silent.closed).toBeNull();
    expect(await refusal(hub)).toBeNull();
  });

  test("is closed with 4008 where its object has no room, the largest first; who acknowledges goes on", async () => {
    vi.setSystemTime(Date.parse("2026-11-18T15:30:00Z"));
    const hub = await newHub();
    const [large, reader] = [await openSocket(hub.stub), await openSocket(hub.stub, { address: "203.0.113.2" })];
    await send(hub, 8);
    const beat = await beatOf(hub, reader, 1);
    reader.send({ action: "ack", beat });
    await reader.waitForProcessing();
    const small = await openSocket(hub.stub, { address: "203.0.113.3" });
    await send(hub, 15);
    reader.send({ action: "ack", beat: await beatOf(hub, reader, 2) });
    await reader.waitForProcessing();
    expect(large.closed).toMatchObject({ code: 4008, reason: expect.stringContaining("acknowledge") });
    await hub.stub.broadcast("goes on");
    await vi.waitUntil(() => small.of("broadcast").at(-1)?.message === "goes on", { timeout: 30_000 });
    expect(small.closed).toBeNull();
    expect(reader.closed).toBeNull();
    expect(reader.of("broadcast")).toHaveLength(4 * 23 + 1);
    expect(await refusal(hub)).toBeNull();
  });

  test("keeps its count through an eviction of its object", async () => {
    const hub = await newHub();
    const silent = await openSocket(hub.stub);
    const count = () => hub.stub.takeStreamMetrics().then(({ unacknowledgedBytes }) => unacknowledgedBytes);
    await send(hub, 6);
    await silent.nth("broadcast", 24);
    const before = await count();
    expect(before).toBeGreaterThan(5.9 * MIB);
    await hub.evict();
    expect(await count()).toBeGreaterThan(before - MIB / 4);
  });

  test("has confirmations, snapshots and pongs counted, and an acknowledgement takes off what was written before its beat", async () => {
    vi.setSystemTime(Date.parse("2026-11-18T15:30:00Z"));
    const hub = await newHub();
    const client = await openSocket(hub.stub);
    const stored = () =>
      runInDurableObject(hub.stub, (_: StreamHub, state) => {
        const { written, acknowledged } = state.getWebSockets()[0].deserializeAttachment();
        return { written, unacknowledged: written - acknowledged };
      });
    const received = () => client.texts.reduce((sum, text) => sum + text.length, 0);
    await hub.tick(BTC, 3);
    await client.subscribe([BTC]);
    client.sendRaw('{"action":"ping"}');
    await vi.waitUntil(() => client.pongs === 1, { timeout: 30_000 });
    const beat = await beatOf(hub, client, 1);
    expect(await stored()).toEqual({ written: received(), unacknowledged: received() });
    const before = received();
    await hub.stub.broadcast("y".repeat(2_500));
    client.send({ action: "ack", beat: beat + 1 });
    client.send({ action: "ack", beat });
    await client.waitForProcessing();
    await beatOf(hub, client, 2);
    expect(await stored()).toEqual({ written: received(), unacknowledged: received() - before });
  });

  test.each([
    ["a key", "key:many", 1],
    ["an operator, who has no such limit", "admin-token", 0],
  ])("over many sockets of %s", async (_, caller, closes) => {
    const hub = await newHub();
    const clients = await Promise.all(
      Array.from({ length: 20 }, () => openSocket(hub.stub, { caller, anonymous: false, history: { kind: "free" } })),
    );
    // None of them lags, and together they have 75 MiB.
    await send(hub, 3.75);
    await vi.waitUntil(
      () => clients.every((client) => client.closed !== null || client.of("broadcast").length === 15),
      {
        timeout: 30_000,
      },
    );
    const codes = clients.flatMap(({ closed }) => (closed === null ? [] : [closed.code]));
    expect(codes.length > 0).toBe(closes > 0);
    expect(codes.every((code) => code === 4008)).toBe(true);
    expect(codes.length).toBeLessThan(clients.length / 2);
  });

  test("has no more than 64 MiB over all objects, however it is spread", async () => {
    const hub = await newHub();
    const address = "203.0.113.7";
    const silent = await openSocket(hub.stub, { address });
    const meter = env.USAGE_METER.getByName(`address:${address}`);
    await meter.reportStreams("room:ETH/USDT", { sockets: 1, bytes: 56 * MIB });
    await send(hub, 12);
    expect(await silent.waitForClose()).toMatchObject({ code: 4008, reason: expect.stringContaining("your streams") });
  });
});

const FRAMES = 5_000;
const BATCH = 50;

const symbolList = fc.oneof(
  fc.array(fc.oneof(fc.constantFrom(BTC, ETH, "btc", "", "__proto__", "NOSUCH", "JSE:NPN"), fc.string()), {
    maxLength: 6,
  }),
  fc.constant(Array.from({ length: 10_000 }, (_, i) => `X${i}`)),
  fc.anything(),
);
const position = fc.oneof(
  fc.record({ epoch: fc.string(), seq: fc.integer() }),
  fc.record({ time: fc.double() }),
  fc.anything(),
);
const message = fc.record(
  {
    action: fc.oneof(fc.constantFrom("subscribe", "unsubscribe", "list", "ack", "ping"), fc.string()),
    symbols: symbolList,
    channel: fc.oneof(fc.constantFrom("quotes", "candles", "indicators"), fc.anything()),
    interval: fc.oneof(fc.constantFrom("1m", "1h", "1M"), fc.anything()),
    indicators: fc.oneof(fc.constant(["rsi"]), fc.array(fc.string()), fc.anything()),
    since: fc.oneof(fc.dictionary(fc.constantFrom(BTC, "__proto__", "constructor"), position), fc.anything()),
    delivery: fc.oneof(fc.record({ mode: fc.constantFrom("all", "conflate"), max_hz: fc.double() }), fc.anything()),
    beat: fc.oneof(fc.integer(), fc.anything()),
    id: fc.anything(),
  },
  { requiredKeys: ["action"] },
);
const jsonOf = (value: unknown): string =>
  JSON.stringify(value, (_, part) => (typeof part === "bigint" ? String(part) : part)) ?? "undefined";
const hostile: fc.Arbitrary<string | ArrayBuffer> = fc.oneof(
  { weight: 6, arbitrary: message.map(jsonOf) },
  { weight: 2, arbitrary: fc.string({ unit: "binary" }).map((text) => text.toWellFormed()) },
  { weight: 1, arbitrary: fc.json() },
  { weight: 1, arbitrary: fc.uint8Array().map((bytes) => new Uint8Array(bytes).buffer) },
  {
    weight: 1,
    arbitrary: fc.constantFrom("[".repeat(30_000), `{"action":${"[".repeat(9_000)}`, `"${"x".repeat(70_000)}"`),
  },
);

test(`${FRAMES} hostile frames neither break a hub nor cost another client one event`, {
  timeout: 300_000,
}, async () => {
  const faults = vi.spyOn(console, "error");
  const hub = await newHub();
  const witness = await openSocket(hub.stub);
  await witness.subscribe([BTC, ETH]);
  let client = await openSocket(hub.stub);
  let sent = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(hostile, { minLength: BATCH, maxLength: BATCH }), async (frames) => {
      for (const frame of frames) {
        if (client.closed !== null) client = await openSocket(hub.stub);
        client.sendRaw(frame);
        sent++;
      }
      expect(await hub.tick(BTC)).toBe(true);
      expect(await hub.tick(ETH)).toBe(true);
      expect(client.faults).toEqual([]);
      client.close();
      client = await openSocket(hub.stub);
    }),
    // What fails is printed with its seed and path.
    { numRuns: FRAMES / BATCH, endOnFailure: true },
  );
  await witness.nth("market_data", (2 * FRAMES) / BATCH);
  expect(sent).toBeGreaterThanOrEqual(FRAMES);
  expect(witness.seqs(BTC)).toEqual(Array.from({ length: FRAMES / BATCH }, (_, i) => i + 1));
  expect(witness.seqs(ETH)).toEqual(witness.seqs(BTC));
  expect(witness.faults).toEqual([]);
  expect(witness.of("error")).toEqual([]);
  expect(faults).not.toHaveBeenCalled();
});
