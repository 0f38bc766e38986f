import { runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, describe, expect, test, vi } from "vitest";
import { ConfirmedQuotesSchema } from "../../contracts/stream.ts";
import type { FrameEvent } from "../../durable-objects/symbol-events/symbol-events.ts";
import { newHub } from "./hub-under-test.ts";
import { closeSockets, openSocket, type SocketClient } from "./socket-client.ts";

const BTC = "BTC/USDT";
const ETH = "ETH/USDT";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  closeSockets();
});

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe("subscribing", () => {
  test("is confirmed with the whole set, what was rejected and why, and positions", async () => {
    const hub = await newHub();
    const client = await openSocket(hub.stub);
    hub.feed.next(BTC);
    const confirmed = await client.subscribe(["btcusdt", "NOSUCH", "BTC"], { id: { any: [1] } });
    expect(confirmed).toMatchObject({ id: { any: [1] }, channel: "quotes", symbols: [BTC] });
    expect(confirmed.positions[BTC]).toMatchObject({ epoch: "e1", seq: 1, recovered: null, missed: [] });
    expect(confirmed.positions[BTC]).toHaveProperty("snapshot.price", 101);
    expect(confirmed.rejected.map(({ symbol, code }) => [symbol, code])).toEqual([
      ["NOSUCH", "symbol.not_found"],
      ["BTC", "symbol.ambiguous"],
    ]);
    expect(confirmed.subscriptions).toEqual([{ symbol: BTC, channel: "quotes", delivery: { mode: "all" } }]);
    const second = await client.subscribe([ETH]);
    expect(second.subscriptions.map(({ symbol }) => symbol)).toEqual([BTC, ETH]);
    expect(await hub.tick(BTC)).toBe(true);
    expect((await client.nth("market_data")).seq).toBe(2);
    expect(client.frames[0]).toMatchObject({
      type: "welcome",
      protocol: 1,
      heartbeat_interval: 30,
      limits: { symbols: 100, message_bytes: 65_536, unacknowledged_bytes: 4_194_304 },
    });
    expect(client.faults).toEqual([]);
  });

  test("holds events back until the confirmation is out, then lets those through that come after it", async () => {
    const hub = await newHub();
    const early = await openSocket(hub.stub);
    await early.subscribe([BTC]);
    await hub.tick(BTC, 3);
    const late = await openSocket(hub.stub);
    hub.feed.beforeReply = async () => {
      hub.feed.beforeReply = async () => {};
      await hub.tick(BTC, 4);
    };
    const confirmed = await late.subscribe([BTC]);
    expect(confirmed.positions[BTC]).toMatchObject({ seq: 3 });
    await late.nth("market_data", 4);
    expect(late.seqs(BTC)).toEqual([4, 5, 6, 7]);
    expect(late.frames.findIndex(({ type }) => type === "market_data")).toBeGreaterThan(
      late.frames.findIndex(({ type }) => type === "subscription_confirmed"),
    );
    await early.nth("market_data", 7);
    expect(early.seqs(BTC)).toEqual(range(1, 7));
  });

  test("with a position gets all that was missed, in order, or a snapshot", async () => {
    const hub = await newHub();
    for (let i = 0; i < 9; i++) hub.feed.next(BTC);
    const client = await openSocket(hub.stub);
    const whole = await client.subscribe([BTC], {
      since: { "btc-usdt": { epoch: "e1", seq: 4 }, [BTC]: { epoch: "e1", seq: 4 } },
    });
    expect(whole.positions[BTC]).toMatchObject({ seq: 9, recovered: true, snapshot: null });
    expect(client.seqs(BTC)).toEqual([5, 6, 7, 8, 9]);
    hub.feed.oldestSeq = 8;
    const lost = await client.subscribe([BTC], { since: { [BTC]: { epoch: "e1", seq: 4 } } });
    expect(lost.positions[BTC]).toMatchObject({ seq: 9, recovered: false, missed: [] });
    expect(lost.positions[BTC]).toHaveProperty("snapshot.seq", 9);
    const other = await client.subscribe([BTC], { since: { [BTC]: { epoch: "other", seq: 9 } } });
    expect(other.positions[BTC]).toMatchObject({ recovered: false, missed: [] });
  });

  test("to more than 5,000 missed events at once gets a snapshot for the symbol that is too much", async () => {
    const hub = await newHub();
    for (let i = 0; i < 3_000; i++) for (const symbol of [BTC, ETH]) hub.feed.next(symbol);
    const client = await openSocket(hub.stub);
    const since = { [BTC]: { epoch: "e1", seq: 100 }, [ETH]: { epoch: "e1", seq: 100 } };
    const { positions } = await client.subscribe([BTC, ETH], { since });
    expect(positions[BTC]).toMatchObject({ seq: 3_000, recovered: true });
    expect(positions[BTC].missed).toHaveLength(2_900);
    expect(positions[ETH]).toMatchObject({ seq: 3_000, recovered: false, missed: [] });
  });

  test("to a symbol whose room does not answer is rejected, and the others go on", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const hub = await newHub();
    hub.feed.broken.add(ETH);
    const client = await openSocket(hub.stub);
    const confirmed = await client.subscribe([BTC, ETH]);
    expect(confirmed.symbols).toEqual([BTC]);
    expect(confirmed.rejected).toMatchObject([{ symbol: ETH, code: "stream.unavailable" }]);
    expect(confirmed.subscriptions).toHaveLength(1);
    expect(await hub.push(ETH, [hub.feed.next(ETH)])).toBe(false);
  });

  test("ends what unsubscribe names, and everything where it names nothing", async () => {
    const hub = await newHub();
    const client = await openSocket(hub.stub);
    await client.subscribe([BTC, ETH]);
    await client.subscribe([BTC], { channel: "candles", interval: "1m" });
    client.send({ action: "unsubscribe", symbols: [BTC], id: "a" });
    const first = await client.nth("unsubscription_confirmed");
    expect(first).toMatchObject({ id: "a", symbols: [BTC] });
    expect(first.subscriptions.map(({ symbol, channel }) => `${symbol} ${channel}`)).toEqual([
      `${ETH} quotes`,
      `${BTC} candles`,
    ]);
    client.send({ action: "unsubscribe" });
    expect((await client.nth("unsubscription_confirmed", 2)).subscriptions).toEqual([]);
    // A symbol keeps its lease for a moment, in case its client comes back.
    expect(await hub.tick(BTC)).toBe(true);
    vi.setSystemTime(Date.now() + 6_000);
    expect(await hub.tick(BTC)).toBe(false);
    client.close();
    await vi.waitUntil(() => hub.feed.interests.get(BTC)?.candles.length === 0, { timeout: 30_000 });
    expect(hub.feed.interests.get(BTC)).toEqual({ quotes: false, candles: [], indicators: [] });
  });
});

