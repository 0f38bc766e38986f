import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Candle, type CandleColumns, candlesFrom, copyCandles, emptyCandles } from "../../core/candles.ts";
import { checkCandles } from "../../core/data-quality/check-candles.ts";
import { CHECKS, type SeriesRules } from "../../core/data-quality/finding.ts";
import { INTERVALS, type Interval } from "../../core/interval.ts";
import { MARKETS, type MarketId } from "../../core/market-calendar/markets.ts";
import { DAY, HOUR } from "../../core/time.ts";

const START = Date.UTC(2026, 2, 2) / 1000;
const NOW = Date.UTC(2026, 10, 22) / 1000;
const PRICES = ["open", "high", "low", "close"] as const;

const rules = (market: MarketId = "CRYPTO", interval: Interval = "1h", now = NOW): SeriesRules => ({
  market: MARKETS[market],
  interval,
  now,
});

const candle = (fields: Partial<Candle>): Candle => ({
  time: START,
  open: null,
  high: null,
  low: null,
  close: null,
  volume: null,
  revision: 0,
  suspect: false,
  ...fields,
});

/** Hourly candles with these closes and nothing else. */
const closes = (prices: readonly (number | null)[], step = HOUR): CandleColumns =>
  candlesFrom(prices.map((close, i) => candle({ time: START + i * step, close })));

/** A market that goes up and down by a percent or two, never twice at one price. */
const calm = (length: number): number[] =>
  Array.from({ length }, (_, i) => 100 * Math.exp(0.015 * Math.sin(i * 2.4) + 0.0001 * i));

/** The same as whole candles. */
const wholeCandles = (length: number): Candle[] =>
  calm(length).map((close, i, all) => {
    const open = all[i - 1] ?? close;
    const [high, low] = [Math.max(open, close) * 1.002, Math.min(open, close) * 0.998];
    return candle({ time: START + i * HOUR, open, high, low, close, volume: 10 + i });
  });

const found = (candles: CandleColumns, against = rules()): string[] =>
  checkCandles(candles, against).findings.map(({ check, index }) => `${check} ${index}`);

describe("a candle that no market can have made", () => {
  test.each([
    [{ high: 9, low: 10 }, "high 9 is below low 10"],
    [{ open: 12, high: 11, low: 10 }, "open 12 is above high 11"],
    [{ close: 9, low: 10 }, "close 9 is below low 10"],
    [{ close: 0 }, "close is 0; a price must be above 0"],
    [{ low: -1 }, "low is -1; a price must be above 0"],
    [{ high: Number.POSITIVE_INFINITY }, "high is infinite"],
    [{ close: 10, volume: -5 }, "volume is -5; it cannot be below 0"],
    [{ time: Number.NaN, close: 10 }, "its time is no time"],
  ])("%o is doubted: %s", (fields, detail) => {
    const { findings, suspect } = checkCandles(candlesFrom([candle(fields)]), rules());
    expect(findings).toMatchObject([{ index: 0, check: "impossible", detail }]);
    expect([...suspect]).toEqual([1]);
  });

  test("is not one with unknown fields, or with a close that was rounded above its high", () => {
    expect(found(candlesFrom([candle({}), candle({ time: START + HOUR, high: 7.660714, close: 7.660715 })]))).toEqual(
      [],
    );
  });

  test("may have a price below 0 where the market knows them", () => {
    const oil = candlesFrom([candle({ open: 18.27, high: 18.27, low: -40.32, close: -37.63 })]);
    expect(found(oil, { ...rules(), negativePrices: true })).toEqual([]);
  });
});

describe("the order of rows", () => {
  const timed = (times: number[], close = (i: number) => 100 + i) =>
    candlesFrom(times.map((hour, i) => candle({ time: START + hour * HOUR, close: close(i) })));

  test("one stray row is one finding, wherever it strayed from", () => {
    expect(found(timed([0, 1, 2, 9, 3, 4, 5]))).toEqual(["out_of_order 3"]);
    expect(found(timed([5, 6, 7, 0, 8, 9]))).toEqual(["out_of_order 3"]);
  });

  test("a row that is said again is doubted, the first is not", () => {
    expect(found(timed([0, 1, 1, 2], (i) => [100, 101, 101, 102][i]))).toEqual(["duplicate 2"]);
    expect(found(timed([0, 1, 2, 0, 1, 2], (i) => [100, 101, 102][i % 3]))).toEqual([
      "duplicate 3",
      "duplicate 4",
      "duplicate 5",
    ]);
  });

  test("of two rows that contradict each other neither is trusted", () => {
    expect(found(timed([0, 1, 1, 2]))).toEqual(["conflict 1", "conflict 2"]);
  });
});

