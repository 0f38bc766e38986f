import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Instrument } from "../../contracts/symbol.ts";
import type { ProviderGate } from "../../durable-objects/provider-gate/provider-gate.ts";
import { failure, isFailure } from "../../providers/provider.ts";
import { injectBinding, injectProvider } from "./bindings.ts";
import { goLive } from "./live-upstream.ts";
import { createFakeProvider, type FakeProvider, failing, listingOf, listings } from "./provider-gate-upstream.ts";

type Stub = DurableObjectStub<ProviderGate>;

const BTC = listingOf("BTC/USDT");

beforeEach(() => {
  vi.spyOn(globalThis, "fetch").mockImplementation(async () => new Response());
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const name of ["binance", "coingecko", "jse"]) {
    const gate = env.PROVIDER_GATE.getByName(name);
    await runInDurableObject(gate, (_, state) => state.storage.deleteAlarm());
  }
});

/** Puts a pretended upstream behind the gate of its name. Memory is lost with an eviction, and this with it. */
async function connect({ provider }: FakeProvider): Promise<Stub> {
  const stub = env.PROVIDER_GATE.getByName(provider.name);
  await runInDurableObject(stub, (gate: ProviderGate) => {
    injectProvider(gate, provider);
  });
  return stub;
}

/** A gate that no client has used yet. */
async function freshGate(upstream: FakeProvider): Promise<Stub> {
  const stub = env.PROVIDER_GATE.getByName(upstream.provider.name);
  await runInDurableObject(stub, (_, state) => {
    state.storage.sql.exec("delete from states");
    state.storage.sql.exec("delete from watches");
  });
  await evictDurableObject(stub);
  return connect(upstream);
}

const alarmOf = (stub: Stub) => runInDurableObject(stub, (_, state) => state.storage.getAlarm());

/** Lets polled quotes end here instead of in rooms. */
async function collectDeliveries(stub: Stub): Promise<string[]> {
  const delivered: string[] = [];
  await runInDurableObject(stub, (gate: ProviderGate) => {
    injectBinding(gate, "SYMBOL_ROOM", (symbol) => ({ ingest: async () => void delivered.push(symbol) }));
  });
  return delivered;
}

describe("the gate as rooms see it", () => {
  it("merges what 1,000 callers ask about 100 symbols into at most two calls more than the fewest", async () => {
    const upstream = createFakeProvider({ batchSize: 20 });
    // Longer than it takes the callers to arrive, however busy the machine: a caller that comes meanwhile shares the answer.
    upstream.behave(() => scheduler.wait(1_500).then(() => null));
    const gate = await freshGate(upstream);
    const symbols = listings(100);
    const replies = await Promise.all(
      Array.from({ length: 1_000 }, (_, i) => gate.quotes([symbols[i % 100]], i % 2 === 0 ? "user" : "background")),
    );
    const answers = replies.flatMap((reply) => [...reply.values()]);
    expect(answers).toHaveLength(1_000);
    expect(answers.filter(isFailure)).toEqual([]);
    expect(new Set(upstream.calls.flat()).size).toBe(100);
    expect(upstream.calls.flat()).toHaveLength(100);
    expect(upstream.calls.length).toBeLessThanOrEqual(7);
  });

  it("returns candles as columns", async () => {
    const gate = await freshGate(createFakeProvider());
    const reply = await gate.candles({ listing: BTC, interval: "1m", from: 0, to: 60 }, "user");
    expect(reply).toMatchObject({ kind: "candles", interval: "1m", candles: { length: 1 } });
  });

  it("answers not_configured where the provider is disabled, and says why in its status", async () => {
    const stub = env.PROVIDER_GATE.getByName("jse");
    await runInDurableObject(stub, (gate: ProviderGate) => {
      injectProvider(gate, { disabled: "JSE_API_KEY is not set" });
    });
    expect(await stub.quotes([BTC], "user")).toEqual(new Map([["BTC/USDT", failure("not_configured")]]));
    expect(await stub.watch(BTC)).toEqual(failure("not_configured"));
    expect(await stub.status()).toMatchObject({ provider: "jse", disabled: "JSE_API_KEY is not set", budget: [] });
  });
});