/** The events that a client got while it was not subscribed to them, or not one after the other. */
function misplaced({ frames }: SocketClient): string[] {
  const positions = new Map<string, number>();
  return frames.flatMap((frame) => {
    if (frame.type === "unsubscription_confirmed") for (const symbol of frame.symbols) positions.delete(symbol);
    if (frame.type === "subscription_confirmed") {
      for (const symbol of frame.symbols) {
        positions.set(symbol, ConfirmedQuotesSchema.parse(frame.positions[symbol]).seq);
      }
    }
    if (frame.type !== "market_data") return [];
    const { symbol, seq } = frame;
    const position = positions.get(symbol);
    positions.set(symbol, seq);
    return position === seq - 1 ? [] : [`${symbol} ${seq} after ${position}`];
  });
}

test("what begins and ends in quick succession carries events only while it is on, each after the last", async () => {
  const hub = await newHub();
  const clients = [await openSocket(hub.stub), await openSocket(hub.stub)];
  for (let i = 0; i < 15; i++) {
    for (const client of clients) {
      client.send({ action: "subscribe", symbols: [BTC, ETH] });
      client.send({ action: i % 2 === 1 ? "unsubscribe" : "subscribe", symbols: [ETH] });
    }
    await Promise.all([hub.tick(ETH), hub.tick(BTC, 2)]);
  }
  for (const client of clients) await client.waitForProcessing();
  await hub.tick(BTC);
  for (const client of clients) {
    await vi.waitUntil(() => client.seqs(BTC).at(-1) === 31, { timeout: 30_000, interval: 5 });
    expect(misplaced(client)).toEqual([]);
    expect(client.of("error")).toEqual([]);
  }
});

