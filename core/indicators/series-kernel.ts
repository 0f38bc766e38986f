import type { Kernel, KernelInputs } from "./indicator.ts";

/** A transformation of one column into another that carries its state from block to block. */
export interface Series {
  advance(input: Float64Array, output: Float64Array): void;
}

/** The kernel of an indicator that is one transformation of its price source. */
export function seriesKernel({ source }: KernelInputs, series: Series): Kernel {
  return {
    advance(candles, [output]) {
      series.advance(source.column(candles), output);
    },
  };
}
