import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Gate } from "../../durable-objects/provider-gate/gate.ts";
import { failure, isFailure, type Listing, type Provider } from "../../providers/provider.ts";
import {
  createFakeProvider,
  type FakeProvider,
  failing,
  inMemoryGateMemory,
  listingOf,
  listings,
} from "./provider-gate-upstream.ts";

const START = Date.parse("2026-11-24T12:00:00Z");

beforeEach(() => {
  vi.useFakeTimers({ now: START });
});
afterEach(() => {
  vi.useRealTimers();
});

const sleep = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000);
const pause = (seconds: number) => new Promise<void>((resolve) => setTimeout(resolve, seconds * 1000));

/** A gate in a world whose clock the test moves, and whose jitter is always half of the most. */
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

/** Awaits a promise while the clock runs. */
async function within<T>(seconds: number, promise: Promise<T>): Promise<T> {
  const [value] = await Promise.all([promise, sleep(seconds)]);
  return value;
}

async function quoteOf(gate: Gate, listing: Listing) {
  const answers = await gate.quotes([listing], "user");
  const answer = answers.get(listing.instrument.symbol);
  if (!answer) throw new Error("no answer");
  return answer;
}

const ask = (gate: Gate, listing = listingOf("BTC/USDT"), seconds = 0.1) => within(seconds, quoteOf(gate, listing));

/** Answers badly, whatever it is asked for, until the breaker of quotes opens. */
async function openBreaker(gate: Gate, upstream: FakeProvider): Promise<void> {
  upstream.behave(failing("bad_answer"));
  for (const listing of listings(5, "BAD")) await ask(gate, listing);
}

describe("merging", () => {
  it("answers 1,000 requests that stand in the gate with the fewest calls, each symbol asked once", async () => {
    const upstream = createFakeProvider({ batchSize: 20 });
    const gate = gateBefore(upstream.provider);
    const symbols = listings(100);
    const requests = Array.from({ length: 1_000 }, (_, i) => quoteOf(gate, symbols[i % 100]));
    const answers = await within(1, Promise.all(requests));
    expect(answers.filter(isFailure)).toEqual([]);
    expect(upstream.calls).toHaveLength(5);
    expect(new Set(upstream.calls.flat()).size).toBe(100);
    expect(upstream.calls.flat()).toHaveLength(100);
  });

  it("merges what comes within 15 ms and gathers newcomers while the call is in flight", async () => {
    const upstream = createFakeProvider();
    upstream.behave(() => pause(0.3).then(() => null));
    const gate = gateBefore(upstream.provider);
    const all: Promise<unknown>[] = [quoteOf(gate, listingOf("A/USDT"))];
    await sleep(0.01);
    all.push(quoteOf(gate, listingOf("B/USDT")));
    await sleep(0.02);
    for (const symbol of ["C/USDT", "D/USDT", "A/USDT"]) {
      all.push(quoteOf(gate, listingOf(symbol)));
      await sleep(0.05);
    }
    await within(1, Promise.all(all));
    expect(upstream.calls).toEqual([
      ["A/USDT", "B/USDT"],
      ["C/USDT", "D/USDT"],
    ]);
  });

  it("answers who comes within a second of an answer with the same one, and asks again after that", async () => {
    const upstream = createFakeProvider();
    const gate = gateBefore(upstream.provider);
    const first = await ask(gate);
    await sleep(0.5);
    expect(await ask(gate)).toBe(first);
    await sleep(1);
    await ask(gate);
    expect(upstream.calls).toHaveLength(2);
  });

  it("shares candle requests in flight for the same series and range", async () => {
    const upstream = createFakeProvider();
    upstream.behave(() => pause(0.2).then(() => null));
    const gate = gateBefore(upstream.provider);
    const request = { listing: listingOf("BTC/USDT"), interval: "1m", from: 0, to: 600 } as const;
    const same = Array.from({ length: 50 }, () => gate.candles(request, "user"));
    const other = gate.candles({ ...request, to: 1_200 }, "background");
    const answers = await within(1, Promise.all([...same, other]));
    expect(answers.filter(isFailure)).toEqual([]);
    expect(upstream.calls).toHaveLength(2);
  });

  it("fails only the symbol that the upstream does not know", async () => {
    const upstream = createFakeProvider();
    const { provider } = upstream;
    const known = provider.quotes;
    provider.quotes = async (asked, context) => (await known(asked, context)).set("B/USDT", failure("unknown_symbol"));
    const gate = gateBefore(provider);
    const answers = await within(0.1, gate.quotes(["A/USDT", "B/USDT"].map(listingOf), "user"));
    expect(answers.get("B/USDT")).toEqual(failure("unknown_symbol"));
    expect(answers.get("A/USDT")).toMatchObject({ price: 100 });
  });
});

