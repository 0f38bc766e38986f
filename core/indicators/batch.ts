import { type CandleColumns, sliceCandles } from "../candles.ts";
import type { StepPacer } from "../concurrency/step-pacer.ts";
import type { Kernel, TradingDay } from "./indicator.ts";
import { kernelOf } from "./kernel.ts";
import type { MachineOptions } from "./machine.ts";
import { Memory } from "./memory.ts";
import { type CandleRange, candleRange, sharedRange } from "./series/candle-range.ts";
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

/** Kept from call to call; they hold no values between them. */
const workspace = new Workspace();
const sharedWorkspace = new Workspace();

export interface BatchOptions extends MachineOptions {
  /** Memory for the outputs, of at least `outputSize` numbers; new memory by default. */
  readonly memory?: Float64Array;
}

/** How many numbers the outputs of these specs over that many candles are. */
export function outputSize(specs: readonly IndicatorSpec[], candles: number): number {
  return specs.reduce((columns, { definition }) => columns + definition.outputs.length, 0) * candles;
}

/**
 * Candles that are worked through at a time: their columns and what is computed from them stay near the processor. The
 * values are the same for any number.
 */
const BLOCK = 1024;

/** A spec at work: its kernel, and where it writes. */
interface RunningKernel {
  readonly spec: IndicatorSpec;
  readonly kernel: Kernel;
  readonly outputs: Record<string, Float64Array>;
  readonly columns: readonly Float64Array[];
}

/** Runs every spec over the candles from the first on. The outputs of all specs lie in one block of memory. */
export function calculate(
  specs: readonly IndicatorSpec[],
  candles: CandleColumns,
  { tradingDay = utcDay, memory: block = new Float64Array(outputSize(specs, candles.length)) }: BatchOptions = {},
): IndicatorSeries[] {
  const { length } = candles;
  const memories: Memory[] = [];
  const ownResources = { workspace, tradingDay };
  const sharedResources = { workspace, tradingDay, range: sharedRanges(memories) };
  let used = 0;
  const works = specs.map((spec): RunningKernel => {
    const kernel = kernelOf(spec, newMemory(memories), looksAhead(spec) ? ownResources : sharedResources);
    const outputs: Record<string, Float64Array> = {};
    const columns = spec.definition.outputs.map((name) => {
      const column = block.subarray(used, used + length);
      used += length;
      outputs[name] = column;
      return column;
    });
    return { spec, kernel, outputs, columns };
  });
  allocate(memories);
  if (length <= BLOCK) for (const { kernel, columns } of works) kernel.advance(candles, columns);
  else advanceInBlocks(works, candles);
  return works.map(({ spec, kernel, outputs }) => {
    const ahead = kernel.ahead?.();
    return ahead === undefined ? { spec, outputs } : { spec, outputs, ahead };
  });
}

/** Columns of a spec's outputs, by name and in the definition's order. */
interface KeptColumns {
  readonly outputs: Readonly<Record<string, Float64Array>>;
  readonly columns: readonly Float64Array[];
}

/** Columns for a spec's outputs. */
function columnsOf({ definition }: IndicatorSpec, length: number): KeptColumns {
  const columns = definition.outputs.map(() => new Float64Array(length));
  return { columns, outputs: Object.fromEntries(definition.outputs.map((name, i) => [name, columns[i]])) };
}

/**
 * Runs every spec over the candles from the first on, as `calculate` does and with the same values, in slices between which others may
 * run. Only what is answered is kept in memory.
 * @param first the index of the first candle whose values are returned
 * @returns outputs as long as the candles from `first` on
 */
