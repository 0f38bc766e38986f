import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Instrument } from "../../contracts/symbol.ts";
import { bucketsBetween } from "../../core/buckets.ts";
import { type Candle, type CandleColumns, candleAt } from "../../core/candles.ts";
import { INTERVALS, INTRADAY_SECONDS, type Interval } from "../../core/interval.ts";
import { marketOf } from "../../core/market-calendar/markets.ts";
import { isOpen, previousSession, sessionOf, sessionOn } from "../../core/market-calendar/sessions.ts";
import { resample } from "../../core/resample.ts";
import { sessionHours, wholeSession } from "../../providers/simulator/hours.ts";
import { profileOf } from "../../providers/simulator/profile.ts";
import { SIMULATED_FROM, simulatedCandles, simulatedQuote } from "../../providers/simulator/simulator.ts";
import { LEVELS, split, visitParts } from "../../providers/simulator/split.ts";
import { join } from "../../providers/simulator/stretch.ts";
import { datesOf, newYork, unixTime, weekdayOf } from "../core/clock.ts";

const HOUR = 3600;
const DAY = 86_400;
const FAR = unixTime("2030-01-01T00:00:00Z");
const day = (date: string): number => unixTime(`${date}T00:00:00Z`);

function instrument(symbol: string, facts: Partial<Instrument>): Instrument {
  return {
    symbol,
    type: "stock",
    primary_exchange: "NASDAQ",
    currency: "USD",
    price_unit: "USD",
    price_decimals: 2,
    volume_unit: "shares",
    data_sources: ["simulator"],
    provider_symbols: {},
    is_active: true,
    listed_on: null,
    last_updated: "2026-01-01T00:00:00.000Z",
    ...facts,
  };
}

const BTC = instrument("BTC/USDT", {
  type: "crypto",
  primary_exchange: "BINANCE",
  currency: "USDT",
  volume_unit: "base",
});
const BTC_USD = instrument("BTC/USD", { type: "crypto", primary_exchange: "CRYPTO", volume_unit: "base" });
const NPN = instrument("JSE:NPN", { primary_exchange: "JSE", currency: "ZAR", price_unit: "ZAc", price_decimals: 0 });
const AAPL = instrument("AAPL", {});
const EUR_USD = instrument("EUR/USD", {
  type: "forex",
  primary_exchange: "FOREX",
  price_decimals: 5,
  volume_unit: null,
});
/** Instruments that the simulator knows nothing of: price and volume come from their names. */
const UNKNOWN_SHARE = instrument("ZZUNHEARD", { primary_exchange: "NYSE" });
const UNKNOWN_COIN = instrument("ZZCOIN/USDT", {
  type: "crypto",
  primary_exchange: "BINANCE",
  price_decimals: 8,
  volume_unit: "base",
});
/** A price of a hundred ticks or less: every tick is a large move. */
const COARSE = instrument("ZZPENNY", { primary_exchange: "JSE", price_unit: "ZAc", price_decimals: 0, type: "index" });
/** Products and ratios of two prices; the last trades over the weekend, while the rand does not. */
const EUR_GBP = { ...EUR_USD, symbol: "EUR/GBP", currency: "GBP", price_unit: "GBP" };
const ETH_BTC = { ...BTC, symbol: "ETH/BTC", currency: "BTC", price_unit: "BTC", price_decimals: 6 };
const BTC_ZAR = { ...BTC, symbol: "BTC/ZAR", currency: "ZAR", price_unit: "ZAR" };
const EVERY = [
  ...[BTC, BTC_USD, NPN, AAPL, EUR_USD, UNKNOWN_SHARE, UNKNOWN_COIN, COARSE],
  ...[EUR_GBP, ETH_BTC, BTC_ZAR],
];
const NAMED = EVERY.map((one) => [one.symbol, one] as const);

const rowsOf = (columns: CandleColumns): Candle[] =>
  Array.from({ length: columns.length }, (_, i) => candleAt(columns, i));

/** Candles stamped within `[from, to)` as they stand at `now`. */
const candles = (one: Instrument, interval: Interval, from: number, to: number, now = FAR): CandleColumns =>
  simulatedCandles(one, { interval, from, to, limit: 100_000, backward: false }, now);

/** The last candle that has begun at `now`. */
function forming(one: Instrument, interval: Interval, now: number): Candle {
  const columns = simulatedCandles(one, { interval, from: 0, to: now + 2 * DAY, limit: 1, backward: true }, now);
  expect(columns.length).toBe(1);
  return candleAt(columns, 0);
}