describe("a stretch of shifted stamps", () => {
  /** Hours 0 to 79 with the given ones moved, in the order of their stamps. */
  const shifted = (moved: (hour: number) => number) =>
    candlesFrom(
      wholeCandles(80)
        .map((row, hour) => ({ ...row, time: START + moved(hour) * HOUR }))
        .sort((a, b) => a.time - b.time),
    );

  test("that was moved on is doubted from the gap to the last double", () => {
    const candles = shifted((hour) => (hour >= 20 && hour < 50 ? hour + 3 : hour));
    const { findings } = checkCandles(candles, rules());
    const doubted = new Set(
      findings.filter(({ check }) => check === "shifted").map(({ time }) => (time - START) / HOUR),
    );
    expect([...doubted]).toEqual(Array.from({ length: 30 }, (_, i) => 23 + i));
  });

  test("that was moved back is doubted from the first double to the gap", () => {
    const candles = shifted((hour) => (hour >= 20 && hour < 50 ? hour - 3 : hour));
    const { findings } = checkCandles(candles, rules());
    const doubted = new Set(
      findings.filter(({ check }) => check === "shifted").map(({ time }) => (time - START) / HOUR),
    );
    expect([...doubted]).toEqual(Array.from({ length: 30 }, (_, i) => 17 + i));
  });

  test("is not what an overlap of pages, a gap alone, or a gap of another length looks like", () => {
    const rows = wholeCandles(80);
    const overlap = candlesFrom([...rows.slice(0, 40), ...rows.slice(36)]);
    const gap = candlesFrom([...rows.slice(0, 20), ...rows.slice(24)]);
    const both = candlesFrom([...rows.slice(0, 20), ...rows.slice(25, 60), ...rows.slice(56)]);
    expect(found(overlap)).toEqual(["duplicate 40", "duplicate 41", "duplicate 42", "duplicate 43"]);
    expect(found(gap)).toEqual([]);
    expect(found(both).filter((finding) => finding.startsWith("shifted"))).toEqual([]);
  });

  test("is not looked for in a market so thin that gaps mean nothing", () => {
    const rows = wholeCandles(160).filter((_, i) => i % 5 > 1);
    const overlap = candlesFrom([...rows.slice(0, 40), ...rows.slice(38)]);
    expect(found(overlap).filter((finding) => finding.startsWith("shifted"))).toEqual([]);
  });
});

describe("the market's hours", () => {
  const daily = (market: MarketId, date: string, now?: number) =>
    checkCandles(candlesFrom([candle({ time: Date.parse(date) / 1000, close: 100 })]), rules(market, "1d", now))
      .findings;
  const hourly = (market: MarketId, time: string) =>
    checkCandles(candlesFrom([candle({ time: Date.parse(time) / 1000, close: 100 })]), rules(market, "1h")).findings;

  test("a row on a holiday is doubted by the holiday's name", () => {
    const [finding] = daily("JSE", "2026-09-24");
    expect(finding).toMatchObject({ check: "closed", detail: "JSE is closed on 2026-09-24, Heritage Day" });
    expect(hourly("US", "2026-06-19T15:30:00Z")).toMatchObject([{ check: "closed" }]);
  });

  test("a row at a weekend is doubted in any year, one on a weekday only where the holidays are known", () => {
    expect(daily("JSE", "2019-06-15")).toMatchObject([{ check: "closed" }]);
    expect(daily("JSE", "2019-06-17")).toMatchObject([
      { check: "closed", detail: expect.stringContaining("Youth Day") },
    ]);
    expect(daily("JSE", "1999-06-16")).toEqual([]);
    expect(hourly("FOREX", "2018-03-10T12:00:00Z")).toMatchObject([{ check: "closed" }]);
    expect(hourly("FOREX", "2018-12-25T12:00:00Z")).toMatchObject([{ check: "closed" }]);
    expect(hourly("FOREX", "1998-12-25T12:00:00Z")).toEqual([]);
    expect(daily("CRYPTO", "2026-10-03")).toEqual([]);
  });

  test("early and late trading are not doubted, the night is", () => {
    expect(hourly("US", "2026-06-18T09:00:00Z")).toEqual([]);
    expect(hourly("US", "2026-06-18T22:00:00Z")).toEqual([]);
    expect(hourly("US", "2026-06-18T05:00:00Z")).toMatchObject([{ check: "closed" }]);
  });

  test("a candle of a session that has not begun is of the future; a forex day begins the evening before", () => {
    const evening = Date.parse("2026-09-21T22:00:00Z") / 1000;
    expect(daily("FOREX", "2026-09-22", evening)).toEqual([]);
    expect(daily("US", "2026-09-22", evening)).toMatchObject([{ check: "future" }]);
    expect(daily("CRYPTO", "2026-09-22", evening)).toMatchObject([{ check: "future" }]);
    expect(daily("US", "2026-09-21", evening)).toEqual([]);
  });
});

