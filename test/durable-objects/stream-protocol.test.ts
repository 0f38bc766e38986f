import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { StreamHub } from "../../durable-objects/stream-hub/stream-hub.ts";
import { newHub } from "./hub-under-test.ts";
import { closeSockets, openSocket, type SocketClient } from "./socket-client.ts";

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

describe("a client that does not read", () => {
  /** Sends more than four mebibytes to everyone. */
  const filled = async (silent: SocketClient, reader: SocketClient, hub: Awaited<ReturnType<typeof newHub>>) => {
    // Both ends read here, as in any test; what counts is that one of them says nothing.
    // A broadcast holds its message twice.
    const text = "x".repeat(10_000);
    for (let i = 1; i <= 220; i++) {
      await hub.stub.broadcast(text);
      if (i % 50 === 0) await reader.waitForProcessing();
    }
    await silent.nth("broadcast", 200);
  };

  test("is sent nothing more after unacknowledged_bytes, and closed with 4008 a minute later", async () => {
    vi.setSystemTime(Date.parse("2026-11-18T15:30:00Z"));
    const hub = await newHub();
    const silent = await openSocket(hub.stub);
    const reader = await openSocket(hub.stub);
    await filled(silent, reader, hub);
    const had = silent.of("broadcast").length;
    expect(had).toBeLessThan(215);
    await hub.stub.broadcast("one more");
    await vi.waitUntil(() => reader.of("broadcast").at(-1)?.message === "one more", { timeout: 30_000 });
    expect(reader.of("broadcast")).toHaveLength(221);
    expect(silent.of("broadcast")).toHaveLength(had);
    await hub.evict();
    await hub.stub.broadcast("after an eviction");
    vi.setSystemTime(Date.now() + 61_000);
    await runDurableObjectAlarm(hub.stub);
    expect(await silent.waitForClose()).toMatchObject({ code: 4008 });
    expect(silent.of("broadcast")).toHaveLength(had);
    expect(reader.closed).toBeNull();
  });

  test("differs from one that pings, though the platform answers its pings by itself", async () => {
    const hub = await newHub();
    const pinging = await openSocket(hub.stub);
    const reader = await openSocket(hub.stub);
    await hub.stub.broadcast("first");
    pinging.sendRaw('{"action":"ping"}');
    await vi.waitUntil(() => pinging.pongs === 1, { timeout: 30_000 });
    await filled(pinging, reader, hub);
    await pinging.nth("broadcast", 221);
    expect(pinging.closed).toBeNull();
  });

  test("differs from one that acknowledges a heartbeat: what was sent since counts, exactly", async () => {
    vi.setSystemTime(Date.parse("2026-11-18T15:30:00Z"));
    const hub = await newHub();
    const client = await openSocket(hub.stub);
    const unacknowledged = () =>
      runInDurableObject(hub.stub, (_: StreamHub, state) => {
        const [socket] = state.getWebSockets();
        return socket.deserializeAttachment().unackedBytes as number;
      });
    const beat = async (n: number) => {
      vi.setSystemTime(Date.now() + 30_000);
      await runDurableObjectAlarm(hub.stub);
      return client.nth("heartbeat", n);
    };
    await hub.stub.broadcast("x".repeat(5_000));
    const { beat: number } = await beat(1);
    expect(await unacknowledged()).toBeGreaterThan(10_000);
    await hub.stub.broadcast("y".repeat(2_500));
    client.send({ action: "ack", beat: number });
    await beat(2);
    const left = await unacknowledged();
    expect(left).toBeGreaterThan(5_000);
    expect(left).toBeLessThan(6_000);
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