const marketFor = (one: Instrument) => marketOf(one.primary_exchange);

/** Any second of the years whose calendars are known. */
const second = fc.integer({ min: day("2025-01-10"), max: day("2027-12-20") });
const one = fc.constantFrom(...EVERY);
const interval = fc.constantFrom(...INTERVALS);

describe("the same minute always has the same candle", () => {
  test("whatever window it is asked for with, forward or backward, once or twice", () => {
    const size = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(one, interval, second, size, size, (symbol, i, from, length, limit) => {
        const span = length * (INTRADAY_SECONDS[i] ?? 10 * DAY);
        const whole = rowsOf(candles(symbol, i, from, from + span));
        expect(rowsOf(candles(symbol, i, from, from + span))).toEqual(whole);
        const page = (backward: boolean) =>
          rowsOf(simulatedCandles(symbol, { interval: i, from, to: from + span, limit, backward }, FAR));
        expect(page(false)).toEqual(whole.slice(0, limit));
        expect(page(true)).toEqual(whole.slice(-limit));
        const part = rowsOf(candles(symbol, i, from + span / 3, from + span));
        expect(part).toEqual(whole.filter(({ time }) => time >= from + span / 3));
      }),
      { numRuns: 150 },
    );
  });

  test("whenever it is asked for after it has closed", () => {
    fc.assert(
      fc.property(one, second, fc.nat({ max: 400 * DAY }), (symbol, from, later) => {
        const end = from + 3 * DAY;
        const then = rowsOf(candles(symbol, "1h", from, end, end + HOUR));
        expect(rowsOf(candles(symbol, "1h", from, end, end + HOUR + later))).toEqual(then);
      }),
      { numRuns: 50 },
    );
  });

  test("and two symbols of one kind do not move alike", () => {
    const closes = (symbol: string) =>
      [...candles({ ...AAPL, symbol }, "1d", day("2026-01-01"), day("2026-06-01")).close].map((close, i, all) =>
        Math.sign(close - all[Math.max(0, i - 1)]),
      );
    const a = closes("ZZONE");
    const agree = closes("ZZTWO").filter((sign, i) => sign === a[i]).length;
    expect(agree / a.length).toBeLessThan(0.75);
    expect(agree / a.length).toBeGreaterThan(0.25);
  });
});

describe("coarser candles are exactly what their minutes add up to", () => {
  test.each(NAMED)("%s, a month of minutes in every interval", (_symbol, symbol) => {
    // Holidays, an early close, a late opening; the months and weeks at the edges are only there in part and left out.
    const from = day("2025-12-01");
    const to = day("2026-01-05");
    const minutes = candles(symbol, "1m", from - DAY, to + DAY);
    for (const coarse of INTERVALS.slice(1)) {
      const end = coarse === "1M" ? day("2026-01-01") : to;
      const direct = rowsOf(candles(symbol, coarse, from, end));
      const added = rowsOf(resample(minutes, marketFor(symbol), "1m", coarse));
      expect(direct.length, coarse).toBeGreaterThan(0);
      expect(direct, coarse).toEqual(added.filter(({ time }) => time >= from && time < end));
    }
  });

  test("those that are forming too", () => {
    fc.assert(
      fc.property(one, fc.constantFrom(...INTERVALS.slice(1)), second, (symbol, coarse, now) => {
        const candle = forming(symbol, coarse, now);
        const dated = INTRADAY_SECONDS[coarse] === null;
        const from = dated ? candle.time - DAY : candle.time;
        const minutes = candles(symbol, "1m", from, now + 1, now);
        const added = rowsOf(resample(minutes, marketFor(symbol), "1m", coarse));
        expect(added.at(-1)).toEqual(candle);
      }),
      { numRuns: 60 },
    );
  });
});

