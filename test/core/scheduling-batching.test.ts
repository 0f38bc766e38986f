import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  afterArrival,
  type BatchWindow,
  closesAt,
  NEW_WINDOW,
  type PendingSymbol,
  planDispatch,
} from "../../core/scheduling/batching.ts";
import type { Priority } from "../../core/scheduling/token-bucket.ts";

const IDLE = { batchSize: 10, lanes: 3, inFlight: [] };

const pending = (count: number, since = 0, priority: Priority = "user"): PendingSymbol[] =>
  Array.from({ length: count }, (_, i) => ({ symbol: `${priority}${i}`, priority, since }));

/** The window after arrivals at these times, no one having left. */
function arrivals(...times: number[]): BatchWindow {
  return times.reduce((window, time, i) => afterArrival(window, i > 0, time), NEW_WINDOW);
}

/**
 * Plays arrivals of distinct symbols against an upstream that takes `latency` seconds.
 * @returns how many symbols each call had.
 */
function play(times: readonly number[], batchSize: number, latency: number): number[] {
  const calls: number[] = [];
  const waiting: PendingSymbol[] = [];
  const inFlight: { left: number; lands: number }[] = [];
  let window = NEW_WINDOW;
  const pending = times.toSorted((a, b) => a - b);
  let now = pending[0] ?? 0;
  for (let guard = 0; guard < 100_000; guard++) {
    while (pending.length > 0 && pending[0] <= now) {
      pending.shift();
      window = afterArrival(window, waiting.length > 0, now);
      waiting.push({ symbol: `s${guard}-${waiting.length}`, priority: "user", since: now });
    }
    for (let i = inFlight.length - 1; i >= 0; i--) if (inFlight[i].lands <= now) inFlight.splice(i, 1);
    const traffic = { batchSize, lanes: 3, inFlight: inFlight.map(({ left }) => left) };
    const { batches, checkAt } = planDispatch(waiting, window, traffic, now);
    for (const batch of batches) {
      const leaving = new Set(batch);
      calls.push(batch.length);
      waiting.splice(0, waiting.length, ...waiting.filter(({ symbol }) => !leaving.has(symbol)));
      window = { ...window, dispatchedAt: now };
      inFlight.push({ left: now, lands: now + latency });
    }
    const next = Math.min(
      pending[0] ?? Number.POSITIVE_INFINITY,
      checkAt ?? Number.POSITIVE_INFINITY,
      ...inFlight.map(({ lands }) => lands),
    );
    if (next === Number.POSITIVE_INFINITY) return calls;
    now = next;
  }
  throw new Error("the queue never came to rest");
}

/** Times spread evenly at random over `[0, span)` (the generator "mulberry32"). */
function uniform(count: number, span: number, seed: number): number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * span;
  });
}