describe("the budget", () => {
  it("is refused at once, with the time to come back, where it is spent", async () => {
    const upstream = createFakeProvider({ batchSize: 1, budget: { perMinute: 4 } });
    const gate = gateBefore(upstream.provider);
    await within(1, gate.quotes(listings(4), "user"));
    const refused = await quoteOf(gate, listingOf("LATE/USDT"));
    expect(refused).toMatchObject({ kind: "failure", reason: "throttled" });
    if (isFailure(refused)) expect(refused.retryAfter).toBeGreaterThanOrEqual(58);
    expect(upstream.calls).toHaveLength(4);
    await sleep(62);
    expect(isFailure(await ask(gate))).toBe(false);
  });

  it("says that the quota is spent where it is the day's, until 00:00 UTC", async () => {
    const upstream = createFakeProvider({ batchSize: 1, budget: { perDay: 2 } });
    const gate = gateBefore(upstream.provider);
    await within(0, gate.quotes(listings(2), "user"));
    expect(await quoteOf(gate, listingOf("LATE/USDT"))).toEqual(failure("quota_spent", 12 * 3_600));
  });

  it("keeps a share for users", async () => {
    const upstream = createFakeProvider({ batchSize: 1, budget: { perMinute: 8 } });
    const gate = gateBefore(upstream.provider);
    const background = await within(1, gate.quotes(listings(8), "background"));
    expect([...background.values()].filter(isFailure)).toHaveLength(2);
    const users = await within(1, gate.quotes(listings(3, "U"), "user"));
    expect([...users.values()].filter(isFailure)).toHaveLength(1);
  });

  it("paces calls by the second's budget and refuses what would wait for more than a few seconds", async () => {
    const upstream = createFakeProvider({ batchSize: 1, budget: { perSecond: 1 } });
    const gate = gateBefore(upstream.provider);
    const answers = await within(20, gate.quotes(listings(40), "user"));
    const refused = [...answers.values()].filter(isFailure);
    expect(refused.length).toBeGreaterThanOrEqual(30);
    expect(refused.every(({ reason }) => reason === "throttled")).toBe(true);
    expect(upstream.calls.length).toBe(40 - refused.length);
    const gaps = upstream.times.slice(1).map((time, i) => time - upstream.times[i]);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1);
  });

  it("does not refuse users for the background work that waits", async () => {
    const upstream = createFakeProvider({ batchSize: 1, budget: { perSecond: 1 } });
    const gate = gateBefore(upstream.provider);
    const background = gate.quotes(listings(40), "background");
    const user = quoteOf(gate, listingOf("U/USDT"));
    expect(isFailure(await within(20, user))).toBe(false);
    await background;
    expect(upstream.calls.flat().indexOf("U/USDT")).toBeLessThan(4);
  });

  it("counts every request of a call", async () => {
    const upstream = createFakeProvider({ budget: { perMinute: 3 } });
    const { provider } = upstream;
    const once = provider.quotes;
    provider.quotes = async (asked, context) => {
      await once(asked, context);
      return once(asked, context);
    };
    const gate = gateBefore(provider);
    expect(isFailure(await ask(gate))).toBe(false);
    await sleep(2);
    expect(await ask(gate)).toMatchObject({ kind: "failure", reason: "throttled" });
    expect(upstream.calls).toHaveLength(3);
  });
});