test("unsubscribing takes every name that subscribing takes", async () => {
  const hub = await newHub();
  const client = await openSocket(hub.stub);
  await client.subscribe(["btcusdt", ETH]);
  client.send({ action: "unsubscribe", symbols: ["btcusdt", "NOSUCH"] });
  expect(await client.nth("unsubscription_confirmed")).toMatchObject({
    symbols: [BTC],
    subscriptions: [{ symbol: ETH }],
  });
});

describe("bars", () => {
  test("of an indicator that the room refuses are rejected with its reason, and those of the rest go on", async () => {
    const hub = await newHub();
    const client = await openSocket(hub.stub);
    const indicator = { channel: "indicators", interval: "1m" };
    await client.subscribe([BTC], { ...indicator, indicators: ["sma:2"] });
    const reason = { code: "stream.too_many_subscriptions" as const, detail: "There are too many." };
    hub.feed.refused = [{ interval: "1m", spec: "sma:3", ...reason }];
    const refused = await client.subscribe([BTC], { ...indicator, indicators: ["SMA:3"] });
    expect(refused).toMatchObject({ symbols: [], rejected: [{ symbol: BTC, ...reason }] });
    expect(refused.subscriptions).toMatchObject([{ indicator: "sma:2" }]);
    expect((await client.subscribe([BTC], { ...indicator, indicators: ["sma:2"] })).symbols).toEqual([BTC]);
  });

  let order = 0;
  const bar = (time: number, state: string): FrameEvent => {
    if (state !== "open") order++;
    const data = { time, open: 1, high: 1, low: 1, close: 1, volume: null, state, revision: 0, suspect: false };
    const text = JSON.stringify({
      type: "candle",
      symbol: BTC,
      interval: "1m",
      provider: "simulator",
      data,
      timestamp: new Date().toISOString(),
    });
    return { channel: "candles", interval: "1m", time, isClosed: state !== "open", text, order };
  };

  test("come once, though the push that carried them failed in the middle and came again", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const hub = await newHub();
    const client = await openSocket(hub.stub);
    await client.subscribe([BTC]);
    await client.subscribe([BTC], { channel: "candles", interval: "1m" });
    hub.feed.next(BTC);
    const events = [bar(60, "open"), bar(60, "closed"), bar(0, "revised"), hub.feed.next(BTC), bar(120, "open")];
    hub.feed.beforeReply = async () => {
      throw new Error("the room is away");
    };
    await expect(hub.push(BTC, events)).rejects.toThrow();
    await hub.evict();
    hub.feed.beforeReply = async () => {};
    await hub.push(BTC, [...events, bar(120, "closed")]);
    await client.nth("candle", 5);
    expect(client.of("candle").map(({ data }) => [data.time, data.state])).toEqual([
      [60, "open"],
      [60, "closed"],
      [0, "revised"],
      [120, "open"],
      [120, "closed"],
    ]);
    expect(client.seqs(BTC)).toEqual([1, 2]);
  });

  test("of the intervals that a client listens to arrive, and those that closed since are inside the confirmation", async () => {
    const hub = await newHub();
    hub.feed.closedBars.push({ time: 60, text: bar(60, "closed").text }, { time: 120, text: bar(120, "closed").text });
    const client = await openSocket(hub.stub);
    const subscribed = client.subscribe([BTC], { channel: "candles", interval: "1m", since: { [BTC]: { time: 60 } } });
    hub.feed.beforeReply = async () => {
      hub.feed.beforeReply = async () => {};
      await hub.push(BTC, [bar(120, "closed"), bar(120, "revised"), bar(180, "open")]);
    };
    const { positions } = await subscribed;
    expect(positions[BTC]).toMatchObject({ time: 120, recovered: true });
    expect(positions[BTC].missed).toHaveLength(1);
    await hub.push(BTC, [bar(180, "closed")]);
    await client.nth("candle", 3);
    expect(client.of("candle").map(({ data }) => [data.time, data.state])).toEqual([
      [120, "revised"],
      [180, "open"],
      [180, "closed"],
    ]);
    expect(hub.feed.interests.get(BTC)).toEqual({ quotes: false, candles: ["1m"], indicators: [] });
  });

  test("conflation never leaves a closed one out", async () => {
    const hub = await newHub();
    const client = await openSocket(hub.stub);
    await client.subscribe([BTC], { channel: "candles", interval: "1m", delivery: { mode: "conflate", max_hz: 0.01 } });
    await hub.push(BTC, [bar(60, "open"), bar(60, "open"), bar(60, "closed"), bar(120, "open"), bar(120, "closed")]);
    await client.nth("candle", 3);
    expect(client.of("candle").map(({ data }) => data.state)).toEqual(["open", "closed", "closed"]);
  });

  test("of indicators are asked for by the spec as it is written, in lower case; an unknown one is an error", async () => {
    const hub = await newHub();
    const client = await openSocket(hub.stub, { address: "203.0.113.1" });
    const confirmed = await client.subscribe([BTC], {
      channel: "indicators",
      interval: "5m",
      indicators: ["RSI", "ema:9", "rsi"],
    });
    expect(confirmed.subscriptions.map(({ indicator }) => indicator)).toEqual(["rsi", "ema:9"]);
    expect(hub.feed.interests.get(BTC)?.indicators).toEqual([
      { interval: "5m", spec: "rsi", owner: { name: "203.0.113.1", hasKey: false } },
      { interval: "5m", spec: "ema:9", owner: { name: "203.0.113.1", hasKey: false } },
    ]);
    client.send({ action: "subscribe", symbols: [BTC], channel: "indicators", indicators: ["NOSUCH"], id: 3 });
    expect(await client.nth("error")).toMatchObject({ code: "indicator.unknown", id: 3 });
    client.send({ action: "subscribe", symbols: [BTC], channel: "indicators", indicators: ["rsi:0"] });
    expect(await client.nth("error", 2)).toMatchObject({ code: "indicator.invalid_parameters" });
  });
});

