import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { ProviderQuote } from "../../contracts/quote.ts";
import { FORGET_SIMULATION } from "../../durable-objects/symbol-room/schema.ts";
import { simulatedQuote } from "../../providers/simulator/simulator.ts";
import { advanceTo, createFakeHub, QUOTES_INTEREST, roomOf, setClock, simulated, TEST_TIME } from "./live-room.ts";

beforeEach(() => setClock(TEST_TIME));
afterEach(() => {
  vi.useRealTimers();
});

/** Takes the step that a room of an older version takes at its start. */
async function bringUpToDate(symbol: string): Promise<void> {
  await runInDurableObject(roomOf(symbol), (_, { storage }) => void storage.sql.exec(FORGET_SIMULATION));
  await evictDurableObject(roomOf(symbol));
}

describe("a room that kept what an older simulator said", () => {
  test("shows none of it as the latest: a reader gets the price of now, and numbers go on", async () => {
    const of = simulated("LTC/USDT");
    await createFakeHub(of.symbol);
    await roomOf(of.symbol).renewLease(of, "hub-1", QUOTES_INTEREST);
    await advanceTo(of.symbol, TEST_TIME + 10);
    await runInDurableObject(roomOf(of.symbol), (_, { storage }) => {
      storage.sql.exec(`update quote set body = replace(body, '"price":', '"price":9')`);
    });
    const seen = await roomOf(of.symbol).replayQuotes(of, null);
    await bringUpToDate(of.symbol);
    await createFakeHub(of.symbol);

    const price = simulatedQuote(of, TEST_TIME + 10)?.price;
    const reply = await roomOf(of.symbol).quote(of, null);
    expect(reply).toMatchObject({ kind: "quote", quote: { price, epoch: seen.position.epoch, seq: 11 } });
    const next = await roomOf(of.symbol).replayQuotes(of, { ...seen.position, seq: 10 });
    expect(next).toMatchObject({ recovered: true });
    expect(next.missed).toHaveLength(1);
  });

  test("sends a subscriber that comes back all that was published since its position", async () => {
    const of = simulated("XRP/USDT");
    await createFakeHub(of.symbol);
    await roomOf(of.symbol).renewLease(of, "hub-1", QUOTES_INTEREST);
    await advanceTo(of.symbol, TEST_TIME + 10);
    const { position } = await roomOf(of.symbol).replayQuotes(of, null);
    const since = { ...position, seq: 5 };
    const before = await roomOf(of.symbol).replayQuotes(of, since);
    await bringUpToDate(of.symbol);
    await createFakeHub(of.symbol);

    const resumed = await roomOf(of.symbol).replayQuotes(of, since);
    expect(resumed).toMatchObject({ recovered: true, position: { epoch: position.epoch } });
    expect(resumed.missed.slice(0, before.missed.length)).toEqual(before.missed);
    expect(before.missed.length).toBeGreaterThan(2);
  });

  test("keeps real prices and their events", async () => {
    const of = simulated("BNB/USDT", { data_sources: ["binance"] });
    const quote = simulatedQuote(of, TEST_TIME);
    if (!quote) throw new Error("crypto always trades");
    const real: ProviderQuote = { ...quote, provider: "binance", simulated: false };
    const room = roomOf(of.symbol);
    await runInDurableObject(room, (_, { storage }) => {
      const body = JSON.stringify({ ...real, epoch: "k3v9x2", seq: 1 });
      storage.sql.exec("insert into quote (id, body) values (1, ?)", body);
      storage.sql.exec("insert into events (slot, seq, last, at, body) values (1, 1, 1, ?, ?)", TEST_TIME, body);
    });
    await bringUpToDate(of.symbol);
    await runInDurableObject(roomOf(of.symbol), (_, { storage }) => {
      expect(storage.sql.exec("select count(*) as n from quote").one().n).toBe(1);
      expect(storage.sql.exec("select count(*) as n from events").one().n).toBe(1);
    });
  });
});
