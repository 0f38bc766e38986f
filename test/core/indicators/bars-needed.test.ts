import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bucketsBackward, bucketsForward, countBuckets } from "../../../core/buckets.ts";
import { type CandleColumns, emptyCandles } from "../../../core/candles.ts";
import { CATALOG, DEFAULT_INDICATORS } from "../../../core/indicators/catalog.ts";
import {
  type BarsQuery,
  barsNeeded,
  type HistoryPage,
  MAX_POINTS,
  type ReadPage,
  readBars,
} from "../../../core/indicators/history.ts";
import { type IndicatorSpec, parseSpec } from "../../../core/indicators/spec.ts";
import { INTERVALS, type Interval } from "../../../core/interval.ts";
import { type Market, marketOf } from "../../../core/market-calendar/markets.ts";

const EXCHANGES = ["BINANCE", "NASDAQ", "JSE", "FOREX"] as const;
const MARKETS = EXCHANGES.map((exchange) => marketOf(exchange));
const NOW = Date.UTC(2026, 10, 27, 14, 3) / 1000;
const DAY = 86_400;
const FIRST_BAR_OF_CRYPTO = Date.UTC(2009, 0, 3) / 1000;

/** A series that is read from: the bars of its market's sessions, but for gaps. */
interface Series {
  market: Market;
  interval: Interval;
  /** Unix seconds; no bar is older. */
  begins: number;
  /** Unix seconds; bars are older than that. */
  ends: number;
  /** Of that many days in a row the first one has no bars; 0 for no such days. */
  gapEvery: number;
  provider: string | null;
}

const UNBROKEN = { begins: 0, ends: NOW, gapEvery: 0, provider: "simulator" };

/** A reader of a series that counts the bars that it has read. */
function spyOn(series: Series): { read: ReadPage<HistoryPage>; bars: () => number } {
  const { market, interval, ends, gapEvery, provider } = series;
  const begins = market.id === "CRYPTO" ? Math.max(series.begins, FIRST_BAR_OF_CRYPTO) : series.begins;
  let bars = 0;
  const read: ReadPage<HistoryPage> = async (from, to, limit, backward) => {
    const first = Math.max(from, begins);
    const end = Math.min(to, ends);
    const times: number[] = [];
    let more = false;
    const buckets = backward ? bucketsBackward(market, interval, end) : bucketsForward(market, interval, first);
    for (const { time } of buckets) {
      if (time < first || time >= end) break;
      if (gapEvery > 0 && Math.floor(time / DAY) % gapEvery === 0) continue;
      more = times.length === limit;
      if (more) break;
      times.push(time);
    }
    bars += times.length;
    return { candles: columnsOf(backward ? times.reverse() : times), more, facts: { provider } };
  };
  return { read, bars: () => bars };
}

function columnsOf(times: readonly number[]): CandleColumns {
  const candles = emptyCandles(times.length);
  candles.time.set(times);
  return candles;
}

/** The bars that are read for a question, and how many are said to be needed. */
async function readFor(
  specs: readonly IndicatorSpec[],
  series: Series,
  query: BarsQuery,
): Promise<{ read: number; needed: number }> {
  const spy = spyOn(series);
  await readBars(spy.read, series.market, specs, query, NOW);
  return { read: spy.bars(), needed: barsNeeded(specs, series.market, query, NOW) };
}

const lastBars = (interval: Interval, points: number): BarsQuery => ({
  ...{ interval, points, from: null, to: null },
  includeOpen: false,
});

const EVERY_SERIES = MARKETS.flatMap((market) => INTERVALS.map((interval) => ({ id: market.id, market, interval })));

