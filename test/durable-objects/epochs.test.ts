import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ConfirmedBarsSchema, ConfirmedQuotesSchema, HEARTBEAT_SECONDS } from "../../contracts/stream.ts";
import { MINUTE } from "../../core/time.ts";
import type { Interest } from "../../durable-objects/symbol-events/symbol-events.ts";
import { RoomState } from "../../durable-objects/symbol-room/room-state.ts";
import { injectBinding } from "./bindings.ts";
import {
  advanceTo,
  createFakeHub,
  evict,
  frameOf,
  QUOTES_INTEREST,
  roomOf,
  setClock,
  simulated,
  TEST_TIME,
} from "./live-room.ts";
import { closeSockets, openSocket, type SocketClient } from "./socket-client.ts";

beforeEach(() => setClock(TEST_TIME));
afterEach(() => {
  closeSockets();
  vi.useRealTimers();
});

/** Lets a room that subscribers wait for publish what it has to. */
async function ring(symbol: string): Promise<void> {
  await runDurableObjectAlarm(roomOf(symbol));
}

/** What clients are confirmed without having asked, by channel. */
const confirmedAgain = (client: SocketClient) =>
  client.of("subscription_confirmed").filter(({ id }) => id === null || id === undefined);

describe("a room whose epoch is renewed", () => {
  test("counts on, and takes no position of before for one of its own", async () => {
    const of = simulated("RENEW/USDT");
    const hub = await createFakeHub(of.symbol);
    const { position } = await roomOf(of.symbol).renewLease(of, "hub-1", QUOTES_INTEREST);
    await advanceTo(of.symbol, TEST_TIME + 10);
    const renewed = await roomOf(of.symbol).renewEpoch(of);
    expect(renewed).toEqual({ epoch: expect.stringMatching(/^[a-z0-9]{12}$/), seq: 10 });
    expect(renewed.epoch).not.toBe(position.epoch);

    const after = await roomOf(of.symbol).replayQuotes(of, { ...position, seq: 5 });
    expect(after).toMatchObject({ position: renewed, recovered: false, missed: [] });
    expect(JSON.parse(after.snapshot ?? "null")).toMatchObject({ symbol: of.symbol, ...renewed });
    // Events of the earlier epoch are not sent under the name of the new one.
    const forged = await roomOf(of.symbol).replayQuotes(of, { ...renewed, seq: 5 });
    expect(forged).toMatchObject({ position: renewed, recovered: false, missed: [] });

    await advanceTo(of.symbol, TEST_TIME + 12);
    expect(hub.events.slice(-2).map(frameOf)).toMatchObject([
      { type: "market_data", epoch: renewed.epoch, seq: 11 },
      { type: "market_data", epoch: renewed.epoch, seq: 12 },
    ]);
    const resumed = await roomOf(of.symbol).replayQuotes(of, renewed);
    expect(resumed.recovered).toBe(true);
    expect(resumed.missed.map((text) => JSON.parse(text).seq)).toEqual([11, 12]);
  });

  test("keeps the new epoch through an eviction", async () => {
    const of = simulated("KEPT/USDT");
    const hub = await createFakeHub(of.symbol);
    await roomOf(of.symbol).renewLease(of, "hub-1", QUOTES_INTEREST);
    await advanceTo(of.symbol, TEST_TIME + 3);
    const renewed = await roomOf(of.symbol).renewEpoch(of);
    await evict(of.symbol, hub);
    expect((await roomOf(of.symbol).replayQuotes(of, renewed)).recovered).toBe(true);
    expect(JSON.parse((await roomOf(of.symbol).replayQuotes(of, null)).snapshot ?? "null")).toMatchObject({
      epoch: renewed.epoch,
    });
  });

  test("never renews it for what a client says that its position is", async () => {
    const of = simulated("FORGED/USDT");
    await createFakeHub(of.symbol);
    const { position } = await roomOf(of.symbol).renewLease(of, "hub-1", QUOTES_INTEREST);
    await advanceTo(of.symbol, TEST_TIME + 5);
    const forgeries = [
      { epoch: "forged", seq: 3 },
      { epoch: position.epoch, seq: 1e15 },
      { epoch: "", seq: 0 },
    ];
    for (const since of forgeries) {
      const answer = await roomOf(of.symbol).replayQuotes(of, since);
      expect(answer).toMatchObject({ position: { epoch: position.epoch, seq: 5 }, recovered: false, missed: [] });
    }
    expect((await roomOf(of.symbol).replayQuotes(of, { ...position, seq: 2 })).missed).toHaveLength(3);
  });

  test("takes no bar of before for recovered, and those that closed since all the same", async () => {
    const of = simulated("BARS/USDT");
    await createFakeHub(of.symbol);
    const interest: Interest = { quotes: true, candles: ["1m"], indicators: [{ interval: "1m", spec: "sma:2" }] };
    await roomOf(of.symbol).renewLease(of, "hub-1", interest);
    await advanceTo(of.symbol, TEST_TIME + MINUTE);
    const lastBar = Math.floor(TEST_TIME / MINUTE) * MINUTE;
    const since = async (time: number) => ({
      candles: await roomOf(of.symbol).replayCandles(of, "1m", time),
      indicator: (await roomOf(of.symbol).replayIndicators(of, "1m", ["sma:2"], time))[0],
    });
    expect(await since(lastBar)).toMatchObject({ candles: { recovered: true }, indicator: { recovered: true } });
    await roomOf(of.symbol).renewEpoch(of);
    for (const time of [lastBar - MINUTE, lastBar]) {
      expect(await since(time)).toMatchObject({
        candles: { recovered: false, missed: [] },
        indicator: { recovered: false, missed: [] },
      });
    }
    await roomOf(of.symbol).renewLease(of, "hub-1", interest);
    await advanceTo(of.symbol, TEST_TIME + 3 * MINUTE);
    const { candles, indicator } = await since(lastBar + MINUTE);
    expect([candles.recovered, indicator.recovered]).toEqual([true, true]);
    expect(candles.missed.map((text) => JSON.parse(text).data.time)).toEqual([lastBar + 2 * MINUTE]);
  });
});

