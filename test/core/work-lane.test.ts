import { describe, expect, test } from "vitest";
import { WorkLane } from "../../core/concurrency/work-lane.ts";

/** A clock on which waiting is all that takes time. */
function fakeTime() {
  let now = 1_000_000;
  const sleepers: { at: number; wake: () => void }[] = [];
  const wait = (ms: number): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    sleepers.push({ at: now + ms, wake: resolve });
    return promise;
  };
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 20; i++) await Promise.resolve();
  };
  /** Lets time pass until nothing sleeps any more. */
  const run = async (): Promise<void> => {
    for (await settle(); sleepers.length > 0; await settle()) {
      sleepers.sort((a, b) => a.at - b.at);
      const next = sleepers.shift();
      if (!next) return;
      now = Math.max(now, next.at);
      next.wake();
    }
  };
  return {
    lane: new WorkLane(
      () => now,
      wait,
      () => 0,
    ),
    now: () => now,
    wait,
    settle,
    run,
    setBack: () => (now -= 3_600_000),
  };
}

describe("long work", () => {
  test("by itself is held up by nothing but its own slices", async () => {
    const time = fakeTime();
    const begun = time.now();
    const work = (async () => {
      for (let i = 0; i < 10; i++) await time.lane.pass(5);
    })();
    await time.run();
    await work;
    expect(time.now() - begun).toBeLessThanOrEqual(10 * 15);
  });

  test("of many leaves two thirds of the time to others", async () => {
    const time = fakeTime();
    const begun = time.now();
    const starts: number[] = [];
    const works = Array.from({ length: 8 }, async () => {
      for (let i = 0; i < 5; i++) {
        await time.lane.pass(10);
        starts.push(time.now());
      }
    });
    await time.run();
    await Promise.all(works);
    expect(starts).toHaveLength(40);
    expect(time.now() - begun).toBeGreaterThanOrEqual(38 * 30);
    const gaps = starts.slice(1).map((start, i) => start - starts[i]);
    expect(Math.min(...gaps.slice(2))).toBeGreaterThanOrEqual(30);
  });

  test("goes on where the clock stands still or was set back", async () => {
    const frozen = new WorkLane(
      () => 5,
      async () => {},
    );
    for (let i = 0; i < 100; i++) await frozen.pass(10);
    const time = fakeTime();
    const first = time.lane.pass(10);
    await time.run();
    await first;
    time.setBack();
    const second = time.lane.pass(10);
    await time.run();
    await second;
  });
});