describe("what outlives the gate's memory", () => {
  it("is the budget that was spent", async () => {
    const upstream = createFakeProvider({ batchSize: 1, budget: { perDay: 3 } });
    const gate = await freshGate(upstream);
    await gate.quotes(listings(3), "user");
    await evictDurableObject(gate);
    const again = await connect(upstream);
    expect((await again.quotes([BTC], "user")).get("BTC/USDT")).toMatchObject({ reason: "quota_spent" });
    expect((await again.status()).budget).toEqual([{ span: "day", limit: 3, left: 0, leftForBackground: 0 }]);
    expect(upstream.calls).toHaveLength(3);
  });

  it("is an open breaker, until it is reset", async () => {
    const upstream = createFakeProvider();
    upstream.behave(failing("bad_answer"));
    const gate = await freshGate(upstream);
    for (const listing of listings(5)) await gate.candles({ listing, interval: "1m", from: 0, to: 60 }, "user");
    await evictDurableObject(gate);
    const again = await connect(upstream);
    const { families } = await again.status();
    expect(families.candles).toMatchObject({ breaker: "open", lastFailureReason: "bad_answer" });
    expect(families.candles.retryAt).not.toBeNull();
    expect(families.quotes.breaker).toBe("closed");
    const reset = await again.resetBreaker("candles");
    expect(reset.families.candles).toMatchObject({ breaker: "closed", retryAt: null });
  });

  it("is what the upstream has refused", async () => {
    const upstream = createFakeProvider();
    upstream.behave(failing("throttled", 600));
    const gate = await freshGate(upstream);
    await gate.quotes([BTC], "user");
    await evictDurableObject(gate);
    const again = await connect(upstream);
    expect((await again.status()).blocked).toMatchObject([{ scope: "all", reason: "throttled" }]);
    await again.quotes([BTC], "user");
    expect(upstream.calls).toHaveLength(1);
  });
});