describe("batching", () => {
  it("keeps the window open for 15 ms after the first request", () => {
    const window = arrivals(100);
    expect(closesAt(window)).toBeCloseTo(100.015, 9);
    expect(planDispatch(pending(3), window, IDLE, 100)).toEqual({ batches: [], checkAt: closesAt(window) });
    expect(planDispatch(pending(3), window, IDLE, 100.015).batches.map((batch) => batch.length)).toEqual([3]);
  });

  it("sends all that stand in the gate when the window closes, in the fewest calls", () => {
    const sizes = planDispatch(pending(25), arrivals(0), IDLE, 0.02).batches.map((batch) => batch.length);
    expect(sizes).toEqual([10, 10, 5]);
  });

  it("sends a full batch without waiting for the window", () => {
    expect(planDispatch(pending(12), arrivals(0), IDLE, 0.001).batches.map((batch) => batch.length)).toEqual([10]);
  });

  it("keeps newcomers together while an earlier call is in flight, but for no more than a second", () => {
    const window = { ...NEW_WINDOW, openedAt: 0.02, lastArrivalAt: 0.02, departedAt: 0 };
    const traffic = { ...IDLE, inFlight: [0] };
    expect(planDispatch(pending(4, 0.02), window, traffic, 0.5)).toEqual({ batches: [], checkAt: 1.02 });
    expect(planDispatch(pending(4, 0.02), window, traffic, 1.02).batches).toHaveLength(1);
    expect(planDispatch(pending(4, 0.02), window, IDLE, 0.5).batches).toHaveLength(1);
  });

  it("starts no more calls than there are lanes", () => {
    expect(planDispatch(pending(100), arrivals(0), { ...IDLE, inFlight: [0, 0] }, 1).batches).toHaveLength(1);
    expect(planDispatch(pending(100), arrivals(0), { ...IDLE, lanes: 1 }, 1)).toMatchObject({ checkAt: null });
  });

  it("boards users before background work, which gets the slots that stay free", () => {
    const queue = [...pending(8, 0, "background"), ...pending(4, 0, "user")];
    const [first, second] = planDispatch(queue, arrivals(0), IDLE, 0.02).batches;
    expect(first).toEqual([
      "user0",
      "user1",
      "user2",
      "user3",
      ...Array.from({ length: 6 }, (_, i) => `background${i}`),
    ]);
    expect(second).toEqual(["background6", "background7"]);
  });

  it("waits longer for newcomers who keep just missing a batch of several, and for 15 ms again after a pause", () => {
    let window: BatchWindow = { ...arrivals(0, 0.01), dispatchedAt: 0.025 };
    window = afterArrival(afterArrival(window, false, 0.03), true, 0.04);
    expect(closesAt(window) - 0.04).toBeCloseTo(0.045, 9);
    window = afterArrival(afterArrival({ ...window, dispatchedAt: 0.09 }, false, 0.1), true, 0.1);
    expect(closesAt(window) - 0.1).toBeCloseTo(0.135, 9);
    window = afterArrival({ ...window, dispatchedAt: 0.24 }, false, 0.5);
    expect(closesAt(window) - 0.5).toBeCloseTo(0.015, 9);
  });

  it("lets a client that asks for one symbol after the other wait no longer than 15 ms", () => {
    let window = arrivals(0);
    for (let now = 0.02; now < 1; now += 0.02) {
      window = afterArrival({ ...window, dispatchedAt: now - 0.005 }, false, now);
      expect(closesAt(window) - now).toBeCloseTo(0.015, 9);
    }
  });

  it("keeps waiting longer while stragglers of a crowd come one by one", () => {
    let window: BatchWindow = { ...arrivals(0, 0.01), dispatchedAt: 0.025 };
    for (const now of [0.03, 0.08, 0.13]) {
      window = afterArrival(window, false, now);
      expect(closesAt(window) - now).toBeCloseTo(0.045, 9);
      window = { ...window, dispatchedAt: closesAt(window) };
    }
  });

  it("asks for 100 symbols that come within a tenth of a second, while no call lands, in two calls more than the fewest", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 0.1, noNaN: true }), { minLength: 100, maxLength: 100 }),
        fc.constantFrom(10, 20, 50, 100),
        fc.double({ min: 0.1, max: 0.4, noNaN: true }),
        (times, batchSize, latency) => {
          expect(play(times, batchSize, latency).length).toBeLessThanOrEqual(Math.ceil(100 / batchSize) + 2);
        },
      ),
    );
  });

  it("does so behind an upstream of any speed, when they come at random times", () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.constantFrom(10, 20, 50, 100),
        fc.double({ min: 0.001, max: 0.4, noNaN: true }),
        (seed, batchSize, latency) => {
          const calls = play(uniform(100, 0.1, seed), batchSize, latency);
          expect(calls.length).toBeLessThanOrEqual(Math.ceil(100 / batchSize) + 2);
        },
      ),
    );
  });

  it("carries everyone, once, however they come", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 5, noNaN: true }), { maxLength: 200 }),
        fc.integer({ min: 1, max: 30 }),
        fc.double({ min: 0.001, max: 3, noNaN: true }),
        (times, batchSize, latency) => {
          const calls = play(times, batchSize, latency);
          expect(calls.reduce((sum, size) => sum + size, 0)).toBe(times.length);
          expect(Math.max(0, ...calls)).toBeLessThanOrEqual(batchSize);
        },
      ),
    );
  });
});
