import type { Kernel, TradingDay } from "./indicator.ts";
import type { Memory } from "./memory.ts";
import { priceSource } from "./price-source.ts";
import { type CandleRange, candleRange } from "./series/candle-range.ts";
import type { IndicatorSpec } from "./spec.ts";
import type { Workspace } from "./workspace.ts";

/** What a kernel works with beside its own memory. */
export interface KernelResources {
  readonly workspace: Workspace;
  readonly tradingDay: TradingDay;
  /** The extremes of the last candles where several kernels share them; each has its own by default. */
  range?(period: number): CandleRange;
}

/** The kernel of a spec, at the beginning of a series. */
export function kernelOf(spec: IndicatorSpec, memory: Memory, resources: KernelResources): Kernel {
  const { workspace, tradingDay } = resources;
  let scratches = 0;
  return spec.definition.build({
    memory,
    numbers: spec.numbers,
    choices: spec.choices,
    source: priceSource(spec.source, workspace.scratch(scratches++)),
    tradingDay,
    scratch() {
      return workspace.scratch(scratches++);
    },
    range(period) {
      const shared = resources.range?.(period);
      return shared ?? candleRange(memory, period, workspace.scratch(scratches++), workspace.scratch(scratches++));
    },
  });
}