describe("polling", () => {
  it("asks for what rooms watch, delivers it, and sets the next poll at the provider's pace", async () => {
    const upstream = createFakeProvider();
    const gate = await freshGate(upstream);
    const delivered = await collectDeliveries(gate);
    for (const listing of listings(3))
      expect(await gate.watch(listing)).toMatchObject({ kind: "watching", failing: null });
    expect(await runDurableObjectAlarm(gate)).toBe(true);
    expect(upstream.calls).toHaveLength(1);
    expect(delivered.toSorted()).toEqual(["S0/USDT", "S1/USDT", "S2/USDT"]);
    // Binance's prices are stale after a minute, so they are asked for every two seconds.
    const wait = ((await alarmOf(gate)) ?? 0) - Date.now();
    expect(wait).toBeGreaterThan(1_000);
    expect(wait).toBeLessThanOrEqual(2_000);
  });

  it("stops with the last watcher, and goes on for others", async () => {
    const gate = await freshGate(createFakeProvider());
    await collectDeliveries(gate);
    await gate.watch(listingOf("A/USDT"));
    await gate.watch(listingOf("B/USDT"));
    await gate.unwatch("A/USDT");
    expect(await alarmOf(gate)).not.toBeNull();
    expect((await gate.status()).watched).toBe(1);
    await gate.unwatch("B/USDT");
    expect(await alarmOf(gate)).toBeNull();
  });

  it("goes on after its alarm was lost, once the check of alarms finds it", async () => {
    const gate = await freshGate(createFakeProvider());
    await collectDeliveries(gate);
    await gate.checkAlarm();
    expect(await alarmOf(gate)).toBeNull();
    await gate.watch(BTC);
    await runInDurableObject(gate, (_, state) => state.storage.deleteAlarm());
    await gate.checkAlarm();
    expect(await alarmOf(gate)).not.toBeNull();
  });

  it("stops within a minute where a room never says good-bye", async () => {
    const upstream = createFakeProvider();
    const gate = await freshGate(upstream);
    const delivered = await collectDeliveries(gate);
    const reply = await gate.watch(BTC);
    if (reply.kind !== "watching") throw new Error("not watching");
    expect(reply.until - Date.now() / 1000).toBeLessThan(60);
    await runInDurableObject(gate, (_, state) => state.storage.sql.exec("update watches set until = 1"));
    await evictDurableObject(gate);
    await connect(upstream);
    await runDurableObjectAlarm(gate);
    expect(delivered).toEqual([]);
    expect(upstream.calls).toEqual([]);
    expect(await alarmOf(gate)).toBeNull();
  });

  it("goes on after an eviction with the leases that still run", async () => {
    const upstream = createFakeProvider();
    const before = await freshGate(upstream);
    await before.watch(BTC);
    await evictDurableObject(before);
    const gate = await connect(upstream);
    const delivered = await collectDeliveries(gate);
    await runDurableObjectAlarm(gate);
    expect(delivered).toEqual(["BTC/USDT"]);
  });

  it("polls on after the clock was set back, and for no longer than a lease where a room does not renew", async () => {
    const { now } = Date;
    // Ahead of the platform's own clock, so that no alarm rings by itself.
    let offset = 5 * 3_600_000;
    vi.spyOn(Date, "now").mockImplementation(() => now.call(Date) + offset);
    const upstream = createFakeProvider({ budget: { perMinute: 600, perSecond: 20 } });
    const gate = await freshGate(upstream);
    const delivered = await collectDeliveries(gate);
    await gate.watch(BTC);
    await runDurableObjectAlarm(gate);
    offset = 0;
    await runDurableObjectAlarm(gate);
    expect(delivered).toEqual(["BTC/USDT", "BTC/USDT"]);
    expect(upstream.calls).toHaveLength(2);
    expect(((await alarmOf(gate)) ?? 0) - Date.now()).toBeLessThan(60_000);
    offset = 51_000;
    await runDurableObjectAlarm(gate);
    expect((await gate.status()).watched).toBe(0);
  });

  it("reports to the room at its renewal why the last poll failed", async () => {
    const upstream = createFakeProvider();
    upstream.behave(failing("unknown_symbol"));
    const gate = await freshGate(upstream);
    await gate.watch(BTC);
    await runDurableObjectAlarm(gate);
    expect(await gate.watch(BTC)).toMatchObject({ kind: "watching", failing: failure("unknown_symbol") });
  });

  it("waits as long as the upstream says before it polls again", async () => {
    const upstream = createFakeProvider();
    upstream.behave(failing("throttled", 120));
    const gate = await freshGate(upstream);
    await gate.watch(BTC);
    await runDurableObjectAlarm(gate);
    const wait = ((await alarmOf(gate)) ?? 0) - Date.now();
    expect(wait).toBeGreaterThan(110_000);
  });

  it("goes on polling where a room does not take its quote", async () => {
    const gate = await freshGate(createFakeProvider());
    await runInDurableObject(gate, (instance: ProviderGate) => {
      const ingest = async () => {
        throw new Error("overloaded");
      };
      injectBinding(instance, "SYMBOL_ROOM", () => ({ ingest }));
    });
    vi.spyOn(console, "log").mockImplementation(() => {});
    await gate.watch(BTC);
    await runDurableObjectAlarm(gate);
    expect(await alarmOf(gate)).not.toBeNull();
  });

  it("brings quotes to their symbol's room", async () => {
    // The tests' Worker is in demo mode, in which no symbol listens to real providers.
    await goLive("BTC/USDT");
    const instrument: Instrument = { ...BTC.instrument, data_sources: ["import", "binance"] };
    const gate = await freshGate(createFakeProvider());
    await gate.watch({ ...BTC, instrument });
    await runDurableObjectAlarm(gate);
    const room = env.SYMBOL_ROOM.getByName("BTC/USDT");
    const { lastQuoteAt } = await room.availability(instrument);
    expect(Date.now() - Date.parse(lastQuoteAt ?? "")).toBeLessThan(10_000);
  });
});

describe("status", () => {
  it("counts calls and what is left, without a word of the upstream's", async () => {
    const upstream = createFakeProvider({ budget: { perMinute: 10 } });
    const gate = await freshGate(upstream);
    await gate.quotes(listings(3), "user");
    const status = await gate.status();
    expect(status).toMatchObject({
      provider: "binance",
      disabled: null,
      callsLastMinute: 1,
      inFlight: 0,
      waiting: 0,
      watched: 0,
      blocked: [],
      budget: [{ span: "minute", limit: 10, left: 9, leftForBackground: 7 }],
    });
    expect(status.families.quotes.lastSuccessAt).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
    expect(status.families.quotes.lastFailureAt).toBeNull();
  });
});

describe("rest", () => {
  it("leaves the object free to leave memory ten seconds after its last call", async () => {
    const gate = await freshGate(createFakeProvider({ name: "coingecko" }));
    await gate.quotes([BTC], "user");
    const marks = new WeakSet<ProviderGate>();
    await runInDurableObject(gate, (instance: ProviderGate) => {
      marks.add(instance);
    });
    await new Promise((resolve) => setTimeout(resolve, 13_000));
    expect(await runInDurableObject(gate, (instance: ProviderGate) => marks.has(instance))).toBe(false);
  });
});
