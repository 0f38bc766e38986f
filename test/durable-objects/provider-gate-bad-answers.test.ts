import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Gate } from "../../durable-objects/provider-gate/gate.ts";
import { type FailureReason, failure, isFailure, type Provider } from "../../providers/provider.ts";
import { createFakeProvider, failing, inMemoryGateMemory, listingOf, listings } from "./provider-gate-upstream.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse("2026-11-24T12:00:00Z") });
});
afterEach(() => {
  vi.useRealTimers();
});

function gateBefore(provider: Provider, memory = inMemoryGateMemory()): Gate {
  return new Gate(provider, memory, {
    fetch: async () => new Response(),
    now: () => Date.now() / 1000,
    random: () => 0.5,
    wait: (seconds, signal) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, seconds * 1000);
        signal?.addEventListener("abort", () => clearTimeout(timer));
      }),
  });
}

const sleep = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000);

/** Awaits a promise while the clock runs. */
async function within<T>(seconds: number, promise: Promise<T>): Promise<T> {
  const [value] = await Promise.all([promise, sleep(seconds)]);
  return value;
}

const candlesOf = (gate: Gate, symbol: string, to = 600) =>
  within(0.1, gate.candles({ listing: listingOf(symbol), interval: "1m", from: 0, to }, "user"));
const quoteOf = async (gate: Gate, symbol: string) =>
  (await within(0.1, gate.quotes([listingOf(symbol)], "user"))).get(symbol) ?? failure("unsupported");

describe("bad answers about one symbol", () => {
  it.each([
    ["candles", candlesOf],
    ["quotes", quoteOf],
  ] as const)("to 50 questions for %s leave the breaker closed, and others are answered", async (group, ask) => {
    const upstream = createFakeProvider();
    const memory = inMemoryGateMemory();
    const gate = gateBefore(upstream.provider, memory);
    upstream.behave((symbols) => (symbols.includes("ODD/USDT") ? failure("bad_answer") : null));
    for (let i = 0; i < 50; i++) expect(await ask(gate, "ODD/USDT", 600 + i)).toEqual(failure("bad_answer"));
    expect(memory.group(group)).toMatchObject({ breaker: { state: "closed" }, lastFailure: { reason: "bad_answer" } });
    for (const { instrument } of listings(10)) expect(isFailure(await ask(gate, instrument.symbol))).toBe(false);
    expect(upstream.calls).toHaveLength(60);
  });

  it("keep no breaker open whose upstream works again", async () => {
    const upstream = createFakeProvider();
    const memory = inMemoryGateMemory();
    const gate = gateBefore(upstream.provider, memory);
    upstream.behave(failing("server_error"));
    for (let i = 0; i < 2; i++) await within(5, gate.candles(request("A/USDT"), "user"));
    expect(memory.group("candles").breaker.state).toBe("open");
    upstream.behave((symbols) => (symbols.includes("ODD/USDT") ? failure("bad_answer") : null));
    await sleep(60);
    for (let i = 0; i < 20; i++) await candlesOf(gate, "ODD/USDT");
    expect(isFailure(await candlesOf(gate, "A/USDT"))).toBe(false);
  });

  it("and proper answers about others in turn leave it closed", async () => {
    const upstream = createFakeProvider();
    const memory = inMemoryGateMemory();
    const gate = gateBefore(upstream.provider, memory);
    upstream.behave((symbols) => (symbols[0].startsWith("ODD") ? failure("bad_answer") : null));
    for (let i = 0; i < 20; i++) {
      for (let odd = 0; odd < 4; odd++) await candlesOf(gate, `ODD${odd}/USDT`);
      expect(isFailure(await candlesOf(gate, "A/USDT"))).toBe(false);
    }
    expect(memory.group("candles").breaker.state).toBe("closed");
  });
});

const request = (symbol: string) => ({ listing: listingOf(symbol), interval: "1m", from: 0, to: 600 }) as const;

describe("bad answers about every symbol", () => {
  it("open the breaker with the fifth symbol, for its family alone", async () => {
    const upstream = createFakeProvider();
    const memory = inMemoryGateMemory();
    const gate = gateBefore(upstream.provider, memory);
    upstream.behave(failing("bad_answer"));
    for (const { instrument } of listings(5)) await candlesOf(gate, instrument.symbol);
    expect(memory.group("candles").breaker.state).toBe("open");
    expect(await gate.candles(request("LATE/USDT"), "user")).toEqual(failure("bad_answer", 1));
    expect(upstream.calls).toHaveLength(5);
    upstream.behave(() => null);
    expect(isFailure(await quoteOf(gate, "LATE/USDT"))).toBe(false);
  });

  it("open it for longer each time, and the first proper answer ends that", async () => {
    const upstream = createFakeProvider();
    const memory = inMemoryGateMemory();
    const gate = gateBefore(upstream.provider, memory);
    upstream.behave(failing("bad_answer"));
    const pauses: number[] = [];
    for (let i = 0; i < 3; i++) {
      for (const { instrument } of listings(5)) await candlesOf(gate, instrument.symbol);
      const refused = await gate.candles(request("LATE/USDT"), "user");
      if (!isFailure(refused)) throw new Error("not refused");
      pauses.push(refused.retryAfter ?? 0);
      await sleep(refused.retryAfter ?? 0);
    }
    expect(pauses).toEqual([1, 2, 4]);
    upstream.behave(() => null);
    expect(isFailure(await candlesOf(gate, "A/USDT"))).toBe(false);
    expect(memory.group("candles").breaker.state).toBe("closed");
  });

  it("are noticed in batches of the same symbols too", async () => {
    const upstream = createFakeProvider();
    const memory = inMemoryGateMemory();
    const gate = gateBefore(upstream.provider, memory);
    upstream.behave(failing("bad_answer"));
    for (let i = 0; i < 5; i++) await within(0.1, gate.quotes(listings(8), "background"));
    expect(memory.group("quotes").breaker.state).toBe("open");
    expect(upstream.calls).toHaveLength(5);
  });
});

describe("what is wrong with one question", () => {
  it.each<FailureReason>(["unsupported", "unknown_symbol", "bad_call", "demo_key", "bad_answer"])(
    "holds nothing back for others, though a wait comes with it: %s",
    async (reason) => {
      const upstream = createFakeProvider();
      const memory = inMemoryGateMemory();
      const gate = gateBefore(upstream.provider, memory);
      upstream.behave((symbols) => (symbols[0] === "ODD/USDT" ? failure(reason, 300) : null));
      for (let i = 0; i < 20; i++) await candlesOf(gate, "ODD/USDT");
      expect(memory.cooldowns).toEqual({});
      expect(isFailure(await candlesOf(gate, "A/USDT"))).toBe(false);
    },
  );
});
