import type { Kernel, TradingDay } from "./indicator.ts";
import type { Memory } from "./memory.ts";
import { priceSource } from "./price-source.ts";
import type { IndicatorSpec } from "./spec.ts";
import type { ScratchColumn, Workspace } from "./workspace.ts";

/** The kernel of a spec, at the beginning of a series. */
export function kernelOf(spec: IndicatorSpec, memory: Memory, workspace: Workspace, tradingDay: TradingDay): Kernel {
  let scratches = 0;
  const scratch = (): ScratchColumn => {
    const index = scratches++;
    return { of: (length) => workspace.column(index, length) };
  };
  return spec.definition.build({
    memory,
    numbers: spec.numbers,
    choices: spec.choices,
    source: priceSource(spec.source, scratch()),
    tradingDay,
    scratch,
  });
}