describe("the hundredfold", () => {
  test("is found in a price alone: one low in rand among cents", () => {
    const rows = wholeCandles(30);
    rows[12] = { ...rows[12], low: Number(rows[12].low) / 100 };
    expect(found(candlesFrom(rows))).toEqual(["unit 12"]);
  });

  test("is found however long it lasts, if it comes back", () => {
    const prices = calm(100).map((price, i) => (i >= 30 && i < 75 ? price / 100 : price));
    const doubted = Array.from({ length: 45 }, (_, i) => `unit ${30 + i}`);
    const home = calm(100).map((price, i) => (i >= 30 && i < 60 ? price * 100 : price));
    expect(found(closes(home))).toEqual(doubted.slice(0, 30));
    expect(found(closes(prices))).toEqual(doubted);
  });

  test("is a new level once it has lasted for twenty candles", () => {
    const consolidated = (after: number) => closes(calm(60 + after).map((price, i) => (i < 60 ? price : price * 100)));
    expect(found(consolidated(19))).toHaveLength(19);
    expect(found(consolidated(20))).toEqual([]);
  });

  test("is a real fall where trades led there", () => {
    const rows = wholeCandles(60);
    const last = Number(rows[59].close);
    rows.push(candle({ time: START + 60 * HOUR, open: last, high: last, low: last / 120, close: last / 110 }));
    expect(found(candlesFrom(rows))).toEqual([]);
  });
});

describe("a spike", () => {
  const withCloses = (changes: Record<number, number>) => closes(calm(80).map((price, i) => price * (changes[i] ?? 1)));

  test("of one, two or three closes is doubted when the price comes back", () => {
    expect(found(withCloses({ 40: 1.5 }))).toEqual(["spike 40"]);
    expect(found(withCloses({ 40: 0.6, 41: 0.62 }))).toEqual(["spike 40", "spike 41"]);
    expect(found(withCloses({ 40: 1.6, 41: 1.5, 42: 1.7 }))).toEqual(["spike 40", "spike 41", "spike 42"]);
  });

  test("is no crash that lasts, and none that comes back less than half", () => {
    const crash = calm(80).map((price, i) => (i < 40 ? price : price * 0.6));
    const halfway = crash.map((price, i) => (i < 41 ? price : price * 1.15));
    expect(found(closes(crash))).toEqual([]);
    expect(found(closes(halfway))).toEqual([]);
  });

  test("is not checked while it is the last candle", () => {
    const prices = calm(80);
    prices[79] *= 0.6;
    expect(found(closes(prices))).toEqual([]);
  });

  test("is measured by the market's own moves", () => {
    const wild = calm(80).map((price) => 100 * (price / 100) ** 8);
    wild[40] *= 1.5;
    expect(found(closes(wild))).toEqual([]);
  });

  test("of a wick or an open is doubted too", () => {
    const rows = wholeCandles(60);
    rows[20] = { ...rows[20], high: Number(rows[20].high) * 2 };
    rows[30] = { ...rows[30], open: Number(rows[30].low) / 2, low: Number(rows[30].low) / 2 };
    expect(found(candlesFrom(rows))).toEqual(["spike 20", "spike 30"]);
  });

  test("is not known without a history", () => {
    expect(found(closes([100, 150, 100, 101]))).toEqual([]);
  });

  test("is not what lies between separate days", () => {
    const days = [0, 400, 800].flatMap((day, d) =>
      calm(40).map((price, i) =>
        candle({ time: START - 1000 * DAY + day * DAY + i * HOUR, close: price * [1, 9, 2][d] }),
      ),
    );
    expect(found(candlesFrom(days))).toEqual([]);
  });
});

