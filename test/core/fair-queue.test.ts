import fc from "fast-check";
import { expect, test } from "vitest";
import { FairQueue } from "../../core/concurrency/fair-queue.ts";

/** Work that ends when it is let go. */
function heldWork(log: string[]) {
  const open: { name: string; end: () => void }[] = [];
  const work = (name: string) => (): Promise<void> => {
    log.push(name);
    const { promise, resolve } = Promise.withResolvers<void>();
    open.push({ name, end: resolve });
    return promise;
  };
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 10; i++) await Promise.resolve();
  };
  const endFirst = (): Promise<void> => {
    open.shift()?.end();
    return settle();
  };
  return { open, work, endFirst, settle };
}

test("a caller that comes later does not wait for all that another one has to do", async () => {
  const log: string[] = [];
  const { open, work, endFirst, settle } = heldWork(log);
  const queue = new FairQueue({ total: 2, perCaller: 1 });
  const all = [...Array.from({ length: 5 }, (_, i) => queue.run("a", work(`a${i}`))), queue.run("b", work("b0"))];
  await settle();
  expect(log).toEqual(["a0", "b0"]);
  all.push(queue.run("c", work("c0")));
  await endFirst();
  await endFirst();
  expect(log).toEqual(["a0", "b0", "a1", "c0"]);
  while (open.length > 0) await endFirst();
  await Promise.all(all);
  expect(log).toEqual(["a0", "b0", "a1", "c0", "a2", "a3", "a4"]);
});

test("no more is worked on than may be, in all and for one caller, everything is in the end, and failures free their turn", async () => {
  const calls = fc.array(fc.record({ caller: fc.constantFrom("a", "b", "c"), fails: fc.boolean(), turns: fc.nat(5) }));
  await fc.assert(
    fc.asyncProperty(calls, fc.integer({ min: 1, max: 4 }), async (asked, total) => {
      const perCaller = Math.max(1, total - 1);
      const queue = new FairQueue({ total, perCaller });
      const running = new Map<string, number>();
      const results = await Promise.allSettled(
        asked.map(({ caller, fails, turns }) =>
          queue.run(caller, async () => {
            running.set(caller, (running.get(caller) ?? 0) + 1);
            expect(running.get(caller)).toBeLessThanOrEqual(perCaller);
            expect([...running.values()].reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(total);
            for (let i = 0; i < turns; i++) await Promise.resolve();
            running.set(caller, (running.get(caller) ?? 0) - 1);
            if (fails) throw new Error("failed");
          }),
        ),
      );
      expect(results.map(({ status }) => status)).toEqual(asked.map(({ fails }) => (fails ? "rejected" : "fulfilled")));
    }),
  );
});