describe("time-outs and retries", () => {
  it("stops trying on quotes after 3 s and on candles after 10 s, each repeated once in what time is left", async () => {
    const upstream = createFakeProvider();
    upstream.behave(() => new Promise(() => {}));
    const gate = gateBefore(upstream.provider);
    let seconds = 0;
    const asked = quoteOf(gate, listingOf("BTC/USDT")).then((answer) => {
      seconds = (Date.now() - START) / 1000;
      return answer;
    });
    expect(await within(7, asked)).toEqual(failure("timeout"));
    expect(seconds).toBeGreaterThan(5.9);
    expect(seconds).toBeLessThan(6.1);
    expect(upstream.calls).toHaveLength(2);
    const request = { listing: listingOf("BTC/USDT"), interval: "1m", from: 0, to: 600 } as const;
    expect(await within(21, gate.candles(request, "user"))).toEqual(failure("timeout"));
    expect(upstream.calls).toHaveLength(4);
  });

  it("repeats a read twice after the upstream's fault, and returns what came in the end", async () => {
    const upstream = createFakeProvider();
    upstream.behave((_, call) => (call < 3 ? failure("server_error") : null));
    const gate = gateBefore(upstream.provider);
    expect(isFailure(await ask(gate, listingOf("BTC/USDT"), 1))).toBe(false);
    expect(upstream.calls).toHaveLength(3);
    // Half of the most: 0.1 s and then 0.2 s.
    expect(upstream.times.slice(1).map((time, i) => Math.round((time - upstream.times[i]) * 10) / 10)).toEqual([
      0.1, 0.2,
    ]);
  });

  it.each(["bad_answer", "unknown_symbol", "bad_call", "premium_only"] as const)(
    "asks once where the answer is %s",
    async (reason) => {
      const upstream = createFakeProvider();
      upstream.behave(failing(reason));
      expect(await ask(gateBefore(upstream.provider), listingOf("BTC/USDT"), 1)).toMatchObject({ reason });
      expect(upstream.calls).toHaveLength(1);
    },
  );

  it("answers everyone if the provider's own code throws, without the text of its error", async () => {
    const { provider } = createFakeProvider();
    provider.quotes = async () => {
      throw new Error("apikey=secret");
    };
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    expect(await ask(gateBefore(provider))).toEqual(failure("bad_answer"));
    expect(JSON.stringify(log.mock.calls)).not.toContain("secret");
    log.mockRestore();
  });
});

describe("what the upstream refuses", () => {
  it("makes no call before Retry-After", async () => {
    const upstream = createFakeProvider();
    upstream.behave(failing("throttled", 20));
    const gate = gateBefore(upstream.provider);
    expect(await ask(gate)).toEqual(failure("throttled", 20));
    upstream.behave(() => null);
    await sleep(10);
    expect(await quoteOf(gate, listingOf("BTC/USDT"))).toMatchObject({ reason: "throttled", retryAfter: 10 });
    expect(upstream.calls).toHaveLength(1);
    await sleep(10.1);
    expect(isFailure(await ask(gate))).toBe(false);
  });

  it("backs off for longer each time where throttling comes without Retry-After", async () => {
    const upstream = createFakeProvider();
    upstream.behave(failing("throttled"));
    const gate = gateBefore(upstream.provider);
    const pauses: number[] = [];
    for (let i = 0; i < 7; i++) {
      await ask(gate);
      const refused = await quoteOf(gate, listingOf("BTC/USDT"));
      if (!isFailure(refused)) throw new Error("not refused");
      pauses.push(refused.retryAfter ?? 0);
      await sleep(refused.retryAfter ?? 0);
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 30, 30]);
  });

  it("obeys Retry-After of a server error for that family alone", async () => {
    const upstream = createFakeProvider();
    upstream.behave(failing("server_error", 30));
    const gate = gateBefore(upstream.provider);
    await ask(gate, listingOf("BTC/USDT"), 2);
    expect(upstream.calls).toHaveLength(1);
    upstream.behave(() => null);
    expect(await ask(gate)).toMatchObject({ reason: "server_error" });
    const request = { listing: listingOf("BTC/USDT"), interval: "1m", from: 0, to: 600 } as const;
    expect(isFailure(await gate.candles(request, "user"))).toBe(false);
  });

  it("blocks all families where the key is bad or the quota spent, without tripping a breaker", async () => {
    const upstream = createFakeProvider();
    const memory = inMemoryGateMemory();
    const gate = gateBefore(upstream.provider, memory);
    upstream.behave(failing("bad_key"));
    await ask(gate);
    const request = { listing: listingOf("BTC/USDT"), interval: "1m", from: 0, to: 600 } as const;
    expect(await gate.candles(request, "user")).toEqual(failure("bad_key", 900));
    await sleep(900);
    upstream.behave(failing("quota_spent"));
    await ask(gate);
    expect(await gate.search("apple", "user")).toMatchObject({ reason: "quota_spent", retryAfter: 3_600 });
    expect(upstream.calls).toHaveLength(2);
    expect(memory.group("quotes").breaker.state).toBe("closed");
  });

  it("blocks what is premium only, not the rest of the family", async () => {
    const upstream = createFakeProvider();
    upstream.behave((symbols) => (symbols[0].startsWith("JSE:") ? failure("premium_only") : null));
    const gate = gateBefore(upstream.provider);
    await ask(gate, listingOf("JSE:NPN"));
    expect(await ask(gate, listingOf("JSE:SOL"))).toMatchObject({ reason: "premium_only" });
    expect(isFailure(await ask(gate, listingOf("BTC/USDT")))).toBe(false);
    expect(upstream.calls).toHaveLength(2);
  });
});