describe("a frozen price", () => {
  const stuck = (from: number, count: number) =>
    calm(120).map((price, i, all) => (i >= from && i < from + count ? all[from - 1] : price));

  test("is doubted from its first repetition once there are many", () => {
    expect(found(closes(stuck(60, 8)))).toEqual(Array.from({ length: 8 }, (_, i) => `frozen ${60 + i}`));
    expect(found(closes(stuck(60, 3)))).toEqual([]);
  });

  test("is found while it lasts", () => {
    expect(found(closes(stuck(112, 8)))).toHaveLength(8);
  });

  test("is nothing strange in a market where every second candle stands still", () => {
    const thin = calm(240).map((price, i, all) => (i % 4 < 2 ? price : all[i - (i % 4) + 1]));
    const longer = thin.map((price, i) => (i >= 100 && i < 110 ? thin[99] : price));
    expect(found(closes(longer))).toEqual([]);
  });

  test("is alive where the volume is", () => {
    const rows = wholeCandles(120);
    const price = Number(rows[59].close);
    const flat = { open: price, high: price, low: price, close: price };
    const traded = rows.map((row, i) => (i >= 60 && i < 70 ? { ...row, ...flat } : row));
    const silent = traded.map((row, i) => (i >= 60 && i < 70 ? { ...row, volume: 0 } : row));
    const opened = (list: Candle[]) => list.map((row, i) => (i === 70 ? { ...row, open: row.close } : row));
    expect(found(candlesFrom(opened(traded)))).toEqual([]);
    expect(found(candlesFrom(opened(silent)))).toHaveLength(10);
  });
});

/** A random walk: uniform steps of up to `size` (log), as whole candles or as closes alone. */
const randomWalk = (minLength: number) =>
  fc
    .record({
      steps: fc.array(fc.noBias(fc.integer({ min: -1000, max: 1000 })), { minLength, maxLength: 150 }),
      size: fc.constantFrom(0.0005, 0.005, 0.02, 0.05),
      start: fc.constantFrom(0.0005, 1.1, 180_000),
      whole: fc.boolean(),
    })
    .map(({ steps, size, start, whole }) => {
      let close = start;
      return steps.map((step, i): Candle => {
        const open = close;
        close *= Math.exp((size * step) / 1000);
        const wick = 1 + size * ((i % 7) / 7);
        const rest = { open, high: Math.max(open, close) * wick, low: Math.min(open, close) / wick, volume: 1 + i };
        return candle({ time: START + i * HOUR, close, ...(whole ? rest : {}) });
      });
    });

const times = (row: Candle, factor: number): Candle => {
  const scaled = { ...row };
  for (const field of PRICES) {
    const price = row[field];
    if (price !== null) scaled[field] = price * factor;
  }
  return scaled;
};

describe("whatever the series", () => {
  test("a clean random walk raises no alarm", () => {
    fc.assert(
      fc.property(randomWalk(0), (rows) => {
        expect(found(candlesFrom(rows))).toEqual([]);
      }),
    );
  });

  test("a candle in another unit is found, wherever it stands, and nothing else is", () => {
    fc.assert(
      fc.property(randomWalk(3), fc.nat(), fc.constantFrom(100, 0.01), (rows, offset, factor) => {
        const index = offset % rows.length;
        const glitched = rows.map((row, i) => (i === index ? times(row, factor) : row));
        expect(found(candlesFrom(glitched))).toEqual([`unit ${index}`]);
      }),
    );
  });

  const columns = fc
    .array(
      fc.tuple(
        fc.oneof(
          fc.double(),
          fc.integer({ min: -3, max: 40 }).map((i) => START + i * HOUR),
        ),
        ...PRICES.map(() => fc.oneof(fc.double(), fc.double({ min: 90, max: 110, noNaN: true }))),
        fc.double(),
      ),
      { maxLength: 40 },
    )
    .map((rows) => {
      const all = emptyCandles(rows.length);
      rows.forEach((row, i) => {
        for (const [f, field] of (["time", ...PRICES, "volume"] as const).entries()) all[field][i] = row[f];
      });
      return all;
    });

  test("nothing throws, findings stand in order, each row that has one is suspect, and no other", () => {
    fc.assert(
      fc.property(
        columns,
        fc.constantFrom(...Object.values(MARKETS)),
        fc.constantFrom(...INTERVALS),
        (candles, market, interval) => {
          const before = copyCandles(candles);
          const { findings, suspect } = checkCandles(candles, { market, interval, now: NOW });
          expect(candles).toEqual(before);
          const order = findings.map(({ index, check }) => index * CHECKS.length + CHECKS.indexOf(check));
          expect(order).toEqual([...order].sort((a, b) => a - b));
          for (const { index, time } of findings) expect(time).toBe(candles.time[index]);
          const doubted = new Set(findings.map(({ index }) => index));
          expect([...suspect]).toEqual(Array.from(suspect, (_, i) => (doubted.has(i) ? 1 : 0)));
          const left = [...candles.time].filter((_, i) => suspect[i] === 0);
          for (let i = 1; i < left.length; i++) expect(left[i]).toBeGreaterThan(left[i - 1]);
        },
      ),
    );
  });
});
