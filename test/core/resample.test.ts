import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bucketsBetween } from "../../core/buckets.ts";
import { type Candle, type CandleColumns, candleAt, candlesFrom } from "../../core/candles.ts";
import { INTERVALS, type Interval } from "../../core/interval.ts";
import { MARKETS, type Market } from "../../core/market-calendar/markets.ts";
import { resample } from "../../core/resample.ts";
import { newYork, newYorkOffset, unixTime } from "./clock.ts";
import { sharedCandles, type WrittenCandle } from "./shared-data.ts";

const { JSE, US, FOREX, CRYPTO } = MARKETS;
const DAY = 86_400;

const rowsOf = (columns: CandleColumns): Candle[] =>
  Array.from({ length: columns.length }, (_, i) => candleAt(columns, i));

const candle = (time: number, facts: Partial<Candle> = {}): Candle => ({
  time,
  open: 10,
  high: 12,
  low: 9,
  close: 11,
  volume: 1,
  revision: 0,
  suspect: false,
  ...facts,
});

/** A decimal text in units of 10^-12, exactly. */
function units(text: string): bigint {
  const [whole, fraction = ""] = text.split(".");
  return BigInt(whole + fraction.padEnd(12, "0"));
}

/** The number nearest to a count of 10^-12. */
const fromUnits = (count: bigint): number => {
  const digits = count.toString().padStart(13, "0");
  return Number(`${digits.slice(0, -12)}.${digits.slice(-12)}`);
};

/** First, highest, lowest, last and exact sum of the candles whose stamp is the same; a stamp of null leaves one out. */
function grouped(rows: WrittenCandle[], stampOf: (time: number) => number | null): Candle[] {
  const groups = new Map<number, WrittenCandle[]>();
  for (const row of rows) {
    const stamp = stampOf(row.time);
    if (stamp !== null) groups.set(stamp, [...(groups.get(stamp) ?? []), row]);
  }
  return [...groups].map(([time, parts]) => ({
    time,
    open: Number(parts[0].open),
    high: Math.max(...parts.map(({ high }) => Number(high))),
    low: Math.min(...parts.map(({ low }) => Number(low))),
    close: Number(parts[parts.length - 1].close),
    volume: parts.some(({ volume }) => volume === "")
      ? null
      : fromUnits(parts.reduce((sum, { volume }) => sum + units(volume), 0n)),
    revision: 0,
    suspect: false,
  }));
}

const read = (rows: WrittenCandle[]): CandleColumns =>
  candlesFrom(
    rows.map(({ time, open, high, low, close, volume }) =>
      candle(time, {
        open: Number(open),
        high: Number(high),
        low: Number(low),
        close: Number(close),
        volume: volume === "" ? null : Number(volume),
      }),
    ),
  );

describe("coarser candles of real data", () => {
  const monday = unixTime("1970-01-05T00:00:00Z");
  const stamps: Record<Exclude<Interval, "1m">, (time: number) => number> = {
    "5m": (time) => Math.floor(time / 300) * 300,
    "15m": (time) => Math.floor(time / 900) * 900,
    "30m": (time) => Math.floor(time / 1800) * 1800,
    "1h": (time) => Math.floor(time / 3600) * 3600,
    "4h": (time) => Math.floor(time / 14_400) * 14_400,
    "1d": (time) => Math.floor(time / DAY) * DAY,
    "1w": (time) => monday + Math.floor((time - monday) / (7 * DAY)) * 7 * DAY,
    "1M": (time) => unixTime(`${new Date(time * 1000).toISOString().slice(0, 7)}-01T00:00:00Z`),
  };

  test("BTC-USD minutes make the first, highest, lowest, last and exact decimal sum of each bucket", ({ skip }) => {
    const rows = sharedCandles(skip, "BTC-USD_1m.csv");
    const minutes = read(rows);
    for (const [interval, stampOf] of Object.entries(stamps) as [Interval, (time: number) => number][]) {
      expect(rowsOf(resample(minutes, CRYPTO, "1m", interval)), interval).toEqual(grouped(rows, stampOf));
    }
  });

  test("EUR/USD hours make days from 17:00 to 17:00 New York, dated by their end, without volume", ({ skip }) => {
    const rows = sharedCandles(skip, "EURUSD_1h.csv");
    const dateOf = (time: number) => {
      const date = Math.floor((time + newYorkOffset(time) + 7 * 3600) / DAY) * DAY;
      return new Date(date * 1000).getUTCDay() % 6 === 0 ? null : date;
    };
    const days = rowsOf(resample(read(rows), FOREX, "1h", "1d"));
    expect(days).toEqual(grouped(rows, dateOf));
    expect(days.every(({ volume }) => volume === null)).toBe(true);
  });
});

