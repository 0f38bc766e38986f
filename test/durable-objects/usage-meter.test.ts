import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { MAX_INDICATOR_SYMBOLS, MAX_VALUES } from "../../contracts/indicator.ts";
import { costOfCandles, costOfIndicators, costOfQuotes, MAX_CALCULATION_BARS } from "../../contracts/request-costs.ts";
import { ANONYMOUS_QUOTA, QUOTAS } from "../../contracts/usage.ts";
import { minuteOf } from "../../core/scheduling/quota.ts";
import { Leases } from "../../durable-objects/usage-meter/leases.ts";
import type { LeaseRequest, UsageMeter } from "../../durable-objects/usage-meter/usage-meter.ts";

const QUOTA = { minute: 600, day: 50_000 };
/** The tenth second of a minute, so that no test sees a minute turn unless it turns it. */
const START = Date.UTC(2026, 10, 20, 12, 0, 10) / 1000;
const MINUTE = minuteOf(START);

let meters = 0;

/** A meter that no client has used, and the clock that it shares with its holders. */
async function openMeter() {
  const clock = { now: START };
  const name = `meter${meters++}`;
  const stub = env.USAGE_METER.getByName(name);
  vi.spyOn(Date, "now").mockImplementation(() => clock.now * 1000);
  const calls = { count: 0 };
  const ask = (request: LeaseRequest) => {
    calls.count++;
    return stub.lease(request);
  };
  return { stub, clock, name, calls, ask };
}

afterEach(() => {
  vi.restoreAllMocks();
});

const alone = { holder: "a", quota: QUOTA, cost: 1, ahead: false, unspent: null };

describe("a meter", () => {
  test("never grants more than the minute's quota, and begins again with the next minute", async () => {
    const { stub, clock } = await openMeter();
    expect(await stub.lease({ ...alone, cost: 600 })).toMatchObject({ granted: 600, left: { minute: 0, day: 49_400 } });
    expect(await stub.lease(alone)).toMatchObject({ granted: 0, minute: MINUTE });
    clock.now = START + 50;
    expect(await stub.lease(alone)).toMatchObject({
      granted: 1,
      minute: MINUTE + 1,
      left: { minute: 599, day: 49_399 },
    });
  });

  test("grants all of a cost or nothing of it", async () => {
    const { stub } = await openMeter();
    await stub.lease({ ...alone, cost: 595 });
    expect(await stub.lease({ ...alone, cost: 10 })).toMatchObject({ granted: 0, left: { minute: 5 } });
    expect(await stub.lease({ ...alone, cost: 5 })).toMatchObject({ granted: 5, left: { minute: 0 } });
  });

  test("counts the day too, and says when both windows end", async () => {
    const { stub, clock } = await openMeter();
    const quota = { minute: 600, day: 700 };
    await stub.lease({ ...alone, quota, cost: 600 });
    clock.now = START + 60;
    expect(await stub.lease({ ...alone, quota, cost: 101 })).toMatchObject({
      granted: 0,
      left: { minute: 600, day: 100 },
    });
    expect(await stub.lease({ ...alone, quota, cost: 100 })).toMatchObject({ granted: 100, left: { day: 0 } });
    expect((await stub.quotaState(quota)).resets).toEqual({
      minute: Date.UTC(2026, 10, 20, 12, 2) / 1000,
      day: Date.UTC(2026, 10, 21) / 1000,
    });
    clock.now = Date.UTC(2026, 10, 21) / 1000;
    expect((await stub.quotaState(quota)).left).toEqual(quota);
  });

  test("takes back what was not spent: of this minute for both windows, of an earlier one for its day alone", async () => {
    const { stub, clock } = await openMeter();
    await stub.lease({ ...alone, cost: 100 });
    const back = { ...alone, cost: 0, unspent: { minute: MINUTE, tokens: 40 } };
    expect((await stub.lease(back)).left).toEqual({ minute: 540, day: 49_940 });
    clock.now = START + 60;
    expect((await stub.lease(back)).left).toEqual({ minute: 600, day: 49_980 });
    clock.now = START + 86_400;
    expect((await stub.lease(back)).left).toEqual(QUOTA);
  });

  test("remembers across an eviction", async () => {
    const { stub } = await openMeter();
    await stub.lease({ ...alone, cost: 250 });
    await evictDurableObject(stub);
    expect((await stub.quotaState(QUOTA)).left).toEqual({ minute: 350, day: 49_750 });
  });

  test("grants a newcomer what it needs, and larger blocks to one that comes back soon", async () => {
    const { stub, clock } = await openMeter();
    const more = { ...alone, ahead: true };
    const blocks: number[] = [];
    for (let i = 0; i < 5; i++) blocks.push((await stub.lease(more)).granted - 1);
    expect(blocks).toEqual([0, 3, 6, 12, 24]);
    clock.now += 5;
    expect((await stub.lease(more)).granted).toBe(4);
    clock.now += 11;
    expect((await stub.lease(more)).granted).toBe(1);
  });
});

