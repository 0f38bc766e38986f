import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Instrument, instrumentOf } from "../../contracts/symbol.ts";
import { candleAt } from "../../core/candles.ts";
import type { Interval } from "../../core/interval.ts";
import { marketOf } from "../../core/market-calendar/markets.ts";
import { isOpen } from "../../core/market-calendar/sessions.ts";
import { COINS } from "../../providers/simulator/levels.ts";
import { SIMULATED_FROM, simulatedCandles, simulatedQuote } from "../../providers/simulator/simulator.ts";
import { REFERENCE_SYMBOLS } from "../../storage/registry/reference-data.ts";
import { unixTime } from "../core/clock.ts";
import { sharedText } from "../core/shared-data.ts";

const HOUR = 3600;
const DAY = 86_400;
const FAR = unixTime("2030-01-01T00:00:00Z");

const REFERENCE = new Map(REFERENCE_SYMBOLS.map((record) => [record.symbol, instrumentOf(record)]));

function reference(symbol: string): Instrument {
  const found = REFERENCE.get(symbol);
  if (!found) throw new Error(`${symbol} is no reference symbol`);
  return found;
}

/** A symbol that an operator might add. */
const added = (symbol: string, like: string, facts: Partial<Instrument> = {}): Instrument => ({
  ...reference(like),
  symbol,
  ...facts,
});

/** The published level of each reference symbol. */
function levels(text: string): [symbol: string, level: number][] {
  const rows = text.trim().split("\n").slice(1);
  return rows.map((row) => row.split(",")).map(([symbol, level]) => [symbol, Number(level)]);
}

function closes(one: Instrument, interval: Interval, from: number, to: number): number[] {
  return [...simulatedCandles(one, { interval, from, to, limit: 100_000, backward: false }, FAR).close];
}

/** The price of the minute that begins or ends at a time; null where there is none. */
function minuteAt(one: Instrument, time: number): { open: number; close: number } | null {
  const query = { interval: "1m", from: time, to: time + 60, limit: 1, backward: false } as const;
  const columns = simulatedCandles(one, query, FAR);
  if (columns.length === 0) return null;
  const { open, close } = candleAt(columns, 0);
  return { open: Number(open), close: Number(close) };
}

/** What the last minute before `time` closed at: a market that is closed stays there. */
function lastPrice(one: Instrument, time: number): number {
  const query = { interval: "1m", from: 0, to: time, limit: 1, backward: true } as const;
  return simulatedCandles(one, query, time).close[0];
}