describe("a coarser candle", () => {
  const opening = newYork("2026-07-15", "09:30");

  test("is stamped on the market's calendar: US hours from 09:30", () => {
    const minutes = candlesFrom([opening, opening + 3599, opening + 3600].map((time) => candle(time)));
    expect(rowsOf(resample(minutes, US, "1m", "1h")).map(({ time }) => time)).toEqual([opening, opening + 3600]);
  });

  test("has no number that one of its parts has not", () => {
    const parts = [
      candle(opening, { open: null }),
      candle(opening + 60, { high: null }),
      candle(opening + 120, { low: null, volume: null }),
      candle(opening + 180, { close: 11.5, volume: 3 }),
    ];
    expect(rowsOf(resample(candlesFrom(parts), US, "1m", "1h"))).toEqual([
      candle(opening, { open: null, high: null, low: null, close: 11.5, volume: null }),
    ]);
  });

  test("is suspect where a part is, and as often revised as the most revised of them", () => {
    const parts = [candle(opening, { revision: 2 }), candle(opening + 60, { suspect: true }), candle(opening + 120)];
    expect(rowsOf(resample(candlesFrom(parts), US, "1m", "5m"))[0]).toMatchObject({ suspect: true, revision: 2 });
  });

  test("sums decimal volumes as on paper", () => {
    const volumes = (...list: number[]) => candlesFrom(list.map((volume, i) => candle(i * 60, { volume })));
    expect(rowsOf(resample(volumes(0.1, 0.2), CRYPTO, "1m", "5m"))[0].volume).toBe(0.3);
    expect(rowsOf(resample(volumes(0.1, 0.7), CRYPTO, "1m", "5m"))[0].volume).toBe(0.8);
    expect(rowsOf(resample(volumes(123456.789, 0.00000001), CRYPTO, "1m", "5m"))[0].volume).toBe(123456.78900001);
  });

  test("sums the eight-digit volumes of a whole month of minutes without losing one", () => {
    let sum = 0n;
    let state = 12_345;
    const minutes = Array.from({ length: 31 * 1440 }, (_, i) => {
      state = (state * 48_271) % 2_147_483_647;
      const text = `${state % 40}.${String(state % 100_000_000).padStart(8, "0")}`;
      sum += units(text);
      return candle(unixTime("2026-07-01T00:00:00Z") + i * 60, { volume: Number(text) });
    });
    const month = rowsOf(resample(candlesFrom(minutes), CRYPTO, "1m", "1M"));
    expect(month.map(({ volume }) => volume)).toEqual([fromUnits(sum)]);
  });

  test("leaves out what was traded outside regular sessions, of a day as of a week and a month", () => {
    const inside = [opening, newYork("2026-07-16", "15:59")];
    const outside = [
      newYork("2026-07-15", "16:30"),
      newYork("2026-07-16", "08:00"),
      newYork("2026-07-16", "19:00"),
      newYork("2026-07-18", "12:00"),
    ];
    const rows = [
      ...inside.map((time) => candle(time)),
      ...outside.map((time) => candle(time, { high: 99, low: 1, close: 5, volume: 1000 })),
      candle(newYork("2026-07-20", "10:00")),
    ].toSorted((a, b) => a.time - b.time);
    const columns = candlesFrom(rows);
    expect(rowsOf(resample(columns, US, "1m", "1d"))).toHaveLength(3);
    expect(rowsOf(resample(columns, US, "1m", "1w"))).toEqual([
      candle(unixTime("2026-07-13T00:00:00Z"), { volume: 2 }),
      candle(unixTime("2026-07-20T00:00:00Z"), { volume: 1 }),
    ]);
    expect(rowsOf(resample(columns, US, "1m", "1M"))).toEqual([
      candle(unixTime("2026-07-01T00:00:00Z"), { volume: 3 }),
    ]);
  });

  test("takes in a first candle that is stamped before a late opening", () => {
    // On 2025-12-25 forex opens at 17:05; the hour is stamped 17:00.
    const first = newYork("2025-12-25", "17:00");
    const hours = candlesFrom([candle(first, { open: 7 }), candle(first + 3600)]);
    expect(rowsOf(resample(hours, FOREX, "1h", "4h"))).toEqual([candle(first, { open: 7, volume: 2 })]);
    expect(rowsOf(resample(hours, FOREX, "1h", "1d"))).toEqual([
      candle(unixTime("2025-12-26T00:00:00Z"), { open: 7, volume: 2 }),
    ]);
  });

  test("does not exist of candles of dates for an interval within the day", () => {
    expect(resample(candlesFrom([candle(0)]), CRYPTO, "1d", "1h").length).toBe(0);
    expect(resample(candlesFrom([]), CRYPTO, "1m", "1h").length).toBe(0);
  });

  test("leaves the candles that it is made of as they were", () => {
    const rows = [candle(0, { volume: 0.1 }), candle(60, { volume: 0.2 })];
    const columns = candlesFrom(rows);
    resample(columns, CRYPTO, "1m", "5m");
    expect(rowsOf(columns)).toEqual(rows);
  });
});

