import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { costOfCandles, costOfIndicators } from "../../contracts/request-costs.ts";
import { QUOTAS } from "../../contracts/usage.ts";
import { barsNeeded } from "../../core/indicators/history.ts";
import { parseSpec } from "../../core/indicators/spec.ts";
import { MARKETS } from "../../core/market-calendar/markets.ts";
import { DAY, HOUR, MINUTE } from "../../core/time.ts";
import { historyDemand } from "../../durable-objects/streaming/commands/history-access.ts";
import type { HistoryTerms } from "../../durable-objects/streaming/connections/handshake-request.ts";
import { unspentOf } from "../../durable-objects/usage-meter/payment.ts";
import { REFERENCE_SYMBOLS } from "../../storage/registry/reference-data.ts";
import { newHub } from "./hub-under-test.ts";
import { closeSockets, openSocket } from "./socket-client.ts";

/** Second 11 of the next minute: no test sees a window turn that does not turn it. */
const NOW = (Math.floor(Date.now() / 60_000) + 1) * 60_000 + 11_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW });
});
afterEach(() => {
  closeSockets();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const BTC = "BTC/USDT";
const HOUR_AGO = { time: Math.floor(NOW / 1000 / HOUR) * HOUR - HOUR };

/** What a message asks of candles; `since` for each of its symbols. */
const candlesSince = (symbols: readonly string[], time: number, interval = "1h") => ({
  channel: "candles",
  interval,
  since: Object.fromEntries(symbols.map((symbol) => [symbol, { time }])),
});

let keys = 0;

/** A key that no client has used. */
async function newKey() {
  const prefix = `history${keys++}`;
  const terms: HistoryTerms = { kind: "by_key", prefix, tier: "free", mayRead: true };
  const meter = () => env.USAGE_METER.getByName(prefix);
  const used = async () => {
    const { left } = await meter().quotaState(QUOTAS.free);
    return QUOTAS.free.minute - left.minute - unspentOf(prefix);
  };
  const use = async (cost: number) => {
    const request = { holder: "another", quota: QUOTAS.free, cost, ahead: false, unspent: null };
    expect((await meter().lease(request)).granted).toBe(cost);
  };
  const handshake = { caller: `key:${prefix}`, anonymous: false, history: terms };
  return { prefix, meter, used, use, admission: handshake };
}

describe("the price of history", () => {
  const now = NOW / 1000;
  const minutesAgo = (minutes: number) => Math.floor(now / MINUTE) * MINUTE - minutes * MINUTE;
  const CANDLES = [{ channel: "candles", interval: "1m" }] as const;
  const SPECS = ["rsi", "sma", "ema"];
  const indicators = SPECS.map((indicator) => ({
    ...{ channel: "indicators" as const, interval: "1m" as const },
    indicator,
  }));

  test.each([1, 1_000, 1_001, 2_500, 4_990])("of %d bars is what REST asks for as many", (bars) => {
    expect(historyDemand(CANDLES, "BINANCE", minutesAgo(bars), now).cost).toBe(costOfCandles(bars));
    const read = barsNeeded(
      SPECS.map(parseSpec),
      MARKETS.CRYPTO,
      { interval: "1m", points: bars, from: null, to: null },
      now,
    );
    expect(read).toBeGreaterThan(bars + 300);
    expect(historyDemand(indicators, "BINANCE", minutesAgo(bars), now)).toEqual({
      cost: costOfIndicators(1, 3, bars, read),
      steps: 3 * read,
    });
  });

  test("is that of one request where no bars are sent: none came, far too many did, or the time lies ahead", () => {
    for (const since of [minutesAgo(0), minutesAgo(11_000), minutesAgo(-60), 0, -1e9]) {
      expect([since, historyDemand(CANDLES, "BINANCE", since, now).cost]).toEqual([since, 1]);
    }
  });

  test("is no less just beyond what one confirmation holds, for there its room may still send as many as it holds", () => {
    for (const bars of [4_999, 5_000, 5_001, 5_016, 6_000]) {
      expect([bars, historyDemand(CANDLES, "BINANCE", minutesAgo(bars), now).cost]).toEqual([
        bars,
        costOfCandles(5_000),
      ]);
    }
    const days = [{ channel: "candles", interval: "1d" }] as const;
    expect(historyDemand(days, "BINANCE", Math.floor(now / DAY) * DAY - 3_661 * DAY, now).cost).toBe(4);
  });

  test("counts no bars while the market is closed", () => {
    const saturday = Date.UTC(2026, 10, 21, 12) / 1000;
    expect(historyDemand(CANDLES, "JSE", saturday - 8 * HOUR, saturday).cost).toBe(1);
  });

  test("of an indicator that is begun without a position is that of the history from which it converges", () => {
    const cost = (indicator: string): number =>
      historyDemand([{ channel: "indicators", interval: "1m", indicator }], "BINANCE", null, now).cost;
    expect(cost("rsi")).toBe(1);
    expect(cost("rsi:1000")).toBe(4);
    expect(historyDemand(CANDLES, "BINANCE", null, now)).toEqual({ cost: 0, steps: 0 });
  });

  test("is nothing for quotes", () => {
    expect(historyDemand([{ channel: "quotes" }], "BINANCE", minutesAgo(10), now).cost).toBe(0);
  });
});

describe("a key that may not read", () => {
  const handshake = {
    caller: "key:streams",
    anonymous: false,
    history: { kind: "by_key", prefix: "streams", tier: "free", mayRead: false } as const,
  };

  test("gets no history of candles or indicators, and everything else of the same message", async () => {
    const { stub, feed: room } = await newHub();
    room.closedBars.push({ time: HOUR_AGO.time + HOUR, text: '{"type":"candle"}' });
    const client = await openSocket(stub, handshake);
    for (const more of [{ channel: "candles" }, { channel: "indicators", indicators: ["RSI"] }]) {
      const { rejected, symbols, positions } = await client.subscribe(["btcusdt", "AAPL"], {
        ...more,
        since: { BTCUSDT: HOUR_AGO },
      });
      expect(rejected).toEqual([{ symbol: BTC, code: "auth.forbidden", detail: expect.stringContaining('"read"') }]);
      expect(symbols).toEqual(["AAPL"]);
      expect(positions.AAPL).toMatchObject({ recovered: null, missed: [] });
      expect((await client.subscribe([BTC], more)).symbols).toEqual([BTC]);
    }
  });

  test("keeps the subscription that it has where it asks for history of it", async () => {
    const { stub } = await newHub();
    const client = await openSocket(stub, handshake);
    await client.subscribe([BTC], { channel: "candles" });
    const { subscriptions } = await client.subscribe([BTC], candlesSince([BTC], HOUR_AGO.time));
    expect(subscriptions).toMatchObject([{ symbol: BTC, channel: "candles" }]);
  });

  test("has quotes replayed for nothing", async () => {
    const { stub, tick } = await newHub();
    const client = await openSocket(stub, handshake);
    await client.subscribe([BTC]);
    await tick(BTC, 3);
    await client.subscribe([BTC], { since: { [BTC]: { epoch: "e1", seq: 1 } } });
    expect(client.of("subscription_confirmed")[1].positions[BTC]).toMatchObject({ recovered: true });
  });

  test("still may not once its hub has slept", async () => {
    const { stub, evict } = await newHub();
    const client = await openSocket(stub, handshake);
    await client.subscribe([BTC], { channel: "candles" });
    await evict();
    const { rejected } = await client.subscribe([BTC], candlesSince([BTC], HOUR_AGO.time));
    expect(rejected).toMatchObject([{ code: "auth.forbidden" }]);
  });
});

describe("a key that may read", () => {
  test("pays through its meter for each symbol what REST would take", async () => {
    const { stub } = await newHub();
    const key = await newKey();
    const client = await openSocket(stub, key.admission);
    await client.subscribe([BTC, "ETH/USDT"], { channel: "candles" });
    expect(await key.used()).toBe(0);
    const since = Math.floor(NOW / 60_000) * 60 - 2_500 * MINUTE;
    const confirmed = await client.subscribe([BTC, "ETH/USDT"], candlesSince([BTC, "ETH/USDT"], since, "1m"));
    expect(confirmed.rejected).toEqual([]);
    expect(confirmed.positions[BTC]).toMatchObject({ recovered: true });
    expect(await key.used()).toBe(6);
  });

  test("gets none if its quota is used up, learns when there is more, and may subscribe without", async () => {
    const { stub } = await newHub();
    const key = await newKey();
    const client = await openSocket(stub, key.admission);
    await key.use(QUOTAS.free.minute - 1);
    const confirmed = await client.subscribe([BTC, "ETH/USDT"], candlesSince([BTC, "ETH/USDT"], HOUR_AGO.time));
    expect(confirmed.symbols).toEqual([BTC]);
    expect(confirmed.rejected).toEqual([
      {
        symbol: "ETH/USDT",
        code: "rate_limit.exceeded",
        detail: expect.stringContaining("600 a minute"),
        retry_after: 49,
      },
    ]);
    expect((await client.subscribe(["ETH/USDT"], { channel: "candles" })).symbols).toEqual(["ETH/USDT"]);
    vi.setSystemTime(NOW + 49_000);
    const later = await client.subscribe(["ETH/USDT"], candlesSince(["ETH/USDT"], HOUR_AGO.time));
    expect(later.rejected).toEqual([]);
  });

  test("has one quota over all hubs", async () => {
    const key = await newKey();
    const clients = [await newHub(), await newHub()].map(({ stub }) => openSocket(stub, key.admission));
    const [one, other] = await Promise.all(clients);
    await key.use(QUOTAS.free.minute - 1);
    expect((await one.subscribe([BTC], candlesSince([BTC], HOUR_AGO.time))).rejected).toEqual([]);
    const { rejected } = await other.subscribe([BTC], candlesSince([BTC], HOUR_AGO.time));
    expect(rejected).toMatchObject([{ symbol: BTC, code: "rate_limit.exceeded" }]);
  });

  test("gets its history where the meter does not answer, as over HTTP", async () => {
    const { stub } = await newHub();
    const key = await newKey();
    await key.use(1);
    await runInDurableObject(key.meter(), (_, { storage }) => {
      storage.sql.exec("drop table usage");
    });
    const warnings = vi.spyOn(console, "log").mockImplementation(() => undefined);
    const client = await openSocket(stub, key.admission);
    expect((await client.subscribe([BTC], candlesSince([BTC], HOUR_AGO.time))).rejected).toEqual([]);
    expect(String(warnings.mock.calls)).toContain("a usage meter does not answer");
  });

  test("pays once its hub has slept", async () => {
    const { stub, evict } = await newHub();
    const key = await newKey();
    const client = await openSocket(stub, key.admission);
    await client.subscribe([BTC], { channel: "candles" });
    await evict();
    await client.subscribe([BTC], candlesSince([BTC], HOUR_AGO.time));
    expect(await key.used()).toBe(1);
  });
});

describe("callers without a key", () => {
  const address = "2001:db8:18:1::/64";
  const crypto = REFERENCE_SYMBOLS.filter(({ is_active, type }) => is_active && type !== "index").slice(0, 50);
  const names = crypto.map(({ symbol }) => symbol);

  test("are counted by address, over all their sockets of an object", async () => {
    const { stub } = await newHub();
    const one = await openSocket(stub, { address });
    const other = await openSocket(stub, { address });
    for (const client of [one, other]) {
      const { rejected } = await client.subscribe(names, candlesSince(names, HOUR_AGO.time));
      expect(rejected).toEqual([]);
    }
    const { rejected } = await one.subscribe([BTC], candlesSince([BTC], HOUR_AGO.time));
    expect(rejected).toMatchObject([{ symbol: BTC, code: "rate_limit.exceeded", retry_after: 9 }]);
    expect((await one.subscribe([BTC], { channel: "candles" })).symbols).toEqual([BTC]);
    const elsewhere = await openSocket(stub, { address: "2001:db8:18:2::/64" });
    expect((await elsewhere.subscribe([BTC], candlesSince([BTC], HOUR_AGO.time))).rejected).toEqual([]);
    vi.setSystemTime(NOW + 9_000);
    expect((await one.subscribe([BTC], candlesSince([BTC], HOUR_AGO.time))).rejected).toEqual([]);
  });
});

test("operators pay nothing", async () => {
  const { stub } = await newHub();
  const client = await openSocket(stub, { caller: "admin-token", anonymous: false, history: { kind: "free" } });
  for (let i = 0; i < 5; i++) {
    const { rejected } = await client.subscribe([BTC], candlesSince([BTC], HOUR_AGO.time));
    expect(rejected).toEqual([]);
  }
});
