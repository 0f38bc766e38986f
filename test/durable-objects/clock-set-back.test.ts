import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { HEARTBEAT_SECONDS } from "../../contracts/stream.ts";
import { HOUR, MINUTE } from "../../core/time.ts";
import { MessageRateLimiter } from "../../durable-objects/streaming/connections/message-rate.ts";
import {
  advanceTo,
  alarmOf,
  createFakeHub,
  evict,
  frameOf,
  QUOTES_INTEREST,
  roomOf,
  setClock,
  simulated,
  TEST_TIME,
} from "./live-room.ts";
import { closeSockets, openSocket } from "./socket-client.ts";

beforeEach(() => setClock(TEST_TIME));
afterEach(() => {
  closeSockets();
  vi.useRealTimers();
});

/** Where the clock is put: before the moment on which it stood, by some hours. */
const EARLIER = TEST_TIME - 5 * HOUR;

/** Sets the clock back while an alarm is pending: the platform waits for a span of time, so it rings all the same. */
async function setBack(symbol: string, to = EARLIER): Promise<void> {
  setClock(to);
  await runDurableObjectAlarm(roomOf(symbol));
}

describe("a watched symbol, after the clock was set back", () => {
  test("ticks on, once a second, with the next numbers", async () => {
    const of = simulated("TICK/USDT");
    const hub = await createFakeHub(of.symbol);
    await roomOf(of.symbol).renewLease(of, "hub-1", QUOTES_INTEREST);
    await advanceTo(of.symbol, TEST_TIME + 5);
    await setBack(of.symbol);
    await advanceTo(of.symbol, EARLIER + 10);
    const frames = hub.events.map(frameOf);
    expect(frames.map(({ seq }) => seq)).toEqual(Array.from({ length: 15 }, (_, i) => i + 1));
    expect(new Set(frames.map(({ epoch }) => epoch)).size).toBe(1);
  });

  test("ticks on after it was away from memory meanwhile, too", async () => {
    const of = simulated("AWAY/USDT");
    const hub = await createFakeHub(of.symbol);
    await roomOf(of.symbol).renewLease(of, "hub-1", QUOTES_INTEREST);
    await advanceTo(of.symbol, TEST_TIME + 5);
    setClock(EARLIER);
    await evict(of.symbol, hub);
    await runDurableObjectAlarm(roomOf(of.symbol));
    await advanceTo(of.symbol, EARLIER + 10);
    expect(hub.events).toHaveLength(15);
  });

  test("goes on as soon as its hub renews, or the watchdog looks, should its alarm be lost", async () => {
    for (const [symbol, wake] of [
      ["RENEWED/USDT", () => roomOf("RENEWED/USDT").renewLease(simulated("RENEWED/USDT"), "hub-1", QUOTES_INTEREST)],
      ["WATCHED/USDT", () => roomOf("WATCHED/USDT").checkAlarm()],
    ] as const) {
      const of = simulated(symbol);
      await createFakeHub(symbol);
      setClock(TEST_TIME);
      await roomOf(symbol).renewLease(of, "hub-1", QUOTES_INTEREST);
      await advanceTo(symbol, TEST_TIME + 2);
      setClock(EARLIER);
      await wake();
      expect(await alarmOf(symbol), symbol).toBe(EARLIER + 0.75);
    }
  });

  test("forgets a hub that does not renew, a lease later", async () => {
    const of = simulated("LEASE/USDT");
    const hub = await createFakeHub(of.symbol);
    await roomOf(of.symbol).renewLease(of, "hub-1", QUOTES_INTEREST);
    await advanceTo(of.symbol, TEST_TIME + 5);
    await setBack(of.symbol);
    await advanceTo(of.symbol, EARLIER + 300);
    expect(hub.events.length).toBeLessThanOrEqual(5 + 91);
    expect(await alarmOf(of.symbol)).toBeNull();
  });

  test("closes the bars of the time that it is now, in a new epoch, and calculates their indicators", async () => {
    const of = simulated("BAR/USDT");
    const hub = await createFakeHub(of.symbol);
    const interest = {
      ...QUOTES_INTEREST,
      candles: ["1m" as const],
      indicators: [{ interval: "1m" as const, spec: "sma:2" }],
    };
    const { position } = await roomOf(of.symbol).renewLease(of, "hub-1", interest);
    await advanceTo(of.symbol, TEST_TIME + MINUTE);
    await roomOf(of.symbol).renewLease(of, "hub-1", interest);
    await advanceTo(of.symbol, TEST_TIME + 2 * MINUTE);
    const before = hub.events.length;
    await setBack(of.symbol);
    await roomOf(of.symbol).renewLease(of, "hub-1", interest);
    await advanceTo(of.symbol, EARLIER + MINUTE);
    await roomOf(of.symbol).renewLease(of, "hub-1", interest);
    await advanceTo(of.symbol, EARLIER + 2 * MINUTE);
    const after = hub.events.slice(before).map(frameOf);
    const first = Math.floor(EARLIER / MINUTE) * MINUTE;
    const closed = after.filter(({ type, data }) => type === "candle" && Object(data).state === "closed");
    expect(closed.map(({ data }) => Object(data).time)).toEqual([first, first + MINUTE]);
    const values = after.filter(({ type, state }) => type === "indicator" && state === "closed");
    expect(values.map(({ time }) => time)).toEqual([first, first + MINUTE]);
    const epochs = new Set(after.flatMap(({ epoch }) => (epoch === undefined ? [] : [epoch])));
    expect([...epochs]).toEqual([expect.not.stringMatching(position.epoch)]);
  });

  test("takes a correction of less than a second for none", async () => {
    const of = simulated("SLEW/USDT");
    const hub = await createFakeHub(of.symbol);
    const interest = { ...QUOTES_INTEREST, candles: ["1m" as const] };
    const { position } = await roomOf(of.symbol).renewLease(of, "hub-1", interest);
    const closes = Math.floor(TEST_TIME / MINUTE) * MINUTE + MINUTE;
    await advanceTo(of.symbol, closes);
    await setBack(of.symbol, closes - 0.4);
    await advanceTo(of.symbol, closes + 5);
    const frames = hub.events.map(frameOf);
    expect(frames.filter(({ data }) => Object(data).state === "closed")).toHaveLength(1);
    expect((await roomOf(of.symbol).replayQuotes(of, null)).position.epoch).toBe(position.epoch);
  });

  test("is not answered with the quote of then", async () => {
    const of = simulated("READ/USDT");
    const before = await roomOf(of.symbol).quote(of, null);
    setClock(EARLIER);
    const after = await roomOf(of.symbol).quote(of, null);
    if (before.kind !== "quote" || after.kind !== "quote") throw new Error("there is no quote");
    expect(Date.parse(after.quote.timestamp)).toBeLessThanOrEqual(EARLIER * 1000);
    expect(after.quote.seq).toBe(before.quote.seq + 1);
  });
});

