import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  alarmOf,
  evict,
  frameOf,
  NOTHING,
  passUntil,
  playHub,
  QUOTES,
  roomOf,
  setClock,
  simulated,
  THEN,
} from "./live-room.ts";

beforeEach(() => setClock(THEN));
afterEach(() => {
  vi.useRealTimers();
});

describe("a room that somebody listens to", () => {
  test("ticks once a second, each event with the next number and a time of its own", async () => {
    const of = simulated("AAA/USDT");
    const hub = await playHub(of.symbol);
    const attendance = await roomOf(of.symbol).attend(of, "hub-1", QUOTES);
    expect(attendance).toMatchObject({
      position: { seq: 0 },
      lastEventAt: null,
      exchange: "BINANCE",
      until: THEN + 90,
    });
    await passUntil(of.symbol, THEN + 10);
    const frames = hub.events.map(frameOf);
    expect(frames.map(({ type, seq }) => [type, seq])).toEqual(
      Array.from({ length: 10 }, (_, i) => ["market_data", i + 1]),
    );
    expect(hub.events[0].text.startsWith('{"type":"market_data",')).toBe(true);
    expect(frames[3]).toMatchObject({
      symbol: of.symbol,
      epoch: attendance.position.epoch,
      data: { seq: 4, simulated: true, freshness: "live", timestamp: "2048-11-19T15:30:24.000Z" },
    });
    await roomOf(of.symbol).attend(of, "hub-1", NOTHING);
    expect(await alarmOf(of.symbol)).toBeNull();
  });
});