describe.each(EVERY_SERIES)("of $id at $interval", ({ market, interval }) => {
  test("RSI:14 reads the bars that are asked for and those from which it converges, and no others", async () => {
    const specs = [parseSpec("RSI:14")];
    const { read, needed } = await readFor(specs, { ...UNBROKEN, market, interval }, lastBars(interval, 100));
    expect(read).toBeLessThanOrEqual(needed);
    expect(needed).toBeLessThan(600);
  });

  test("the default ten read nearly as many bars as they are said to need, far fewer than 86,000", async () => {
    const specs = DEFAULT_INDICATORS.map(parseSpec);
    const { read, needed } = await readFor(specs, { ...UNBROKEN, market, interval }, lastBars(interval, 100));
    expect(read).toBeLessThanOrEqual(needed);
    expect(needed).toBeLessThan(15_000);
    // Of months crypto has fewer than that.
    const begins = market.id === "CRYPTO" ? FIRST_BAR_OF_CRYPTO : UNBROKEN.begins;
    const available = countBuckets(market, interval, begins, NOW);
    expect(read).toBeGreaterThan(Math.min(needed, available) / 2);
  });
});

const examples = CATALOG.flatMap(({ name, example }) => [name, example]);
/** What looks far back, or runs since a point in time. */
const FAR = ["RSI:1000", "EMA:999", "VWAP:session", "VWAP:week", "VWAP:month", "VWAP:first", "OBV", "ADL"];

const anySpecs = fc
  .array(fc.constantFrom(...examples, ...FAR, ...FAR), { minLength: 1, maxLength: 4 })
  .map((texts) => texts.map(parseSpec));

const anyTime = fc.integer({ min: Date.UTC(2021, 0, 1) / 1000, max: NOW });

const anyQuestion = fc.record({
  specs: anySpecs,
  series: fc.record({
    market: fc.constantFrom(...MARKETS),
    interval: fc.constantFrom(...INTERVALS),
    begins: fc.constantFrom(0, Date.UTC(2019, 0, 1) / 1000),
    ends: fc.oneof(fc.constant(NOW), anyTime),
    gapEvery: fc.constantFrom(0, 0, 2, 5, 30),
    provider: fc.constant("simulator"),
  }),
  points: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: MAX_POINTS })),
  from: fc.option(anyTime),
  to: fc.option(anyTime),
  includeOpen: fc.boolean(),
});

test("no calculation reads more bars than it is said to need, whatever it asks and whatever gaps a series has", async () => {
  await fc.assert(
    fc.asyncProperty(anyQuestion, async ({ specs, series, ...asked }) => {
      const { read, needed } = await readFor(specs, series, { interval: series.interval, ...asked });
      expect(read).toBeLessThanOrEqual(needed);
    }),
    { numRuns: 200 },
  );
});

test("the price of what runs since a point in time is the same on every day of a month", () => {
  const needs = Array.from({ length: 31 }, (_, day) =>
    ["VWAP:month", "VWAP:week", "OBV"].map((text) =>
      barsNeeded([parseSpec(text)], marketOf("NASDAQ"), lastBars("1m", 100), Date.UTC(2026, 6, 1 + day) / 1000),
    ),
  );
  expect(new Set(needs.map(String)).size).toBe(1);
});

describe("an imported series", () => {
  const market = marketOf("BINANCE");
  const read = async (texts: readonly string[], bars: number, points: number) => {
    const begins = NOW - 60 * bars;
    const spy = spyOn({ market, interval: "1m", begins, ends: NOW, gapEvery: 0, provider: "import" });
    const { bars: result } = await readBars(spy.read, market, texts.map(parseSpec), lastBars("1m", points), NOW);
    return { ...result, read: spy.bars() };
  };

  test("is read whole where running totals are asked for and it has no more than 40,000 bars", async () => {
    const { columns, anchor, fromTheBeginning } = await read(["OBV"], 39_000, 100);
    expect([columns.length, anchor, fromTheBeginning]).toEqual([39_000, null, true]);
  });

  test("that is longer is read no further than another, or than 40,000 bars, and anchored at a date", async () => {
    const { anchor, read: bars } = await read(["OBV", "RSI:1000"], 200_000, 5_000);
    expect(anchor).not.toBeNull();
    expect(bars).toBeLessThanOrEqual(40_001);
  });

  test("is read no further than another where no running totals are asked for", async () => {
    const { read: bars } = await read(["RSI:14"], 200_000, 100);
    expect(bars).toBeLessThanOrEqual(barsNeeded([parseSpec("RSI:14")], market, lastBars("1m", 100), NOW));
  });
});
