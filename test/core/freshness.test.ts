import { describe, expect, test } from "vitest";
import { type FreshnessPolicy, freshnessOf, openMarketAge } from "../../core/freshness.ts";
import { MARKETS } from "../../core/market-calendar/markets.ts";
import { newYork, unixTime } from "./clock.ts";

const { US, JSE, CRYPTO } = MARKETS;
const LIVE: FreshnessPolicy = { staleAfter: 60, delay: 0, historical: false };
const DELAYED: FreshnessPolicy = { staleAfter: 30 * 60, delay: 15 * 60, historical: false };
const IMPORTED: FreshnessPolicy = { staleAfter: 0, delay: 0, historical: true };

describe("a price", () => {
  test("is live up to and with the age at which its source would be stale, and stale after it", () => {
    const now = unixTime("2026-07-15T12:00:00Z");
    expect([0, 30, 60, 61].map((age) => freshnessOf(LIVE, CRYPTO, now - age, now))).toEqual([
      "live",
      "live",
      "live",
      "stale",
    ]);
  });

  test("of a source that delays is delayed, never live", () => {
    const now = unixTime("2026-07-15T12:00:00Z");
    expect(freshnessOf(DELAYED, JSE, now - 15 * 60, now)).toBe("delayed");
    expect(freshnessOf(DELAYED, JSE, now, now)).toBe("delayed");
    expect(freshnessOf(DELAYED, JSE, now - 31 * 60, now)).toBe("stale");
  });

  test("from just before Friday's close is closed all weekend and until Monday's opening, then ages on", () => {
    const last = newYork("2026-07-10", "16:00") - 30;
    expect(freshnessOf(LIVE, US, last, newYork("2026-07-10", "16:00"))).toBe("closed");
    expect(freshnessOf(LIVE, US, last, newYork("2026-07-12", "12:00"))).toBe("closed");
    expect(freshnessOf(LIVE, US, last, newYork("2026-07-13", "09:29"))).toBe("closed");
    expect(freshnessOf(LIVE, US, last, newYork("2026-07-13", "09:30"))).toBe("live");
    expect(freshnessOf(LIVE, US, last, newYork("2026-07-13", "09:31"))).toBe("stale");
  });

  test("that missed the end of the session is stale on the weekend too", () => {
    expect(freshnessOf(LIVE, US, newYork("2026-07-10", "15:00"), newYork("2026-07-11", "12:00"))).toBe("stale");
  });

  test("of imported candles is historical, whatever the time", () => {
    const time = newYork("2026-07-10", "15:00");
    for (const now of [time, time + 10 * 365 * 86_400]) expect(freshnessOf(IMPORTED, US, time, now)).toBe("historical");
  });

  test("from a clock a little ahead of ours is no older than now", () => {
    const now = unixTime("2026-07-15T12:00:00Z");
    expect(openMarketAge(CRYPTO, now + 5, now)).toBe(0);
    expect(freshnessOf(LIVE, CRYPTO, now + 5, now)).toBe("live");
  });
});