describe("simulated prices", () => {
  test("are within a fifth of the published level in the year around it, and within a factor of 1.75 always", ({
    skip,
  }) => {
    const published = levels(sharedText(skip, "levels.csv"));
    expect(published.map(([symbol]) => symbol).toSorted()).toEqual(
      [...REFERENCE.keys()].filter((symbol) => !symbol.startsWith("SIM:")).toSorted(),
    );
    for (const [symbol, level] of published) {
      const near = closes(reference(symbol), "1d", unixTime("2026-09-01T00:00:00Z"), unixTime("2027-02-01T00:00:00Z"));
      expect(Math.max(...near) / level, symbol).toBeLessThan(1.25);
      expect(level / Math.min(...near), symbol).toBeLessThan(1.25);
      const all = closes(reference(symbol), "1w", SIMULATED_FROM, FAR);
      expect(Math.max(...all) / level, symbol).toBeLessThan(1.75);
      expect(level / Math.min(...all), symbol).toBeLessThan(1.75);
    }
  });

  test("of coins are quoted with the decimals that the registry has for them", () => {
    for (const [code, { decimals }] of Object.entries(COINS)) {
      expect(reference(`${code}/USDT`).price_decimals, code).toBe(decimals);
    }
  });

  /** Half a decade around what is usual for the kind. */
  test.each([
    ["a JSE share in cents", added("JSE:ZZZ", "JSE:NPN"), 1_000, 150_000],
    ["a JSE share in rand", added("JSE:ZZZ", "JSE:NPN", { price_unit: "ZAR", price_decimals: 2 }), 10, 1_500],
    ["a JSE ETF in cents", added("JSE:STX40", "JSE:NPN", { type: "etf" }), 1_000, 30_000],
    ["a JSE index in points", added("JSE:J203", "JSE:NPN", { type: "index", price_unit: "points" }), 3_000, 200_000],
    ["a US share", added("ZZZ", "AAPL"), 10, 700],
    ["an unknown coin", added("ZZZ/USDT", "ADA/USDT"), 0.05, 100],
    ["gold", added("XAU/USD", "EUR/USD", { type: "commodity", price_decimals: 2 }), 2_500, 6_500],
    ["gold in rand cents", added("GOLD", "JSE:NPN", { type: "commodity" }), 4_000_000, 12_000_000],
    ["the dollar in kroner", added("USD/SEK", "EUR/USD"), 7, 13],
    ["the dollar in an unknown currency", added("USD/XYZ", "EUR/USD"), 0.5, 100],
    ["a token that follows the dollar", added("USDC/USDT", "XRP/USDT"), 0.99, 1.01],
  ])("of %s that is added are plausible for its kind", (_kind, one, least, most) => {
    const all = closes(one, "1w", SIMULATED_FROM, FAR);
    expect(Math.min(...all)).toBeGreaterThan(least);
    expect(Math.max(...all)).toBeLessThan(most);
  });

  test("of two classes of one company's shares go together", () => {
    for (const [a, b, ratio] of [["GOOG", "GOOGL", 1] as const, ["JSE:INL", "JSE:INP", 13_400 / 13_500] as const]) {
      const first = closes(reference(a), "1d", unixTime("2026-01-01T00:00:00Z"), unixTime("2027-01-01T00:00:00Z"));
      const second = closes(reference(b), "1d", unixTime("2026-01-01T00:00:00Z"), unixTime("2027-01-01T00:00:00Z"));
      first.forEach((price, i) => {
        expect(Math.abs(price / second[i] / ratio - 1)).toBeLessThan(0.001);
      });
    }
  });
});

/** A cross and what it is by definition, from its legs' prices in the order given. */
interface CrossCase {
  cross: Instrument;
  legs: Instrument[];
  value: (...prices: number[]) => number;
}

const product = (a: number, b: number): number => a * b;
const ratio = (a: number, b: number): number => a / b;
const ofReference = (symbol: string, legs: string[], value: CrossCase["value"]): CrossCase => ({
  cross: reference(symbol),
  legs: legs.map(reference),
  value,
});
const ofAdded = (cross: Instrument, legs: string[], value: CrossCase["value"]): CrossCase => ({
  cross,
  legs: legs.map(reference),
  value,
});

