import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { MemoryCache } from "../../storage/memory-cache.ts";

beforeEach(() => {
  vi.setSystemTime(1_000_000);
});

afterEach(() => {
  vi.useRealTimers();
});

describe("a memory cache", () => {
  test("forgets a value when its time is over", () => {
    const cache = new MemoryCache<string>(1_000, 10);
    cache.set("a", "x");
    vi.setSystemTime(1_000_999);
    expect(cache.get("a")).toBe("x");
    vi.setSystemTime(1_001_000);
    expect(cache.get("a")).toBeUndefined();
  });

  test("forgets a value that was kept before the clock was set back", () => {
    const cache = new MemoryCache<string>(1_000, 10, 250);
    cache.set("a", "x");
    vi.setSystemTime(1_000_000 - 3_600_000);
    expect(cache.get("a")).toBeUndefined();
    cache.set("a", "y");
    expect(cache.get("a")).toBe("y");
  });

  test("never holds more than it may: the one that was set longest ago goes first", () => {
    const cache = new MemoryCache<number>(1_000, 2);
    cache.set("a", 1);
    cache.set("b", 2);
    cache.set("a", 3);
    cache.set("c", 4);
    expect([cache.get("a"), cache.get("b"), cache.get("c")]).toEqual([3, undefined, 4]);
  });

  test("never holds more than its weight, however few values that is", () => {
    const cache = new MemoryCache<string>(1_000, 1_000);
    cache.set("a", "x", 400);
    cache.set("b", "x", 400);
    cache.set("a", "y", 500);
    expect([cache.get("a"), cache.get("b")]).toEqual(["y", "x"]);
    cache.set("c", "x", 200);
    expect([cache.get("a"), cache.get("b"), cache.get("c")]).toEqual(["y", undefined, "x"]);
    cache.set("larger than all", "x", 1_001);
    expect([cache.get("a"), cache.get("c"), cache.get("larger than all")]).toEqual([undefined, undefined, undefined]);
  });

  test("lets go of what is too old when something new comes, though the old is never asked for", () => {
    const cache = new MemoryCache<number>(1_000, 10, 250);
    for (let i = 0; i < 8; i++) cache.set(`old ${i}`, i);
    vi.setSystemTime(1_001_249);
    cache.set("within the grace", 8);
    expect(cache.size).toBe(9);
    vi.setSystemTime(1_001_250);
    cache.set("beyond it", 9);
    expect(cache.size).toBe(2);
  });

  test("with a grace lets one caller fetch a newer value, and returns the old one to the others", () => {
    const cache = new MemoryCache<number>(1_000, 10, 250);
    cache.set("a", 1);
    vi.setSystemTime(1_001_100);
    expect([cache.get("a"), cache.get("a"), cache.get("a")]).toEqual([undefined, 1, 1]);
    vi.setSystemTime(1_001_250);
    expect(cache.get("a")).toBeUndefined();
    cache.set("a", 2);
    vi.setSystemTime(1_002_600);
    expect([cache.get("a"), cache.get("a")]).toEqual([undefined, undefined]);
  });

  test("takes any text for a key", () => {
    const cache = new MemoryCache<number>(1_000, 10);
    expect(cache.get("__proto__")).toBeUndefined();
    cache.set("__proto__", 1);
    expect(cache.get("__proto__")).toBe(1);
    cache.clear();
    expect(cache.get("__proto__")).toBeUndefined();
  });
});
