import type { CandleColumns } from "../candles.ts";
import { kernelOf } from "./kernel.ts";
import type { MachineOptions } from "./machine.ts";
import { Memory } from "./memory.ts";
import type { IndicatorSpec } from "./spec.ts";
import { utcDay } from "./utc-day.ts";
import { Workspace } from "./workspace.ts";

/** The values of one spec over a series. */
export interface IndicatorSeries {
  readonly spec: IndicatorSpec;
  /** One column for each output of the definition, by name; each as long as the candles, NaN where not defined. */
  readonly outputs: Readonly<Record<string, Float64Array>>;
  /** Outputs known already for candles after the last, by name, nearest first. */
  readonly ahead?: Readonly<Record<string, Float64Array>>;
}

/** Kept from call to call; it holds no values between them. */
const workspace = new Workspace();

export interface BatchOptions extends MachineOptions {
  /** Memory for the outputs, of at least `outputSize` numbers; new memory by default. */
  readonly memory?: Float64Array;
}

/** How many numbers the outputs of these specs over so many candles are. */
export function outputSize(specs: readonly IndicatorSpec[], candles: number): number {
  return specs.reduce((columns, { definition }) => columns + definition.outputs.length, 0) * candles;
}

/** Runs every spec over the candles from the first on. The outputs of all specs lie in one block of memory. */
export function calculate(
  specs: readonly IndicatorSpec[],
  candles: CandleColumns,
  { tradingDay = utcDay, memory: block = new Float64Array(outputSize(specs, candles.length)) }: BatchOptions = {},
): IndicatorSeries[] {
  const { length } = candles;
  let taken = 0;
  return specs.map((spec) => {
    const memory = new Memory();
    const kernel = kernelOf(spec, memory, workspace, tradingDay);
    memory.allocate((size) => workspace.zeros(size));
    const outputs: Record<string, Float64Array> = {};
    const inOrder = spec.definition.outputs.map((name) => {
      const column = block.subarray(taken, taken + length);
      taken += length;
      outputs[name] = column;
      return column;
    });
    kernel.advance(candles, inOrder);
    const ahead = kernel.ahead?.();
    return ahead === undefined ? { spec, outputs } : { spec, outputs, ahead };
  });
}
