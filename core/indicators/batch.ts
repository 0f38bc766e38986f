import { type CandleColumns, sliceCandles } from "../candles.ts";
import type { Kernel } from "./indicator.ts";
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

/**
 * Candles that are worked through at a time: their columns and what is computed from them stay near the processor. The
 * values are the same for any number.
 */
const BLOCK = 1024;

/** Runs every spec over the candles from the first on. The outputs of all specs lie in one block of memory. */
export function calculate(
  specs: readonly IndicatorSpec[],
  candles: CandleColumns,
  { tradingDay = utcDay, memory: block = new Float64Array(outputSize(specs, candles.length)) }: BatchOptions = {},
): IndicatorSeries[] {
  const { length } = candles;
  const blocks = inBlocks(candles);
  let taken = 0;
  return specs.map((spec) => {
    const memory = new Memory();
    const kernel = kernelOf(spec, memory, workspace, tradingDay);
    memory.allocate((size) => workspace.zeros(size));
    const outputs: Record<string, Float64Array> = {};
    const columns = spec.definition.outputs.map((name) => {
      const column = block.subarray(taken, taken + length);
      taken += length;
      outputs[name] = column;
      return column;
    });
    // What looks ahead must see all candles at once.
    if (blocks.length === 1 || spec.definition.lookahead !== undefined) kernel.advance(candles, columns);
    else advanceInBlocks(kernel, blocks, columns);
    const ahead = kernel.ahead?.();
    return ahead === undefined ? { spec, outputs } : { spec, outputs, ahead };
  });
}

function inBlocks(candles: CandleColumns): CandleColumns[] {
  const count = Math.max(1, Math.ceil(candles.length / BLOCK));
  if (count === 1) return [candles];
  return Array.from({ length: count }, (_, i) => sliceCandles(candles, i * BLOCK, (i + 1) * BLOCK));
}

function advanceInBlocks(kernel: Kernel, blocks: readonly CandleColumns[], columns: readonly Float64Array[]): void {
  blocks.forEach((candles, i) => {
    const start = i * BLOCK;
    kernel.advance(
      candles,
      columns.map((column) => column.subarray(start, start + candles.length)),
    );
  });
}