describe("a hub", () => {
  test("sends each event once: what it has sent is dropped, and a gap is filled before it goes on", async () => {
    const hub = await newHub();
    const client = await openSocket(hub.stub);
    await client.subscribe([BTC]);
    const events = range(1, 9).map(() => hub.feed.next(BTC));
    await hub.push(BTC, events.slice(0, 3));
    await hub.push(BTC, events.slice(1, 4));
    await Promise.all([hub.push(BTC, events.slice(6, 7)), hub.push(BTC, events.slice(7, 9))]);
    await client.nth("market_data", 9);
    expect(client.seqs(BTC)).toEqual(range(1, 9));
    expect(hub.feed.resumeRequests.at(-1)).toEqual({ symbol: BTC, since: { epoch: "e1", seq: 4 } });
  });

  test("says what is lost where a gap cannot be filled", async () => {
    const hub = await newHub();
    const client = await openSocket(hub.stub);
    await client.subscribe([BTC]);
    await hub.tick(BTC, 2);
    const lost = range(1, 3).map(() => hub.feed.next(BTC));
    hub.feed.oldestSeq = 5;
    await hub.tick(BTC, 2);
    await hub.tick(BTC);
    await client.nth("market_data", 5);
    const numbers = client.frames.flatMap((frame) => {
      if (frame.type === "market_data") return [String(frame.seq)];
      return frame.type === "gap" ? [`${frame.from_seq}-${frame.to_seq}`] : [];
    });
    expect(lost).toHaveLength(3);
    expect(numbers).toEqual(["1", "2", "3-5", "6", "7", "8"]);
  });

  test("says at a heartbeat, where nothing came since, that all is lost up to where the room is, and goes on after it", async () => {
    const hub = await newHub();
    const client = await openSocket(hub.stub);
    await client.subscribe([BTC]);
    await hub.tick(BTC, 2);
    const lost = range(3, 7).map(() => hub.feed.next(BTC));
    hub.feed.oldestSeq = 9;
    vi.setSystemTime(Date.now() + 60_000);
    await runDurableObjectAlarm(hub.stub);
    expect(await client.nth("gap")).toMatchObject({ from_seq: 3, to_seq: 7 });
    await hub.push(BTC, [...lost, hub.feed.next(BTC)]);
    await client.nth("market_data", 3);
    expect(client.seqs(BTC)).toEqual([1, 2, 8]);
  });

  test("starts everyone again where a room lost its log", async () => {
    const hub = await newHub();
    const client = await openSocket(hub.stub);
    await client.subscribe([BTC]);
    await hub.tick(BTC, 2);
    hub.feed.resetEpoch("e2");
    await hub.tick(BTC, 1);
    await hub.tick(BTC, 1);
    await client.nth("market_data", 3);
    const again = await client.nth("subscription_confirmed", 2);
    expect(again.positions[BTC]).toMatchObject({ epoch: "e2", seq: 1, recovered: false });
    expect(client.of("market_data").map(({ epoch, seq }) => `${epoch}:${seq}`)).toEqual(["e1:1", "e1:2", "e2:2"]);
  });

  test("keeps subscriptions and positions through evictions: events go on by one, whatever was missed meanwhile", async () => {
    const hub = await newHub();
    const clients = [await openSocket(hub.stub), await openSocket(hub.stub), await openSocket(hub.stub)];
    for (const client of clients) await client.subscribe([BTC, ETH]);
    for (let i = 0; i < 4; i++) {
      await hub.tick(BTC, 2);
      await hub.tick(ETH);
      await hub.evict();
      // An event that was made while the hub was away, and whose push was lost.
      hub.feed.next(BTC);
    }
    clients[0].close();
    await hub.tick(BTC);
    await hub.evict();
    await hub.tick(BTC);
    for (const client of clients.slice(1)) {
      await vi.waitUntil(() => client.seqs(BTC).length >= 14, { timeout: 30_000 });
      expect(client.seqs(BTC)).toEqual(range(1, 14));
      expect(client.seqs(ETH)).toEqual(range(1, 4));
      await client.waitForProcessing();
      expect(client.of("subscriptions").at(-1)?.subscriptions).toHaveLength(2);
      expect(client.faults).toEqual([]);
    }
  });

  test("that goes while it fills a gap sends nothing twice", async () => {
    const hub = await newHub();
    const client = await openSocket(hub.stub);
    await client.subscribe([BTC]);
    const events = range(1, 6).map(() => hub.feed.next(BTC));
    const push = [...events.slice(0, 3), ...events.slice(5)];
    hub.feed.beforeReply = async () => {
      throw new Error("the room is gone");
    };
    await expect(hub.push(BTC, push)).rejects.toThrow("the room is gone");
    await client.nth("market_data", 3);
    hub.feed.beforeReply = async () => {};
    await hub.evict();
    // The room takes its push for lost.
    await hub.push(BTC, push);
    await hub.tick(BTC);
    await vi.waitUntil(() => client.seqs(BTC).at(-1) === 7, { timeout: 30_000 });
    expect(client.seqs(BTC)).toEqual(range(1, 7));
  });

  test("that is left by its last socket and joined again at once reaches the room in this order", async () => {
    const hub = await newHub();
    const first = await openSocket(hub.stub);
    await first.subscribe([BTC]);
    // A call on its way may be overtaken by the next.
    let isOvertaken = false;
    hub.feed.beforeRenewal = async (interest) => {
      while (!interest.quotes && !isOvertaken) await scheduler.wait(5);
    };
    first.close();
    await vi.waitUntil(async () => (await hub.stub.streamStats()).connections === 0, { timeout: 30_000 });
    const second = await openSocket(hub.stub);
    second.send({ action: "subscribe", symbols: [BTC] });
    await hub.stub.streamStats();
    isOvertaken = true;
    await second.nth("subscription_confirmed");
    await vi.waitUntil(() => hub.feed.renewals.length === 3, { timeout: 30_000 });
    expect(hub.feed.interests.get(BTC)).toMatchObject({ quotes: true });
  });

  test("does not ask rooms again for a client that comes and goes, and misses no event in between", async () => {
    const hub = await newHub();
    const client = await openSocket(hub.stub);
    await client.subscribe([BTC]);
    for (let i = 1; i <= 5; i++) {
      client.send({ action: "unsubscribe", symbols: [BTC] });
      await client.nth("unsubscription_confirmed", i);
      await hub.tick(BTC, 2);
      await client.subscribe([BTC]);
      await hub.tick(BTC);
      await vi.waitUntil(() => client.seqs(BTC).at(-1) === 3 * i, { timeout: 30_000 });
    }
    expect(client.seqs(BTC)).toEqual([3, 6, 9, 12, 15]);
    expect(hub.feed.renewals).toEqual([BTC]);
  });

  test("names its sockets and closes those of a caller", async () => {
    const hub = await newHub();
    const theirs = await openSocket(hub.stub, { caller: "key:abc", anonymous: false });
    const other = await openSocket(hub.stub, { caller: "key:abcd", anonymous: false, address: "192.0.2.1" });
    await other.subscribe([BTC]);
    expect(await hub.stub.closeCaller("key:abc")).toBe(1);
    expect(await theirs.waitForClose()).toMatchObject({ code: 1008 });
    expect(await hub.stub.broadcast("maintenance at noon")).toBe(1);
    expect((await other.nth("broadcast")).message).toBe("maintenance at noon");
    expect(await hub.stub.listConnections()).toMatchObject([
      { caller: "key:abcd", address: "192.0.2.1", subscriptions: [BTC], subscription_count: 1 },
    ]);
    expect(await hub.stub.streamStats()).toEqual({ connections: 1, subscriptions: 1, symbols: { [BTC]: 1 } });
  });
});

