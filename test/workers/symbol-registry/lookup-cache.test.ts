import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { callWith } from "../keys.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
});
afterEach(() => {
  vi.useRealTimers();
});

/** The registry, and how often it was opened. */
function countedDatabase() {
  let opened = 0;
  const database = new Proxy(env.DB, {
    get(target, name) {
      if (name === "withSession") opened++;
      const value = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { database, opened: () => opened };
}

test.each([
  "/quotes/JSE:ABG",
  "/quotes?symbols=JSE:AGL,NPN.JO",
  "/ohlcv/JSE:ANG?interval=1d&limit=5",
  "/indicators/JSE:APN?interval=1d&data_points=5",
])("%s reads what its symbols stand for once in two seconds", async (path) => {
  const { database, opened } = countedDatabase();
  const get = async () => expect((await callWith({ DB: database }, path)).status).toBe(200);
  await get();
  const once = opened();
  expect(once).toBeGreaterThan(0);
  for (let i = 0; i < 3; i++) await get();
  expect(opened()).toBe(once);
  vi.setSystemTime(Date.now() + 10_000);
  await get();
  expect(opened()).toBeGreaterThan(once);
});