export async function calculateInSlices(
  specs: readonly IndicatorSpec[],
  candles: CandleColumns,
  first: number,
  pacer: StepPacer,
  { tradingDay = utcDay }: MachineOptions = {},
): Promise<IndicatorSeries[]> {
  const series: IndicatorSeries[] = [];
  const inBlocks = specs.filter((spec) => !looksAhead(spec));
  const done = await runInSlices(inBlocks, candles, first, pacer, tradingDay);
  for (const spec of specs) {
    const known = done.get(spec);
    if (known) {
      series.push({ spec, outputs: known });
      continue;
    }
    // Outputs that are moved back in time need all candles at once.
    const [all] = calculate([spec], candles, { tradingDay });
    const outputs = Object.entries(all.outputs).map(([name, column]) => [name, column.slice(first)]);
    series.push({ ...all, outputs: Object.fromEntries(outputs) });
    await pacer.count(candles.length);
  }
  return series;
}

/** Takes specs through one block of candles after the other; returns their outputs from `first` on. */
async function runInSlices(
  specs: readonly IndicatorSpec[],
  candles: CandleColumns,
  first: number,
  pacer: StepPacer,
  tradingDay: TradingDay,
): Promise<Map<IndicatorSpec, KeptColumns["outputs"]>> {
  const memories: Memory[] = [];
  const resources = { workspace, tradingDay, range: sharedRanges(memories) };
  const works = specs.map((spec) => ({
    spec,
    kernel: kernelOf(spec, newMemory(memories), resources),
    kept: columnsOf(spec, candles.length - first),
    scratch: columnsOf(spec, Math.min(BLOCK, first)),
  }));
  // What is remembered from block to block must not lie in the workspace, which others use in between.
  for (const memory of memories) memory.allocate();
  for (let start = 0; start < candles.length; ) {
    const end = Math.min(candles.length, start + BLOCK, start < first ? first : candles.length);
    const block = sliceCandles(candles, start, end);
    for (const { kernel, kept, scratch } of works) {
      const [{ columns }, offset] = start < first ? [scratch, start] : [kept, first];
      kernel.advance(
        block,
        columns.map((column) => column.subarray(start - offset, end - offset)),
      );
    }
    start = end;
    await pacer.count(block.length * specs.length);
  }
  return new Map(works.map(({ spec, kept }) => [spec, kept.outputs]));
}

/** A memory that is to be allocated with the others. */
function newMemory(memories: Memory[]): Memory {
  const memory = new Memory();
  memories.push(memory);
  return memory;
}

/** The extremes of the last candles by period, each computed once for all that read them. */
function sharedRanges(memories: Memory[]): (period: number) => CandleRange {
  const ranges = new Map<number, CandleRange>();
  return (period) => {
    const known = ranges.get(period);
    if (known !== undefined) return known;
    const tops = sharedWorkspace.scratch(2 * ranges.size);
    const bottoms = sharedWorkspace.scratch(2 * ranges.size + 1);
    const range = sharedRange(candleRange(newMemory(memories), period, tops, bottoms));
    ranges.set(period, range);
    return range;
  };
}

/** Allots all memories in one block of zeros. */
function allocate(memories: readonly Memory[]): void {
  const zeros = workspace.zeros(memories.reduce((total, { size }) => total + size, 0));
  let used = 0;
  for (const memory of memories) {
    memory.allocate(zeros.subarray(used, used + memory.size));
    used += memory.size;
  }
}

/** Whether a spec must see all candles at once. */
const looksAhead = ({ definition }: IndicatorSpec): boolean => definition.lookahead !== undefined;

/** Takes all specs through one block of candles after the other, but those that look ahead: these must see all at once. */
function advanceInBlocks(works: readonly RunningKernel[], candles: CandleColumns): void {
  const ahead = works.filter(({ spec }) => looksAhead(spec));
  const others = works.filter(({ spec }) => !looksAhead(spec));
  for (const { kernel, columns } of ahead) kernel.advance(candles, columns);
  for (let start = 0; start < candles.length; start += BLOCK) {
    const end = Math.min(candles.length, start + BLOCK);
    const block = sliceCandles(candles, start, end);
    for (const { kernel, columns } of others) {
      kernel.advance(
        block,
        columns.map((column) => column.subarray(start, end)),
      );
    }
  }
}