describe("leases", () => {
  const unneeded = (error: Error) => {
    throw error;
  };

  test("hold a quota exactly under 16 parallel clients in as many isolates, at far less than a call per request", async () => {
    const { clock, name, calls, ask } = await openMeter();
    const key = { prefix: name, quota: QUOTAS.standard };
    const background: Promise<void>[] = [];
    const client = async (i: number): Promise<number> => {
      const leases = new Leases(`isolate ${i}`, () => clock.now * 1000);
      let paid = 0;
      for (let tries = 0; tries < 400; tries++) {
        const payment = await leases.acquire(key, 1, ask, (work) => background.push(work), unneeded);
        if (payment.isGranted) paid++;
      }
      await Promise.all(background);
      return paid;
    };
    const paid = await Promise.all(Array.from({ length: 16 }, (_, i) => client(i)));
    const total = paid.reduce((sum, part) => sum + part, 0);
    expect(total).toBeLessThanOrEqual(3_000);
    expect(total).toBeGreaterThanOrEqual(0.98 * 3_000);
    expect(calls.count).toBeLessThan(0.25 * total);
  });

  test("hold it under 16 parallel clients in one isolate, with requests of different costs", async () => {
    const { clock, name, calls, ask } = await openMeter();
    const key = { prefix: name, quota: QUOTAS.free };
    const leases = new Leases("isolate", () => clock.now * 1000);
    const background: Promise<void>[] = [];
    let spent = 0;
    let requests = 0;
    const client = async (i: number): Promise<void> => {
      for (let tries = 0; tries < 80; tries++) {
        const cost = 1 + ((i + tries) % 3);
        const payment = await leases.acquire(key, cost, ask, (work) => background.push(work), unneeded);
        requests++;
        if (payment.isGranted) spent += cost;
      }
    };
    await Promise.all(Array.from({ length: 16 }, (_, i) => client(i)));
    await Promise.all(background);
    expect(spent).toBeLessThanOrEqual(600);
    expect(spent).toBeGreaterThanOrEqual(0.98 * 600);
    expect(calls.count).toBeLessThan(0.5 * requests);
  });

  test("that the minute ends before they are spent are given back to the day", async () => {
    const { stub, clock, name, ask } = await openMeter();
    const key = { prefix: name, quota: QUOTA };
    const leases = new Leases("isolate", () => clock.now * 1000);
    const pay = () => leases.acquire(key, 1, ask, () => {}, unneeded);
    for (let i = 0; i < 4; i++) await pay();
    expect(leases.unspent(name)).toBeGreaterThan(0);
    clock.now = START + 60;
    expect(leases.unspent(name)).toBe(0);
    await pay();
    const held = leases.unspent(name);
    expect((await stub.quotaState(QUOTA)).left.day + held).toBe(50_000 - 5);
  });

  test("refuse what was just refused without asking, and ask again a second later", async () => {
    const { stub, clock, name, calls, ask } = await openMeter();
    const key = { prefix: name, quota: QUOTA };
    const leases = new Leases("isolate", () => clock.now * 1000);
    const pay = (cost: number) => leases.acquire(key, cost, ask, () => {}, unneeded);
    await stub.lease({ ...alone, holder: "another", cost: 600 });
    expect(await pay(1)).toMatchObject({ isGranted: false, quotaState: { left: { minute: 0 } } });
    for (let i = 0; i < 50; i++) expect((await pay(2)).isGranted).toBe(false);
    expect(calls.count).toBe(1);
    await stub.lease({ ...alone, holder: "another", cost: 0, unspent: { minute: MINUTE, tokens: 10 } });
    clock.now += 1;
    expect((await pay(1)).isGranted).toBe(true);
  });

  test("let requests pass where the meter fails, and leave it alone for a second", async () => {
    const { clock, name } = await openMeter();
    const leases = new Leases("isolate", () => clock.now * 1000);
    const failures: string[] = [];
    let asked = 0;
    const broken = async () => {
      asked++;
      throw new Error("the object was moved");
    };
    const pay = () =>
      leases.acquire(
        { prefix: name, quota: QUOTA },
        1,
        broken,
        () => {},
        (error) => failures.push(error.message),
      );
    for (let i = 0; i < 20; i++) expect(await pay()).toEqual({ isGranted: true, quotaState: null });
    expect([asked, failures]).toEqual([1, ["the object was moved"]]);
    clock.now += 1;
    await pay();
    expect(asked).toBe(2);
  });
});