describe("conflation", () => {
  test("sends the latest, and says how many it left out, so that the numbers add up", async () => {
    const hub = await newHub();
    const client = await openSocket(hub.stub);
    await client.subscribe([BTC, ETH], { delivery: { mode: "conflate", max_hz: 10 } });
    for (let i = 0; i < 40; i++) {
      await hub.tick(BTC, 5);
      if (i % 10 === 0) await hub.tick(ETH);
    }
    await vi.waitUntil(() => client.seqs(BTC).at(-1) === 200 && client.seqs(ETH).at(-1) === 4, { timeout: 30_000 });
    for (const symbol of [BTC, ETH]) {
      let last = 0;
      for (const frame of client.of("market_data").filter((market) => market.symbol === symbol)) {
        expect(frame.seq).toBe(last + 1 + (frame.skipped ?? 0));
        last = frame.seq;
      }
    }
    expect(client.seqs(BTC).length).toBeLessThan(200);
    expect(client.texts.some((text) => text.startsWith('{"type":"market_data","skipped":'))).toBe(true);
  });

  test("at a slow pace does not slow those that want a quicker one", async () => {
    const hub = await newHub();
    const slow = await openSocket(hub.stub);
    const quick = await openSocket(hub.stub);
    await slow.subscribe([BTC], { delivery: { mode: "conflate", max_hz: 0.01 } });
    await quick.subscribe([ETH], { delivery: { mode: "conflate", max_hz: 20 } });
    await hub.tick(BTC, 2);
    await hub.tick(ETH, 2);
    await vi.waitUntil(() => quick.seqs(ETH).at(-1) === 2, { timeout: 30_000 });
    expect(slow.seqs(BTC)).toEqual([1]);
  });

  test("goes on with a snapshot after the hub's memory went", async () => {
    const hub = await newHub();
    const client = await openSocket(hub.stub);
    await client.subscribe([BTC], { delivery: { mode: "conflate", max_hz: 20 } });
    await hub.tick(BTC, 5);
    await vi.waitUntil(() => client.seqs(BTC).at(-1) === 5, { timeout: 30_000 });
    await hub.evict();
    await hub.tick(BTC);
    const again = await client.nth("subscription_confirmed", 2);
    expect(again.positions[BTC]).toMatchObject({ seq: 6, recovered: false, missed: [] });
    expect(again.positions[BTC]).toHaveProperty("snapshot.seq", 6);
    await hub.tick(BTC);
    await client.nth("market_data", 3);
    expect(client.seqs(BTC)).toEqual([1, 5, 7]);
  });
});