describe("the generation of streams", () => {
  test("makes a room of another one begin an epoch, once; a room that has kept none is of the first", async () => {
    const of = simulated("GENERATION/USDT");
    await roomOf(of.symbol).quote(of, null);
    await runInDurableObject(roomOf(of.symbol), (_, { storage }) => {
      const enter = (generation: string): boolean => new RoomState(storage.sql).enterGeneration(generation);
      expect(["1", "", "2", "2", "7", "2"].map(enter)).toEqual([false, false, true, false, true, true]);
    });
  });

  test("changes nothing for a room that has no events", async () => {
    await runInDurableObject(roomOf("FRESH/USDT"), (_, { storage }) => {
      expect(new RoomState(storage.sql).enterGeneration("2")).toBe(false);
      expect(new RoomState(storage.sql).enterGeneration("2")).toBe(false);
    });
  });
});

describe("a client that is connected when the epoch is renewed", () => {
  const symbol = "BTC/USDT";

  test.each(["a hub", "the symbol's own room"])(
    "at %s gets fresh confirmations, and then the new epoch",
    async (at) => {
      const isRoom = at !== "a hub";
      await roomOf(symbol).quote(simulated(symbol), null);
      const holder = isRoom ? roomOf(symbol) : env.STREAM_HUB.getByName("hub:epochs:0");
      const client = await openSocket(holder, isRoom ? { symbol } : {});
      const first = await client.subscribe([symbol], { id: "quotes" });
      await client.subscribe([symbol], { id: "candles", channel: "candles", interval: "1m" });
      await client.subscribe([symbol], { id: "more candles", channel: "candles", interval: "5m" });
      await client.subscribe([symbol], { id: "rsi", channel: "indicators", interval: "1m", indicators: ["RSI"] });
      const before = ConfirmedQuotesSchema.parse(first.positions[symbol]);
      setClock(Date.now() / 1000 + 1);
      await ring(symbol);
      await client.nth("market_data", 1);
      const known = confirmedAgain(client).length;
      const renewed = await roomOf(symbol).renewEpoch(simulated(symbol));
      await ring(symbol);
      await vi.waitUntil(() => confirmedAgain(client).length >= known + 3, { timeout: 30_000, interval: 5 });
      const again = new Map(
        confirmedAgain(client)
          .slice(known)
          .map((frame) => [frame.channel, frame.positions[symbol]]),
      );
      expect(confirmedAgain(client)).toHaveLength(known + 3);
      expect(ConfirmedQuotesSchema.parse(again.get("quotes"))).toMatchObject({
        ...{ ...renewed, recovered: false, missed: [] },
        snapshot: { symbol, epoch: renewed.epoch },
      });
      expect(renewed.epoch).not.toBe(before.epoch);
      for (const channel of ["candles", "indicators"] as const) {
        expect(ConfirmedBarsSchema.parse(again.get(channel))).toMatchObject({ recovered: false, missed: [] });
      }
      const count = client.of("market_data").length;
      setClock(Date.now() / 1000 + 1);
      await ring(symbol);
      expect(await client.nth("market_data", count + 1)).toMatchObject({ epoch: renewed.epoch, seq: renewed.seq + 1 });
      expect(client.faults).toEqual([]);
    },
  );

  test("learns it by a heartbeat if the publication does not reach its hub", async () => {
    const quiet = "ETH/USDT";
    const hub = env.STREAM_HUB.getByName("hub:epochs:1");
    const client = await openSocket(hub);
    await client.subscribe([quiet], { id: "first" });
    await runInDurableObject(roomOf(quiet), (room) => {
      const push = async () => {
        throw new Error("the hub is away");
      };
      injectBinding(room, "STREAM_HUB", () => ({ push }));
    });
    const renewed = await roomOf(quiet).renewEpoch(simulated(quiet));
    await ring(quiet);
    setClock(Date.now() / 1000 + 2 * HEARTBEAT_SECONDS);
    await runDurableObjectAlarm(hub);
    const [again] = await vi.waitUntil(() => (confirmedAgain(client).length > 0 ? confirmedAgain(client) : null), {
      timeout: 30_000,
      interval: 5,
    });
    expect(again.positions[quiet]).toMatchObject({ epoch: renewed.epoch, recovered: false, missed: [] });
  });
});