test("prices grow with what is asked, and the dearest request fits into the smallest quota", () => {
  expect([1, 10, 11, 100].map(costOfQuotes)).toEqual([1, 1, 2, 10]);
  expect([1, 1_000, 1_001, 5_000].map(costOfCandles)).toEqual([1, 1, 2, 5]);
  expect(costOfIndicators(1, 10, 100, 6_000)).toBe(1);
  expect(costOfIndicators(1, 20, 5_000, 6_000)).toBe(10);
  expect(costOfIndicators(50, 1, 1, 301)).toBe(10);
  expect(costOfIndicators(1, 1, 1, 45_000)).toBe(5);
  expect(costOfIndicators(8, 1, 1, 45_000)).toBe(36);
  const dearest = Math.max(
    costOfIndicators(1, 1, MAX_VALUES, 0),
    costOfIndicators(1, 1, 1, MAX_CALCULATION_BARS),
    costOfIndicators(MAX_INDICATOR_SYMBOLS, 1, 1, 0),
  );
  for (const { minute, day } of Object.values(QUOTAS)) {
    expect(minute).toBeGreaterThanOrEqual(dearest);
    expect(day).toBeGreaterThanOrEqual(minute);
  }
});

describe("the meter of an address", () => {
  const request = { holder: "one", quota: ANONYMOUS_QUOTA, cost: 10, ahead: false, unspent: null };
  const tables = (meter: DurableObjectStub<UsageMeter>) =>
    runInDurableObject(meter, (_, { storage }) =>
      storage.sql
        .exec<{ name: string }>(
          "select name from sqlite_master where type = 'table' and name not like '\\_cf%' escape '\\'",
        )
        .toArray()
        .map(({ name }) => name),
    );

  afterEach(() => {
    vi.useRealTimers();
  });

  test("forgets everything when it has been idle for an hour, and not before", async () => {
    vi.setSystemTime(Date.parse("2026-11-18T15:30:00Z"));
    const meter = env.USAGE_METER.getByName("address:203.0.113.50");
    expect((await meter.lease(request)).granted).toBe(10);
    await meter.reportStreams("room:A", { sockets: 3, bytes: 5 });
    vi.setSystemTime(Date.now() + 3_590_000);
    await meter.lease(request);
    vi.setSystemTime(Date.now() + 20_000);
    expect(await runDurableObjectAlarm(meter)).toBe(true);
    expect(await tables(meter)).toContain("usage");
    vi.setSystemTime(Date.now() + 7_200_000);
    expect(await runDurableObjectAlarm(meter)).toBe(true);
    expect(await tables(meter)).toEqual([]);
    expect(await runDurableObjectAlarm(meter)).toBe(false);
    expect((await meter.lease(request)).granted).toBe(10);
    expect(await meter.reportStreams("room:A", { sockets: 1, bytes: 0 })).toEqual({ sockets: 1, bytes: 0 });
  });

  test("adds up what objects report of its streams, and forgets an object that does not report again", async () => {
    vi.setSystemTime(Date.parse("2026-11-18T15:30:00Z"));
    const meter = env.USAGE_METER.getByName("address:203.0.113.51");
    await meter.reportStreams("room:A", { sockets: 3, bytes: 500 });
    expect(await meter.reportStreams("room:B", { sockets: 2, bytes: 70 })).toEqual({ sockets: 5, bytes: 570 });
    expect(await meter.reportStreams("room:B", { sockets: 1, bytes: 10 })).toEqual({ sockets: 4, bytes: 510 });
    await evictDurableObject(meter);
    expect(await meter.reportStreams("room:C", { sockets: 1, bytes: 0 })).toEqual({ sockets: 5, bytes: 510 });
    expect(await meter.reportStreams("room:A", { sockets: 0, bytes: 0 })).toEqual({ sockets: 2, bytes: 10 });
    vi.setSystemTime(Date.now() + 121_000);
    expect(await meter.reportStreams("room:A", { sockets: 1, bytes: 0 })).toEqual({ sockets: 1, bytes: 0 });
  });

  test("of a key keeps what it has used", async () => {
    const meter = env.USAGE_METER.getByName("akeyprefix");
    await meter.lease(request);
    expect(await runDurableObjectAlarm(meter)).toBe(false);
  });
});