describe("heartbeats", () => {
  test("say who is quiet: those whose state changed, and everyone in every tenth", async () => {
    vi.setSystemTime(Date.parse("2026-11-18T15:30:00Z"));
    const hub = await newHub();
    const client = await openSocket(hub.stub);
    await client.subscribe([BTC, "JSE:NPN"]);
    await hub.tick(BTC);
    const beat = async (n: number) => {
      vi.setSystemTime(Date.now() + 30_000);
      expect(await runDurableObjectAlarm(hub.stub)).toBe(true);
      const frame = await client.nth("heartbeat", n);
      client.send({ action: "ack", beat: frame.beat });
      return frame;
    };
    const first = await beat(1);
    expect(first).toMatchObject({ beat: 1, connections: 1, subscriptions: 2 });
    expect(first.symbols[BTC]).toMatchObject({ seq: 1, market_status: "open", expected: "active" });
    expect(first.symbols["JSE:NPN"]).toMatchObject({
      seq: 0,
      market_status: "closed",
      expected: "closed",
      last_event_at: null,
    });
    expect((await beat(2)).symbols).toEqual({});
    await hub.evict();
    expect((await beat(3)).symbols).toMatchObject({ [BTC]: { expected: "quiet" } });
    for (let n = 4; n < 10; n++) expect((await beat(n)).symbols).toEqual({});
    expect(Object.keys((await beat(10)).symbols)).toEqual([BTC, "JSE:NPN"]);
    // Leases were renewed before they ended.
    expect(hub.feed.renewals.filter((symbol) => symbol === BTC).length).toBeGreaterThan(3);
  });

  test("hand on what a room has and its push never brought", async () => {
    vi.setSystemTime(Date.parse("2026-11-18T15:30:00Z"));
    const hub = await newHub();
    const client = await openSocket(hub.stub);
    await client.subscribe([BTC]);
    await hub.tick(BTC);
    hub.feed.next(BTC);
    for (let i = 0; i < 3; i++) {
      vi.setSystemTime(Date.now() + 30_000);
      await runDurableObjectAlarm(hub.stub);
    }
    await client.nth("market_data", 2);
    expect(client.seqs(BTC)).toEqual([1, 2]);
  });
});