describe("sessions are kept", () => {
  test.each([NPN, AAPL, EUR_USD].map((symbol) => [symbol.symbol, symbol] as const))(
    "%s has a daily candle on every trading date of 2025 to 2027 and on no holiday and no weekend",
    (_symbol, symbol) => {
      const dates = [...candles(symbol, "1d", day("2025-01-01"), day("2028-01-01")).time];
      const trading = datesOf(2025, 2027).filter((date) => sessionOn(marketFor(symbol), day(date)));
      expect(dates).toEqual(trading.map(day));
      expect(trading.some((date) => weekdayOf(date) % 6 === 0)).toBe(false);
    },
  );

  test("every intraday candle is one of the calendar's buckets, and every bucket has one", () => {
    fc.assert(
      fc.property(one, fc.constantFrom("1m", "15m", "1h", "4h"), second, (symbol, i, from) => {
        const to = from + 20 * (INTRADAY_SECONDS[i] ?? DAY);
        const expected = bucketsBetween(marketFor(symbol), i, from, to, 1000).map(({ time }) => time);
        expect([...candles(symbol, i, from, to).time]).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });

  test("crypto trades on Christmas, shares do not", () => {
    const count = (symbol: Instrument) => candles(symbol, "1h", day("2026-12-25"), day("2026-12-26")).length;
    expect([BTC, NPN, AAPL].map(count)).toEqual([24, 0, 0]);
  });

  test("nothing is known before the simulator's first date and nothing after now", () => {
    expect(candles(BTC, "1d", 0, SIMULATED_FROM).length).toBe(0);
    expect(candles(BTC, "1d", 0, SIMULATED_FROM + 1).length).toBe(1);
    const now = day("2026-07-15") + 12 * HOUR;
    expect(candles(BTC, "1h", now, now + DAY, now).length).toBe(0);
    expect([...candles(BTC, "1h", now - 2 * HOUR, now + DAY, now + 1).time]).toEqual([now - 2 * HOUR, now - HOUR, now]);
  });
});

describe("the forming candle", () => {
  test("is what its elapsed seconds add up to, second by second", () => {
    for (const symbol of [BTC, NPN, EUR_USD]) {
      const start = newYork("2026-07-15", "09:30") - (symbol === NPN ? 2 * HOUR : 0);
      const market = marketFor(symbol);
      const session = sessionOf(market, start);
      if (!session) throw new Error("the market is open then");
      const profile = profileOf(symbol);
      const unit = 10 ** -profile.decimals;
      let high = 0;
      let low = Number.POSITIVE_INFINITY;
      let traded = 0;
      const hour = sessionHours(profile, session).find(({ to }) => to > start);
      if (!hour) throw new Error("the session has an hour then");
      visitParts(hour, session.anchor, 1, start, start + 150, (tick) => {
        const now = tick.to;
        if ((now - 1) % 60 === 0) {
          high = 0;
          low = Number.POSITIVE_INFINITY;
          traded = 0;
        }
        high = Math.max(high, tick.high);
        low = Math.min(low, tick.low);
        traded += tick.volume;
        const candle = forming(symbol, "1m", now);
        expect(candle.time).toBe(Math.floor((now - 1) / 60) * 60);
        expect(candle.close).toBeCloseTo(tick.close * unit, 9);
        expect(candle.high).toBeCloseTo(high * unit, 9);
        expect(candle.low).toBeCloseTo(low * unit, 9);
        expect(candle.volume).toBe(profile.dailyVolume === null ? null : traded * profile.volumeStep);
      });
    }
  });

  test("only grows: its open stays, its high never falls, its low never rises, its volume never shrinks", () => {
    fc.assert(
      fc.property(one, interval, second, fc.integer({ min: 1, max: 3 * HOUR }), (symbol, i, now, later) => {
        const before = forming(symbol, i, now);
        const after = rowsOf(candles(symbol, i, before.time, before.time + 1, now + later))[0];
        expect(after.open).toBe(before.open);
        expect(Number(after.high)).toBeGreaterThanOrEqual(Number(before.high));
        expect(Number(after.low)).toBeLessThanOrEqual(Number(before.low));
        expect(Number(after.volume)).toBeGreaterThanOrEqual(Number(before.volume));
      }),
      { numRuns: 200 },
    );
  });

  test("never changes a closed one", () => {
    fc.assert(
      fc.property(one, fc.constantFrom("1m", "1h", "1d"), second, (symbol, i, now) => {
        const query = { interval: i, from: 0, to: now + 2 * DAY, limit: 6, backward: true } as const;
        const seen = rowsOf(simulatedCandles(symbol, query, now)).slice(0, -1);
        const later = rowsOf(candles(symbol, i, seen[0].time, seen[seen.length - 1].time + 1, FAR));
        expect(later).toEqual(seen);
      }),
      { numRuns: 60 },
    );
  });

  test("does not use up a page before its first second: the last 5 are 5 at every second of a minute", () => {
    const start = day("2026-07-15") + 12 * HOUR;
    for (const now of [start - 1, start, start + 0.5, start + 1]) {
      const query = { interval: "1m", from: 0, to: start + HOUR, limit: 5, backward: true } as const;
      const times = [...simulatedCandles(BTC, query, now).time];
      const last = now < start + 1 ? start - 60 : start;
      expect(times).toEqual([4, 3, 2, 1, 0].map((n) => last - n * 60));
    }
  });

  test("of a forex day is there from the evening on, hours before its stamp", () => {
    const evening = newYork("2026-07-14", "17:00");
    expect(forming(EUR_USD, "1d", evening).time).toBe(day("2026-07-14"));
    expect(forming(EUR_USD, "1d", evening + 1).time).toBe(day("2026-07-15"));
    expect(forming(EUR_USD, "1w", newYork("2026-07-12", "17:30")).time).toBe(day("2026-07-13"));
  });
});

describe("a simulated quote", () => {
  test("has the price of the minute candle that forms at the same second, between bid and ask", () => {
    fc.assert(
      fc.property(one, second, (symbol, now) => {
        const quote = simulatedQuote(symbol, now);
        const candle = forming(symbol, "1m", now);
        expect(quote?.price).toBe(candle.close);
        const { bid, ask, price, high, low } = quote ?? {};
        expect(Number(bid)).toBeLessThanOrEqual(Number(price));
        expect(Number(ask)).toBeGreaterThan(Number(price));
        expect(Number(high)).toBeGreaterThanOrEqual(Number(price));
        expect(Number(low)).toBeLessThanOrEqual(Number(price));
      }),
      { numRuns: 300 },
    );
  });

  test("says that it is simulated, who made it, and in what it is counted", () => {
    expect(simulatedQuote(NPN, unixTime("2026-06-17T10:00:00.250Z"))).toMatchObject({
      symbol: "JSE:NPN",
      simulated: true,
      provider: "simulator",
      currency: "ZAR",
      price_unit: "ZAc",
      volume_unit: "shares",
      exchange: "JSE",
      market_cap: null,
      window: "session",
      timestamp: "2026-06-17T10:00:00.000Z",
      received_at: "2026-06-17T10:00:00.250Z",
    });
  });

  test("of a session market covers the session: the forming daily candle, against the last session's close", () => {
    fc.assert(
      fc.property(fc.constantFrom(NPN, AAPL, EUR_USD, UNKNOWN_SHARE), second, (symbol, now) => {
        const quote = simulatedQuote(symbol, now);
        const { open, high, low, close, volume, time } = forming(symbol, "1d", now);
        expect(quote).toMatchObject({ open, high, low, price: close, volume });
        const before = previousSession(marketFor(symbol), time);
        const prior = candleAt(candles(symbol, "1m", (before?.close ?? 0) - 60, before?.close ?? 0), 0);
        expect(quote?.previous_close).toBe(prior.close);
      }),
      { numRuns: 100 },
    );
  });

  test("of crypto covers 24 hours of minutes, against the price 24 hours ago", () => {
    fc.assert(
      fc.property(fc.constantFrom(BTC, UNKNOWN_COIN), second, (symbol, now) => {
        const quote = simulatedQuote(symbol, now);
        const minutes = rowsOf(candles(symbol, "1m", Math.ceil(now / 60) * 60 - DAY, now + 1, now));
        expect(minutes).toHaveLength(1440);
        expect(quote).toMatchObject({
          window: "24h",
          open: minutes[0].open,
          previous_close: minutes[0].open,
          high: Math.max(...minutes.map(({ high }) => Number(high))),
          low: Math.min(...minutes.map(({ low }) => Number(low))),
          volume: minutes.reduce((sum, { volume }) => sum + Number(volume), 0),
        });
      }),
      {
        numRuns: 25,
        examples: [
          [BTC, day("2026-07-15")],
          [BTC, day("2026-07-15") + 60],
        ],
      },
    );
  });

  test("says a change that agrees with its price and previous close", () => {
    fc.assert(
      fc.property(one, second, (symbol, now) => {
        const quote = simulatedQuote(symbol, now);
        const difference = Number(quote?.price) - Number(quote?.previous_close);
        expect(quote?.change).toBeCloseTo(difference, 9);
        expect(quote?.change_percent).toBeCloseTo((difference / Number(quote?.previous_close)) * 100, 3);
      }),
      { numRuns: 50 },
    );
  });

  test("while the market is closed is the last one of the last session, stamped with its close", () => {
    const close = newYork("2026-07-10", "16:00");
    const last = simulatedQuote(AAPL, close);
    expect(last?.timestamp).toBe(new Date(close * 1000).toISOString());
    for (const now of [close + 1, newYork("2026-07-12", "12:00"), newYork("2026-07-13", "09:30")]) {
      expect(simulatedQuote(AAPL, now)).toEqual({ ...last, received_at: new Date(now * 1000).toISOString() });
    }
    const monday = simulatedQuote(AAPL, newYork("2026-07-13", "09:31"));
    expect(monday?.previous_close).toBe(last?.price);
    expect(monday?.timestamp).toBe(new Date(newYork("2026-07-13", "09:31") * 1000).toISOString());
  });

  test("of a JSE share on a half day is closed from noon, and its candles end there", () => {
    const noon = unixTime("2026-12-24T12:00:00+02:00");
    const last = simulatedQuote(NPN, noon);
    expect(last?.timestamp).toBe("2026-12-24T10:00:00.000Z");
    for (const now of [noon + 1, noon + 4 * HOUR]) {
      expect(simulatedQuote(NPN, now)).toEqual({ ...last, received_at: new Date(now * 1000).toISOString() });
    }
    const hours = rowsOf(candles(NPN, "1h", day("2026-12-24"), day("2026-12-25")));
    expect(hours.map(({ time }) => (time - day("2026-12-24")) / HOUR)).toEqual([7, 8, 9]);
    expect(hours.at(-1)?.close).toBe(last?.price);
    expect(forming(NPN, "1d", noon + 4 * HOUR)).toMatchObject({ time: day("2026-12-24"), close: last?.price });
  });

  test("of one second is the same whenever within it is asked, and its time is that second", () => {
    const now = day("2026-07-15") + 43_210;
    const { received_at: _a, ...early } = simulatedQuote(BTC, now) ?? {};
    const { received_at: _b, ...late } = simulatedQuote(BTC, now + 0.999) ?? {};
    expect(late).toEqual(early);
  });
});

describe("every candle is one that a market could make", () => {
  test.each(NAMED)("%s: high ≥ open, close ≥ low > 0, whole ticks, volume from 0", (_symbol, symbol) => {
    fc.assert(
      fc.property(interval, second, (i, from) => {
        for (const { open, high, low, close, volume } of rowsOf(
          candles(symbol, i, from, from + 30 * (INTRADAY_SECONDS[i] ?? 10 * DAY)),
        )) {
          const prices = [open, high, low, close].map(Number);
          expect(Math.max(...prices)).toBe(high);
          expect(Math.min(...prices)).toBe(low);
          expect(low).toBeGreaterThan(0);
          for (const price of prices) expect(Number(price.toFixed(symbol.price_decimals))).toBe(price);
          if (symbol.volume_unit === null) expect(volume).toBeNull();
          else if (symbol.type !== "index") expect(volume).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 40 },
    );
  });

  test("each minute opens where the one before it closed, within a session", () => {
    for (const symbol of EVERY) {
      const session = sessionOn(marketFor(symbol), day("2026-07-15"));
      const minutes = rowsOf(candles(symbol, "1m", session?.open ?? 0, session?.close ?? 0));
      expect(minutes.slice(1).map(({ open }) => open)).toEqual(minutes.slice(0, -1).map(({ close }) => close));
    }
  });

  test("each session of a market that never pauses for a night opens where the one before it closed", () => {
    for (const symbol of [BTC, BTC_USD, UNKNOWN_COIN, EUR_USD, EUR_GBP, ETH_BTC, BTC_ZAR]) {
      const days = rowsOf(candles(symbol, "1d", day("2025-01-01"), day("2028-01-01")));
      const opens = days.slice(1).map(({ open }) => open);
      expect(opens, symbol.symbol).toEqual(days.slice(0, -1).map(({ close }) => close));
    }
  });

  /** The deviation of the logs of close to close. */
  function volatility(symbol: Instrument, i: Interval, from: string, to: string): number {
    const closes = candles(symbol, i, day(from), day(to)).close;
    const returns = Array.from({ length: closes.length - 1 }, (_, n) => Math.log(closes[n + 1] / closes[n]));
    const mean = returns.reduce((sum, value) => sum + value, 0) / returns.length;
    return Math.sqrt(returns.reduce((sum, value) => sum + (value - mean) ** 2, 0) / returns.length);
  }

  test.each([
    ["crypto", BTC, 0.02, 0.045],
    ["an unknown coin", UNKNOWN_COIN, 0.02, 0.045],
    ["a JSE share", NPN, 0.011, 0.025],
    ["a US share", AAPL, 0.011, 0.025],
    ["forex", EUR_USD, 0.004, 0.01],
    ["a cross", EUR_GBP, 0.004, 0.012],
  ] as const)("%s moves in a day as much as its class does", (_name, symbol, least, most) => {
    for (const [from, to] of [
      ["2015-01-01", "2018-01-01"],
      ["2024-01-01", "2027-12-31"],
    ]) {
      const daily = volatility(symbol, "1d", from, to);
      expect(daily).toBeGreaterThan(least);
      expect(daily).toBeLessThan(most);
    }
  });

  test("a minute moves far less than a day and more than nothing", () => {
    for (const symbol of [BTC, AAPL, NPN, EUR_USD]) {
      const minute = volatility(symbol, "1m", "2026-07-13", "2026-07-16");
      const daily = volatility(symbol, "1d", "2025-01-01", "2027-01-01");
      expect(minute).toBeLessThan(daily / 5);
      expect(minute).toBeGreaterThan(daily / 200);
    }
  });

  test("never jumps by a quarter from one day to the next", () => {
    for (const symbol of [BTC, AAPL, NPN, EUR_USD, EUR_GBP, ETH_BTC]) {
      const closes = [...candles(symbol, "1d", SIMULATED_FROM, FAR).close];
      const jumps = closes.slice(1).map((close, i) => Math.abs(Math.log(close / closes[i])));
      expect(Math.max(...jumps), symbol.symbol).toBeLessThan(Math.log(1.25));
    }
  });
});

describe("an instrument that costs next to nothing", () => {
  // One or two ticks of 1e-8: there is hardly room to move.
  const profile = { ...profileOf(UNKNOWN_COIN), level: 2e-8, decimals: 8 };

  test("has whole ticks from 1, and every split of its day adds up to the day", () => {
    for (const date of datesOf(2026, 2026)) {
      const session = sessionOn(profile.market, day(date));
      if (!session) throw new Error("crypto always trades");
      const hours = sessionHours(profile, session);
      const { key: _whole, ...expected } = wholeSession(profile, session);
      const prices = hours.flatMap(({ open, high, low, close }) => [open, high, low, close]);
      expect(prices.every((ticks) => Number.isInteger(ticks) && ticks >= 1)).toBe(true);
      const parts = hours.flatMap((hour) => split(hour, 300, session.anchor));
      const { key: _parts, ...added } = parts.slice(1).reduce((sum, part) => join(sum, part), parts[0]);
      expect(added).toEqual(expected);
    }
  });

  test("is quoted with a bid above nothing", () => {
    fc.assert(
      fc.property(
        second,
        fc.constantFrom("stock", "etf", "index"),
        fc.integer({ min: 0, max: 12 }),
        (now, type, decimals) => {
          const symbol = instrument(`ZZCHEAP${decimals}`, { type, price_decimals: decimals });
          const quote = simulatedQuote(symbol, now);
          expect(Number(quote?.bid)).toBeGreaterThan(0);
          expect(Number(quote?.ask)).toBeGreaterThan(Number(quote?.price));
          expect(Number(quote?.bid)).toBeLessThanOrEqual(Number(quote?.price));
        },
      ),
      { numRuns: 100 },
    );
  });
});

test("any split of any hour adds up to it, part after part", () => {
  fc.assert(
    fc.property(fc.constantFrom(...EVERY), second, fc.constantFrom(...LEVELS), (symbol, time, length) => {
      const market = marketFor(symbol);
      const session = sessionOf(market, time) ?? previousSession(market, time);
      if (!session) throw new Error("a market has traded before");
      const hours = sessionHours(profileOf(symbol), session);
      const whole = hours[time % hours.length];
      const parts = split(whole, length, session.anchor);
      const { key: _whole, cross: _ofWhole, ...expected } = whole;
      const {
        key: _parts,
        cross: _ofParts,
        ...added
      } = parts.slice(1).reduce((sum, part) => join(sum, part), parts[0]);
      expect(added).toEqual(expected);
      const sound = parts.filter(
        ({ open, high, low, close, volume, from }, i) =>
          high >= Math.max(open, close) &&
          low <= Math.min(open, close) &&
          low >= 1 &&
          volume >= 0 &&
          isOpen(market, from) &&
          (i === 0 || (open === parts[i - 1].close && from === parts[i - 1].to)),
      );
      expect(sound).toEqual(parts);
    }),
    { numRuns: 100 },
  );
});
