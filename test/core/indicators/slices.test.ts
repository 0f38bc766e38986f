import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bucketsBackward, bucketsForward } from "../../../core/buckets.ts";
import { type CandleColumns, candlesFrom, emptyCandles, sliceCandles } from "../../../core/candles.ts";
import { StepPacer } from "../../../core/concurrency/step-pacer.ts";
import { calculate, calculateInSlices } from "../../../core/indicators/batch.ts";
import { CATALOG } from "../../../core/indicators/catalog.ts";
import { barsNeeded, readBars } from "../../../core/indicators/history.ts";
import { parseSpec } from "../../../core/indicators/spec.ts";
import { INTERVALS } from "../../../core/interval.ts";
import { MARKETS } from "../../../core/market-calendar/markets.ts";

function walk(length: number, seed: number): CandleColumns {
  let close = 100;
  let state = seed;
  const random = (): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
  return candlesFrom(
    Array.from({ length }, (_, i) => {
      const open = close;
      close = Math.max(1, open + random() - 0.5);
      const [high, low] = [Math.max(open, close) + random(), Math.min(open, close) - random()];
      return { time: i * 60, open, high, low, close, volume: 100 * random(), revision: 0, suspect: false };
    }),
  );
}

describe("a calculation in slices", () => {
  const SPECS = CATALOG.map(({ name }) => parseSpec(name));

  test("has the values of one that is done in one go, to the last bit, also where another one runs in between", async () => {
    const series = fc.record({ length: fc.integer({ min: 1, max: 3_000 }), first: fc.nat(2_999), seed: fc.nat(1e6) });
    await fc.assert(
      fc.asyncProperty(series, series, async (a, b) => {
        const run = async ({ length, first, seed }: typeof a) => {
          const candles = walk(length, seed);
          const from = Math.min(first, length - 1);
          const pacer = new StepPacer(() => new Promise((resolve) => setTimeout(resolve, 0)));
          return { candles, from, sliced: await calculateInSlices(SPECS, candles, from, pacer) };
        };
        for (const { candles, from, sliced } of await Promise.all([run(a), run(b)])) {
          const whole = calculate(SPECS, candles);
          for (const [i, { spec, outputs, ahead }] of whole.entries()) {
            expect(sliced[i].spec).toBe(spec);
            expect(sliced[i].ahead).toEqual(ahead);
            for (const [name, column] of Object.entries(outputs))
              expect(sliced[i].outputs[name], `${spec.key} ${name}`).toEqual(column.slice(from));
          }
        }
      }),
      { numRuns: 20 },
    );
  });
});

describe("the bars that a calculation needs", () => {
  const NOW = Date.UTC(2026, 10, 18, 15, 30) / 1000;
  const DEEP = 60_000;

  /** Reads a series that has a bar in every bucket for very long, and counts what is read of it. */
  async function barsRead(
    market: (typeof MARKETS)[keyof typeof MARKETS],
    names: readonly string[],
    interval: (typeof INTERVALS)[number],
    points: number,
  ) {
    const specs = names.map(parseSpec);
    // No such series begins before its market did.
    const begins = market.id === "CRYPTO" ? Date.UTC(2009, 0, 3) / 1000 : 0;
    let read = 0;
    const page = async (from: number, to: number, limit: number, backward: boolean) => {
      const times: number[] = [];
      const buckets = backward ? bucketsBackward(market, interval, to) : bucketsForward(market, interval, from);
      for (const { time } of buckets) {
        if (times.length >= Math.min(limit, DEEP) || time < from || time >= to || time < begins) break;
        times.push(time);
      }
      if (backward) times.reverse();
      read += times.length;
      const candles = sliceCandles(emptyCandles(times.length), 0);
      candles.time.set(times);
      return { candles, more: times.length === limit, facts: { provider: "binance" } };
    };
    const query = { interval, points, from: null, to: null };
    await readBars(page, market, specs, { ...query, includeOpen: false }, NOW);
    return { read, needed: barsNeeded(specs, market, query, NOW) };
  }

  test.each([MARKETS.CRYPTO, MARKETS.US])("are never fewer than are read, of $id", async (market) => {
    for (const interval of INTERVALS) {
      for (const name of ["RSI", "RSI:1000", "EMA:500", "OBV", "VWAP", "VWAP:month", "ICHIMOKU"]) {
        const { read, needed } = await barsRead(market, [name], interval, 100);
        // One bar more is asked for, in case the last one is forming.
        expect(read, `${name} at ${interval}`).toBeLessThanOrEqual(needed + 1);
      }
    }
  });

  test("are a few hundred for ordinary questions, and not tens of thousands", async () => {
    for (const interval of INTERVALS) {
      const { read, needed } = await barsRead(MARKETS.CRYPTO, ["RSI:14", "MACD", "BOLLINGER"], interval, 100);
      expect(read, interval).toBeLessThan(1_000);
      expect(needed, interval).toBeLessThan(1_000);
    }
  });
});
