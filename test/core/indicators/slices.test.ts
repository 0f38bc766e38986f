import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CandleColumns, candlesFrom } from "../../../core/candles.ts";
import { StepPacer } from "../../../core/concurrency/step-pacer.ts";
import { calculate, calculateInSlices } from "../../../core/indicators/batch.ts";
import { CATALOG } from "../../../core/indicators/catalog.ts";
import { parseSpec } from "../../../core/indicators/spec.ts";

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
