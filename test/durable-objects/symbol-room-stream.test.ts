import { runInDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { ProviderQuote } from "../../contracts/quote.ts";
import type { Instrument } from "../../contracts/symbol.ts";
import type { ShareOwner } from "../../core/concurrency/fair-share.ts";
import { DEFAULT_INDICATORS } from "../../core/indicators/catalog.ts";
import type { Interval } from "../../core/interval.ts";
import type {
  FrameEvent,
  OwnedIndicator,
  QuotePosition,
  QuoteReplay,
  SymbolEvent,
} from "../../durable-objects/symbol-events/symbol-events.ts";
import { PushQueue } from "../../durable-objects/symbol-room/publishing/hub-leases.ts";
import { QuoteLog } from "../../durable-objects/symbol-room/quotes/quote-log.ts";
import { QuoteStore } from "../../durable-objects/symbol-room/quotes/quote-store.ts";
import { RoomState } from "../../durable-objects/symbol-room/room-state.ts";
import { simulatedQuote } from "../../providers/simulator/simulator.ts";
import {
  advanceTo,
  alarmOf,
  createFakeHub,
  evict,
  frameOf,
  NO_INTEREST,
  QUOTES_INTEREST,
  roomOf,
  setClock,
  simulated,
  TEST_TIME,
} from "./live-room.ts";

beforeEach(() => setClock(TEST_TIME));
afterEach(() => {
  vi.useRealTimers();
});

const seqsOf = (texts: readonly string[]): number[] => texts.map((text) => JSON.parse(text).seq);

async function missed(symbol: string, since: QuotePosition | null): Promise<QuoteReplay> {
  return roomOf(symbol).replayQuotes(simulated(symbol), since);
}

describe("a room that a client listens to", () => {
  test("ticks once a second, each event with the next number and a time of its own, and sleeps when all have left", async () => {
    const of = simulated("AAA/USDT");
    const hub = await createFakeHub(of.symbol);
    const lease = await roomOf(of.symbol).renewLease(of, "hub-1", QUOTES_INTEREST);
    expect(lease).toMatchObject({ position: { seq: 0 }, lastEventAt: null, exchange: "BINANCE" });
    expect(lease.until).toBeCloseTo(TEST_TIME + 90, 3);
    await advanceTo(of.symbol, TEST_TIME + 10);
    const frames = hub.events.map(frameOf);
    expect(frames.map(({ type, seq }) => [type, seq])).toEqual(
      Array.from({ length: 10 }, (_, i) => ["market_data", i + 1]),
    );
    expect(hub.events[0].text.startsWith('{"type":"market_data",')).toBe(true);
    expect(frames[3]).toMatchObject({
      ...{ symbol: of.symbol, epoch: lease.position.epoch },
      data: { seq: 4, simulated: true, freshness: "live", timestamp: "2048-11-19T15:30:24.000Z" },
    });
    await roomOf(of.symbol).renewLease(of, "hub-1", NO_INTEREST);
    expect(await alarmOf(of.symbol)).toBeNull();
  });

  test("goes on after its alarm was lost, as soon as a hub renews its lease", async () => {
    const of = simulated("LOST/USDT");
    const hub = await createFakeHub(of.symbol);
    await roomOf(of.symbol).renewLease(of, "hub-1", QUOTES_INTEREST);
    await advanceTo(of.symbol, TEST_TIME + 2);
    await runInDurableObject(roomOf(of.symbol), (_, state) => state.storage.deleteAlarm());
    setClock(TEST_TIME + 100);
    await roomOf(of.symbol).renewLease(of, "hub-1", QUOTES_INTEREST);
    await advanceTo(of.symbol, TEST_TIME + 102);
    expect(hub.events.length).toBeGreaterThan(2);
  });

  test("forgets a hub that does not renew its lease, and ticks no more", async () => {
    const of = simulated("BBB/USDT");
    const hub = await createFakeHub(of.symbol);
    await roomOf(of.symbol).renewLease(of, "hub-1", QUOTES_INTEREST);
    await advanceTo(of.symbol, TEST_TIME + 60);
    await roomOf(of.symbol).renewLease(of, "hub-1", QUOTES_INTEREST);
    await advanceTo(of.symbol, TEST_TIME + 300);
    expect(hub.events).toHaveLength(150);
    expect(await alarmOf(of.symbol)).toBeNull();
  });

  test("ticks only while its market is open", async () => {
    const of = simulated("BARO", { type: "stock", primary_exchange: "NYSE", currency: "USD", price_unit: "USD" });
    // Three seconds before the close.
    const close = Date.parse("2048-11-19T21:00:00Z") / 1000;
    setClock(close - 3);
    const hub = await createFakeHub(of.symbol);
    await roomOf(of.symbol).renewLease(of, "hub-1", QUOTES_INTEREST);
    await advanceTo(of.symbol, close + 30);
    const times = hub.events.map(frameOf).map(({ data }) => (data as ProviderQuote).timestamp);
    expect(times).toEqual(["2048-11-19T20:59:58.000Z", "2048-11-19T20:59:59.000Z", "2048-11-19T21:00:00.000Z"]);
  });

  test("never lets a symbol with imported data tick", async () => {
    const of = simulated("CCC/USDT", { data_sources: ["import"] });
    const hub = await createFakeHub(of.symbol);
    await roomOf(of.symbol).renewLease(of, "hub-1", QUOTES_INTEREST);
    await advanceTo(of.symbol, TEST_TIME + 60);
    expect(hub.events).toEqual([]);
  });

  test("refuses an indicator that there is not, by name, and delivers the rest", async () => {
    const of = simulated("DDD/USDT");
    const hub = await createFakeHub(of.symbol);
    const specs = ["rsi:0", "nonsense", "rsi:3"].map((spec) => ({ interval: "1m" as const, spec }));
    const { refused } = await roomOf(of.symbol).renewLease(of, "hub-1", { ...NO_INTEREST, indicators: specs });
    expect(refused?.map(({ spec, code }) => [spec, code])).toEqual([
      ["rsi:0", "indicator.invalid_parameters"],
      ["nonsense", "indicator.unknown"],
    ]);
    await advanceTo(of.symbol, TEST_TIME + 45);
    expect(new Set(hub.events.map((event) => frameOf(event).indicator))).toEqual(new Set(["rsi:3"]));
  });

  describe("has a number of live indicators, shared among callers", () => {
    const smas = (from: number, to: number, owner: ShareOwner): OwnedIndicator[] =>
      Array.from({ length: to - from }, (_, i) => ({ interval: "1d", spec: `sma:${from + i + 1}`, owner }));
    const defaults = (interval: Interval, owner: ShareOwner): OwnedIndicator[] =>
      DEFAULT_INDICATORS.map((name) => ({ interval, spec: name.toLowerCase(), owner }));
    const address = (n: number): ShareOwner => ({ name: `203.0.113.${n}`, hasKey: false });
    const key = (n: number): ShareOwner => ({ name: `key:${n}`, hasKey: true });
    const leaseAt = (of: Instrument) => async (hub: string, indicators: OwnedIndicator[]) => {
      const { refused } = await roomOf(of.symbol).renewLease(of, hub, { ...NO_INTEREST, indicators });
      return refused?.map(({ spec, code }) => [spec, code]);
    };

    test("of which one caller gets a part, over all hubs", async () => {
      const of = simulated("QQQ/USDT");
      await createFakeHub(of.symbol);
      const lease = leaseAt(of);
      expect(await lease("hub-1", smas(0, 30, key(1)))).toEqual([]);
      expect(await lease("hub-2", smas(30, 41, key(1)))).toEqual([["sma:41", "stream.share_exceeded"]]);
      // What another caller has already takes no slot.
      expect(await lease("hub-3", smas(30, 40, key(1)))).toEqual([]);
      expect(await lease("hub-1", [])).toEqual([]);
      expect(await lease("hub-2", smas(30, 50, key(1)))).toEqual([]);
    });

    test("of which some are kept for callers with keys and for the default ten", async () => {
      const of = simulated("RRR/USDT");
      await createFakeHub(of.symbol);
      const lease = leaseAt(of);
      expect(await lease("hub-1", [...smas(0, 40, address(1)), ...smas(40, 60, address(2))])).toEqual([]);
      expect(await lease("hub-2", smas(60, 61, address(3)))).toEqual([["sma:61", "stream.too_many_subscriptions"]]);
      expect(await lease("hub-3", smas(60, 81, key(1)))).toEqual([["sma:81", "stream.too_many_subscriptions"]]);
      expect(await lease("hub-4", [...defaults("1m", address(4)), ...defaults("1h", address(5))])).toEqual([]);
      expect((await lease("hub-5", defaults("4h", address(6))))?.map(([, code]) => code)).toEqual(
        DEFAULT_INDICATORS.map(() => "stream.too_many_subscriptions"),
      );
      // What a hub has is not taken away, though its share would be smaller now.
      expect(await lease("hub-1", smas(0, 60, address(1)))).toEqual([]);
    });
  });
});

describe("a caller that comes back", () => {
  test("gets a snapshot where he names no position, and nothing that is made up where he names one of another epoch", async () => {
    const symbol = "EEE/USDT";
    const first = await missed(symbol, null);
    expect(first).toMatchObject({ recovered: null, missed: [], position: { seq: 1 } });
    expect(JSON.parse(first.snapshot ?? "null")).toMatchObject({ symbol, seq: 1, freshness: "live" });
    const { epoch } = first.position;
    for (const since of [
      { epoch: "another", seq: 1 },
      { epoch, seq: 2 },
    ]) {
      expect(await missed(symbol, since)).toMatchObject({ recovered: false, missed: [], position: { epoch, seq: 1 } });
    }
    expect(await missed(symbol, { epoch, seq: 1 })).toMatchObject({ recovered: true, missed: [], snapshot: null });
    expect(seqsOf((await missed(symbol, { epoch, seq: 0 })).missed)).toEqual([1]);
  });

  test("gets all that he missed across an eviction, as the very texts that were pushed", async () => {
    const of = simulated("FFF/USDT");
    const hub = await createFakeHub(of.symbol);
    const { position } = await roomOf(of.symbol).renewLease(of, "hub-1", QUOTES_INTEREST);
    await advanceTo(of.symbol, TEST_TIME + 20);
    await evict(of.symbol, hub);
    await advanceTo(of.symbol, TEST_TIME + 40);
    expect(hub.events).toHaveLength(40);
    const { missed: texts } = await missed(of.symbol, { ...position, seq: 15 });
    expect(texts).toEqual(hub.events.slice(15).map(({ text }) => text));
  });

  test("gets exactly the rest from any position, or a refusal, through 10,000 events with gaps and restarts", async () => {
    const slots = 700;
    await runInDurableObject(roomOf("GGG/USDT"), (_, { storage }) => {
      const of = simulated("GGG/USDT");
      const quote = simulatedQuote(of, TEST_TIME);
      if (!quote) throw new Error("no quote");
      const facts = new RoomState(storage.sql);
      const events: FrameEvent[] = [];
      const restart = () => {
        const log = new QuoteLog(storage.sql, facts, slots);
        return { log, store: new QuoteStore(storage, facts, log) };
      };
      let { log, store } = restart();
      let price = 1;
      const check = (seq: number): void => {
        const known = log.after({ epoch: facts.epoch(), seq });
        const { seq: last } = log.position();
        const rest = events.filter((event) =>
          "fromSeq" in event ? event.fromSeq > seq : "seq" in event && event.seq > seq,
        );
        const begins =
          rest[0] && ("fromSeq" in rest[0] ? rest[0].fromSeq : "seq" in rest[0] ? rest[0].seq : Number.NaN);
        const isWhole = seq <= last && (rest.length === 0 ? seq === last : begins === seq + 1) && last - seq <= slots;
        if (isWhole && known === null) expect(last - seq).toBeGreaterThan(slots - 20);
        else if (isWhole) expect(known).toEqual(rest.map(({ text }) => text));
        else expect(known).toBeNull();
      };
      const step = fc.record({
        events: fc.integer({ min: 100, max: 160 }),
        lost: fc.integer({ min: 0, max: 9 }),
        restarts: fc.boolean(),
        back: fc.array(fc.integer({ min: -3, max: 1_000 }), { minLength: 4, maxLength: 4 }),
      });
      fc.assert(
        fc.property(fc.array(step, { minLength: 100, maxLength: 100 }), (steps) => {
          for (const each of steps) {
            for (let i = 0; i < each.events; i++) events.push(...store.accept(of, { ...quote, price: price++ }).events);
            for (const back of each.back) check(log.position().seq - back);
            for (let i = 0; i < each.lost; i++) facts.nextSeq();
            if (each.restarts) ({ log, store } = restart());
            events.splice(0, Math.max(0, events.length - 3 * slots));
          }
        }),
        { numRuns: 1, verbose: true },
      );
      expect(log.position().seq).toBeGreaterThan(10_000);
    });
  });

  test("learns the numbers whose events the room has lost", async () => {
    const of = simulated("HHH/USDT");
    const hub = await createFakeHub(of.symbol);
    const { position } = await roomOf(of.symbol).renewLease(of, "hub-1", QUOTES_INTEREST);
    await advanceTo(of.symbol, TEST_TIME + 2);
    await runInDurableObject(roomOf(of.symbol), (_, { storage }) => {
      storage.sql.exec("update facts set value = '7' where name = 'seq'");
    });
    await evict(of.symbol, hub);
    await advanceTo(of.symbol, TEST_TIME + 3);
    expect(frameOf(hub.events[2])).toMatchObject({ type: "gap", symbol: of.symbol, from_seq: 3, to_seq: 7 });
    expect(frameOf(hub.events[3])).toMatchObject({ seq: 8 });
    const { missed: texts } = await missed(of.symbol, { ...position, seq: 1 });
    expect(texts).toEqual(hub.events.slice(1).map(({ text }) => text));
  });
});

describe("a push", () => {
  test("is under way once at a time, and the next carries all that happened since", async () => {
    const of = simulated("III/USDT");
    const hub = await createFakeHub(of.symbol);
    let release: () => void = () => {};
    hub.answer = () =>
      new Promise((resolve) => {
        release = () => resolve(true);
      });
    await roomOf(of.symbol).renewLease(of, "slow", QUOTES_INTEREST);
    await advanceTo(of.symbol, TEST_TIME + 5);
    expect(hub.pushes.map((events) => events.length)).toEqual([1]);
    hub.answer = async () => true;
    release();
    await vi.waitFor(() => expect(hub.events).toHaveLength(5));
    expect(hub.pushes.map((events) => events.length)).toEqual([1, 4]);
    expect(seqsOf(hub.events.map(({ text }) => text))).toEqual([1, 2, 3, 4, 5]);
  });

  test("that fails is tried again, later each time, and loses nothing", async () => {
    const of = simulated("JJJ/USDT");
    const hub = await createFakeHub(of.symbol);
    hub.answer = async () => {
      throw new Error("the hub is restarting");
    };
    await roomOf(of.symbol).renewLease(of, "hub-1", QUOTES_INTEREST);
    await advanceTo(of.symbol, TEST_TIME + 20);
    expect(hub.pushes.length).toBeGreaterThan(3);
    expect(hub.pushes.length).toBeLessThan(8);
    hub.answer = async () => true;
    await advanceTo(of.symbol, TEST_TIME + 40);
    await vi.waitFor(() => expect(hub.events).toHaveLength(40));
    expect(seqsOf(hub.events.map(({ text }) => text))).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
  });

  test("that is refused ends the hub's leases at once", async () => {
    const of = simulated("KKK/USDT");
    const hub = await createFakeHub(of.symbol);
    hub.answer = async () => false;
    await roomOf(of.symbol).renewLease(of, "hub-1", QUOTES_INTEREST);
    await advanceTo(of.symbol, TEST_TIME + 5);
    expect(hub.pushes).toHaveLength(1);
    expect(await alarmOf(of.symbol)).toBeNull();
  });

  test("that is refused while the hub says again what it wants does not end its leases", async () => {
    const of = simulated("LLL/USDT");
    const hub = await createFakeHub(of.symbol);
    hub.answer = async () => {
      hub.answer = async () => true;
      await roomOf(of.symbol).renewLease(of, "hub-1", QUOTES_INTEREST);
      return false;
    };
    await roomOf(of.symbol).renewLease(of, "hub-1", QUOTES_INTEREST);
    await advanceTo(of.symbol, TEST_TIME + 5);
    await vi.waitFor(() => expect(hub.events.length).toBeGreaterThan(3));
  });

  test("keeps of what waits the newest state of an open bar, and drops the oldest quotes first", async () => {
    const pushed: SymbolEvent[][] = [];
    let release: (isWanted: boolean) => void = () => {};
    const line = new PushQueue(
      "hub-1",
      (events) => {
        pushed.push(events);
        return new Promise((resolve) => {
          release = resolve;
        });
      },
      { taken: () => {}, refused: () => {}, failed: () => {} },
    );
    const quote = (seq: number): SymbolEvent => ({ channel: "quotes", epoch: "e", seq, text: `${seq}` });
    const bar = (time: number, isClosed: boolean, text: string): SymbolEvent => ({
      ...{ channel: "candles", interval: "1m", time, isClosed, text, order: 0 },
    });
    line.send([quote(1)]);
    line.send([bar(0, false, "a"), bar(0, false, "b"), bar(0, true, "c"), bar(60, false, "d"), bar(60, false, "e")]);
    for (let seq = 2; seq <= 1_500; seq++) line.send([quote(seq)]);
    release(true);
    await vi.waitFor(() => expect(pushed).toHaveLength(2));
    const texts = pushed[1].map((event) => (event.channel === "epoch" ? "epoch" : event.text));
    expect(texts).toHaveLength(1_000);
    expect(texts.slice(0, 2)).toEqual(["c", "e"]);
    expect(texts.at(-1)).toBe("1500");
    expect(texts[2]).toBe("503");
  });
});