const CROSSES: CrossCase[] = [
  ofReference("EUR/GBP", ["EUR/USD", "GBP/USD"], ratio),
  ofReference("EUR/JPY", ["EUR/USD", "USD/JPY"], product),
  ofReference("EUR/ZAR", ["EUR/USD", "USD/ZAR"], product),
  ofReference("GBP/ZAR", ["GBP/USD", "USD/ZAR"], product),
  ofReference("BTC/USD", ["BTC/USDT"], (price) => price),
  ofReference("ETH/USD", ["ETH/USDT"], (price) => price),
  ofAdded(added("NZD/CAD", "EUR/USD", { currency: "CAD", price_unit: "CAD" }), ["NZD/USD", "USD/CAD"], product),
  ofAdded(added("CAD/JPY", "USD/JPY"), ["USD/JPY", "USD/CAD"], ratio),
  ofAdded(added("AUD/NZD", "EUR/USD"), ["AUD/USD", "NZD/USD"], ratio),
  ofAdded(added("USD/EUR", "EUR/USD"), ["EUR/USD"], (price) => 1 / price),
  ofAdded(added("ZAR/JPY", "USD/JPY", { price_decimals: 5 }), ["USD/JPY", "USD/ZAR"], ratio),
  ofAdded(added("ETH/BTC", "ETH/USDT", { price_decimals: 6 }), ["ETH/USDT", "BTC/USDT"], ratio),
  ofAdded(added("DOGE/BTC", "DOGE/USDT", { price_decimals: 10 }), ["DOGE/USDT", "BTC/USDT"], ratio),
  ofAdded(added("BTC/ZAR", "BTC/USDT"), ["BTC/USDT", "USD/ZAR"], product),
  ofAdded(added("XRP/EUR", "XRP/USDT", { price_decimals: 5 }), ["XRP/USDT", "EUR/USD"], ratio),
  ofAdded(added("USDT/ZAR", "BTC/USDT", { price_decimals: 5 }), ["USD/ZAR"], (price) => price),
];
const NAMED = CROSSES.map((each) => [each.cross.symbol, each] as const);

/** Any hour that begins in the years whose calendars are known, holidays and weekends included. */
const hour = fc
  .integer({ min: unixTime("2025-01-10T00:00:00Z") / HOUR, max: unixTime("2027-12-30T00:00:00Z") / HOUR })
  .map((hours) => hours * HOUR);

describe("a cross", () => {
  test.each(NAMED)(
    "%s is what its legs make it, to a tick, at each hour's opening",
    (_symbol, { cross, legs, value }) => {
      const tick = 10 ** -cross.price_decimals;
      fc.assert(
        fc.property(hour, (time) => {
          const opened = minuteAt(cross, time);
          if (!opened) return;
          const expected = value(...legs.map((leg) => minuteAt(leg, time)?.open ?? lastPrice(leg, time)));
          expect(Math.abs(opened.open - expected)).toBeLessThanOrEqual(tick * 1.001);
        }),
        { numRuns: 60 },
      );
    },
  );

  test.each(NAMED)(
    "%s is what its legs make it, within 0.2 %, at each minute's close and each second",
    (_symbol, each) => {
      const { cross, legs, value } = each;
      const tick = 10 ** -cross.price_decimals;
      fc.assert(
        fc.property(
          hour,
          fc.integer({ min: 1, max: 60 }),
          fc.integer({ min: 1, max: HOUR }),
          (time, minute, second) => {
            for (const now of [time + minute * 60, time + second]) {
              if (!isOpen(marketOf(cross.primary_exchange), now - 1)) continue;
              const expected = value(...legs.map((leg) => Number(simulatedQuote(leg, now)?.price)));
              const price = Number(simulatedQuote(cross, now)?.price);
              expect(Math.abs(price - expected)).toBeLessThanOrEqual(Math.max(0.002 * expected, tick * 1.001));
            }
          },
        ),
        { numRuns: 30 },
      );
    },
  );

  test("in rand has no jump when the rand's week begins, and moves with bitcoin alone over the weekend", () => {
    const saturday = unixTime("2026-07-11T00:00:00Z");
    const bitcoin = closes(reference("BTC/USDT"), "1h", saturday, saturday + DAY);
    const inRand = closes(added("BTC/ZAR", "BTC/USDT"), "1h", saturday, saturday + DAY);
    const rand = inRand.map((price, i) => price / bitcoin[i]);
    expect(Math.max(...rand) - Math.min(...rand)).toBeLessThan(0.0001);
    expect(rand[0]).toBeCloseTo(lastPrice(reference("USD/ZAR"), saturday), 3);
    const sunday = unixTime("2026-07-12T21:00:00Z");
    const before = minuteAt(added("BTC/ZAR", "BTC/USDT"), sunday - 60);
    expect(minuteAt(added("BTC/ZAR", "BTC/USDT"), sunday)?.open).toBe(before?.close);
  });
});