describe("resampling is associative", () => {
  const price = fc.option(fc.integer({ min: 1, max: 10_000_000 }).map((n) => n / 100));
  // Up to 10,000 with eight decimals: the sum of two hundred of them has no more digits than a number keeps.
  const volume = fc.option(
    fc.integer({ min: 0, max: 1_000_000_000_000 }).map((n) => n / 1e8),
    { freq: 20 },
  );
  const part = fc.record({
    offset: fc.nat({ max: 45 * DAY }),
    open: price,
    high: price,
    low: price,
    close: price,
    volume,
    revision: fc.nat({ max: 3 }),
    suspect: fc.boolean(),
  });
  const stretch = fc
    .constantFrom("2025-12-01", "2026-02-20", "2026-10-15")
    .map((date) => unixTime(`${date}T00:00:00Z`));

  /** Candles of an interval at chosen buckets and, in minutes, at any time outside sessions too. */
  const series = (market: Market, from: Interval): fc.Arbitrary<CandleColumns> =>
    fc.tuple(stretch, fc.array(part, { maxLength: 200 })).map(([start, parts]) => {
      const stamps = bucketsBetween(market, from, start, start + 45 * DAY, Number.POSITIVE_INFINITY);
      const rows = new Map<number, Candle>();
      for (const { offset, ...facts } of parts) {
        const anywhere = from === "1m" && offset % 3 === 0;
        const time = anywhere ? start + Math.floor(offset / 60) * 60 : stamps[offset % stamps.length].time;
        rows.set(time, { time, ...facts });
      }
      return candlesFrom([...rows.values()].sort((a, b) => a.time - b.time));
    });

  const chains: Interval[][] = [
    ["1m", "5m", "1h", "4h", "1d", "1w"],
    ["1m", "5m", "15m", "30m", "1h", "4h", "1d", "1M"],
    ["1m", "30m", "1d", "1w"],
    ["5m", "15m", "1h", "1d", "1M"],
    ["1h", "4h", "1d", "1w"],
  ];

  test.each(
    [CRYPTO, JSE, US, FOREX].flatMap((market) =>
      chains.map((chain) => [market.id, chain.join(" → "), market, chain] as const),
    ),
  )("in %s: %s returns what each step returns directly", (_id, _chain, market, chain) => {
    const [finest, ...coarser] = chain;
    fc.assert(
      fc.property(series(market, finest), (columns) => {
        let current = columns;
        let from = finest;
        for (const to of coarser) {
          current = resample(current, market, from, to);
          expect(rowsOf(current)).toEqual(rowsOf(resample(columns, market, finest, to)));
          from = to;
        }
      }),
      { numRuns: 25 },
    );
  });

  test.each(Object.values(MARKETS).map((market) => [market.id, market] as const))(
    "and to the same interval changes nothing that was traded in a session, in %s",
    (_id, market) => {
      const start = unixTime("2026-07-01T00:00:00Z");
      for (const interval of INTERVALS) {
        const rows = bucketsBetween(market, interval, start, start + 400 * DAY, 50).map(({ time }) => candle(time));
        expect(rows.length).toBeGreaterThan(10);
        expect(rowsOf(resample(candlesFrom(rows), market, interval, interval)), interval).toEqual(rows);
      }
    },
  );
});