describe("the breaker before the upstream", () => {
  it("refuses at once while it is open, for its family alone", async () => {
    const upstream = createFakeProvider();
    const gate = gateBefore(upstream.provider);
    await openBreaker(gate, upstream);
    upstream.behave(() => null);
    expect(await quoteOf(gate, listingOf("BTC/USDT"))).toEqual(failure("bad_answer", 1));
    expect(upstream.calls).toHaveLength(5);
    expect(await gate.search("bitcoin", "user")).toEqual([]);
  });

  it("sends one probe, makes the others wait for its outcome, and then merges them: no herd", async () => {
    const upstream = createFakeProvider({ batchSize: 20 });
    const gate = gateBefore(upstream.provider);
    await openBreaker(gate, upstream);
    upstream.behave(() => pause(0.5).then(() => null));
    await sleep(1);
    const requests = Array.from({ length: 500 }, (_, i) => quoteOf(gate, listings(100)[i % 100]));
    await sleep(0.4);
    expect(upstream.calls).toHaveLength(6);
    const answers = await within(3, Promise.all(requests));
    expect(answers.filter(isFailure)).toEqual([]);
    expect(upstream.calls).toHaveLength(5 + 5);
  });

  it("opens for longer if the probe fails, and everyone who waited learns of it", async () => {
    const upstream = createFakeProvider({ batchSize: 20 });
    const gate = gateBefore(upstream.provider);
    await openBreaker(gate, upstream);
    upstream.behave(failing("unreachable"));
    await sleep(1);
    const answers = await within(1, gate.quotes(listings(100), "user"));
    expect([...answers.values()].every(isFailure)).toBe(true);
    expect(upstream.calls).toHaveLength(6);
    expect(await quoteOf(gate, listingOf("BTC/USDT"))).toMatchObject({ reason: "unreachable", retryAfter: 1 });
    await sleep(1.1);
    upstream.behave(() => null);
    expect(isFailure(await ask(gate))).toBe(false);
  });

  it("closes by hand", async () => {
    const upstream = createFakeProvider();
    const gate = gateBefore(upstream.provider);
    await openBreaker(gate, upstream);
    upstream.behave(() => null);
    gate.reset("quotes");
    expect(isFailure(await ask(gate))).toBe(false);
  });
});

describe("after the clock was set back", () => {
  const setBack = () => vi.setSystemTime(Date.now() - 5 * 3_600_000);

  it("lets the breaker's probe go, and closes when it succeeds", async () => {
    const upstream = createFakeProvider();
    const gate = gateBefore(upstream.provider);
    await openBreaker(gate, upstream);
    upstream.behave(() => null);
    setBack();
    expect(isFailure(await ask(gate))).toBe(false);
  });

  it("holds a refusal for as long as the upstream said, and no longer", async () => {
    const upstream = createFakeProvider();
    const gate = gateBefore(upstream.provider);
    upstream.behave(failing("throttled", 120));
    await ask(gate);
    upstream.behave(() => null);
    setBack();
    expect(await ask(gate)).toEqual(failure("throttled", 120));
    await sleep(121);
    expect(isFailure(await ask(gate))).toBe(false);
  });

  it("holds a refusal that an earlier version kept for a day at most", async () => {
    const memory = inMemoryGateMemory();
    const until = Date.now() / 1000 + 5 * 86_400;
    memory.saveCooldowns({ all: { reason: "bad_key", until, streak: 0 } });
    const gate = gateBefore(createFakeProvider().provider, memory);
    expect(await ask(gate)).toEqual(failure("bad_key", 86_400));
    await sleep(86_401);
    expect(isFailure(await ask(gate))).toBe(false);
  });

  it("asks again, and does not answer with what it was given then", async () => {
    const upstream = createFakeProvider();
    const gate = gateBefore(upstream.provider);
    await ask(gate);
    setBack();
    expect(isFailure(await ask(gate))).toBe(false);
    expect(upstream.calls).toHaveLength(2);
  });

  it("has its minute's budget again a minute later", async () => {
    const upstream = createFakeProvider({ budget: { perMinute: 4 } });
    const gate = gateBefore(upstream.provider);
    for (const { instrument } of listings(4)) await ask(gate, listingOf(instrument.symbol));
    setBack();
    expect(isFailure(await ask(gate))).toBe(true);
    await sleep(64);
    expect(isFailure(await ask(gate))).toBe(false);
  });
});