describe("a hub, after the clock was set back", () => {
  test("beats on, renews its leases, and its clients get the bars that close now", async () => {
    const symbol = "BTC/USDT";
    const hub = env.STREAM_HUB.getByName("hub:set-back:0");
    const client = await openSocket(hub);
    await client.subscribe([symbol]);
    await client.subscribe([symbol], { channel: "candles", interval: "1m" });
    const pass = async (seconds: number) => {
      const until = Date.now() / 1000 + seconds;
      for (let second = Math.floor(Date.now() / 1000) + 1; second <= until; second++) {
        setClock(second);
        await runDurableObjectAlarm(roomOf(symbol));
        const at = await runInDurableObject(hub, (_, state) => state.storage.getAlarm());
        if (at !== null && at <= Date.now()) await runDurableObjectAlarm(hub);
      }
    };
    await pass(2 * MINUTE);
    const beats = client.of("heartbeat").length;
    expect(beats).toBeGreaterThanOrEqual(3);
    setClock(EARLIER);
    await runDurableObjectAlarm(hub);
    const quotes = client.of("market_data").length;
    await pass(3 * MINUTE);
    await vi.waitUntil(() => client.of("heartbeat").length >= beats + 5, { timeout: 30_000, interval: 5 });
    await vi.waitUntil(() => client.of("market_data").length >= quotes + 170, { timeout: 30_000, interval: 5 });
    const closed = client.of("candle").filter(({ data }) => data.state === "closed" && data.time < TEST_TIME - HOUR);
    expect(closed.length).toBeGreaterThanOrEqual(2);
    expect(client.faults).toEqual([]);
  });

  test("has its alarm again when the watchdog looks", async () => {
    const hub = env.STREAM_HUB.getByName("hub:set-back:1");
    await openSocket(hub);
    setClock(EARLIER);
    await hub.checkAlarm();
    const at = await runInDurableObject(hub, (_, state) => state.storage.getAlarm());
    expect((at ?? 0) / 1000).toBeLessThanOrEqual(EARLIER + HEARTBEAT_SECONDS + 0.001);
  });

  test("bears as many messages as ever", () => {
    const pace = new MessageRateLimiter();
    expect(pace.acquire(TEST_TIME * 1000)).toBe(true);
    expect(pace.acquire(EARLIER * 1000)).toBe(true);
  });
});

describe("what ends after a while, after the clock was set back", () => {
  test("a ticket is good for no longer than a ticket", async () => {
    const office = env.TICKET_OFFICE.getByName("set-back");
    await office.issue("digest", "holder");
    setClock(EARLIER);
    expect(await office.redeem("digest")).toBeNull();
    await office.issue("another", "holder");
    expect(await office.redeem("another")).toBe("holder");
  });

  test("a holder of sockets that is gone is forgotten", async () => {
    const directory = env.STREAM_DIRECTORY.getByName("set-back");
    await directory.add({ kind: "hub", name: "gone" });
    setClock(EARLIER);
    await directory.add({ kind: "hub", name: "here" });
    setClock(EARLIER + 200);
    await directory.add({ kind: "hub", name: "here" });
    expect((await directory.list()).map(({ name }) => name)).toEqual(["here"]);
  });
});
