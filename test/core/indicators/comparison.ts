import { expect } from "vitest";
import type { CandleColumns } from "../../../core/candles.ts";
import { calculate } from "../../../core/indicators/batch.ts";
import { parseSpec } from "../../../core/indicators/spec.ts";

/** The output columns of a spec over candles. */
export function valuesOf(spec: string, candles: CandleColumns): Readonly<Record<string, Float64Array>> {
  return calculate([parseSpec(spec)], candles)[0].outputs;
}

export interface Tolerance {
  readonly relative: number;
  /** The size under which a difference is measured against this size instead of the value's own; for values around 0. */
  readonly unit?: number;
  /** The first row to compare. */
  readonly from?: number;
}

/** Fails at the first row at which the two columns differ, NaN being equal to NaN only. */
export function expectColumn(actual: Float64Array, expected: Float64Array, tolerance: Tolerance, what: string): void {
  const { relative, unit = 0, from = 0 } = tolerance;
  expect(actual.length, `${what}: length`).toBe(expected.length);
  for (let i = from; i < expected.length; i++) {
    const allowed = relative * Math.max(Math.abs(expected[i]), unit);
    const same = Number.isNaN(expected[i]) ? Number.isNaN(actual[i]) : Math.abs(actual[i] - expected[i]) <= allowed;
    if (!same) expect.fail(`${what}: row ${i} is ${actual[i]}, not ${expected[i]} (± ${allowed}).`);
  }
}
