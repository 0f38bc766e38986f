import type { CandleColumns } from "../candles.ts";
import type { Kernel, TradingDay } from "./indicator.ts";
import { kernelOf } from "./kernel.ts";
import { Memory, type SavedNumbers } from "./memory.ts";
import type { IndicatorSpec } from "./spec.ts";
import { utcDay } from "./utc-day.ts";
import { Workspace } from "./workspace.ts";

export interface MachineOptions {
  /** Where sessions, weeks and months begin for VWAP; the UTC day by default. */
  readonly tradingDay?: TradingDay;
}

/** A machine's state as plain JSON. */
export interface SavedMachine {
  /** The algorithm that wrote it; another one cannot take it up. */
  readonly algorithm: string;
  readonly numbers: SavedNumbers;
}

/**
 * One indicator at work on one series, candle by candle or in blocks of any length: the values are the same to the last
 * bit, however the series is cut.
 */
export class IndicatorMachine {
  readonly spec: IndicatorSpec;
  readonly #memory = new Memory();
  readonly #kernel: Kernel;
  readonly #values: Float64Array;
  readonly #slots: readonly Float64Array[];

  constructor(spec: IndicatorSpec, { tradingDay = utcDay }: MachineOptions = {}) {
    const { outputs } = spec.definition;
    this.spec = spec;
    this.#kernel = kernelOf(spec, this.#memory, { workspace: new Workspace(), tradingDay });
    this.#memory.allocate();
    this.#values = new Float64Array(outputs.length);
    this.#slots = outputs.map((_, i) => this.#values.subarray(i, i + 1));
  }

  /** Takes a block of candles; writes their values into `outputs`, one column for each of the definition's outputs. */
  run(candles: CandleColumns, outputs: readonly Float64Array[]): void {
    this.#kernel.advance(candles, outputs);
  }

  /**
   * Takes one closed candle (columns of length 1) and returns its values in the order of the definition's outputs, NaN
   * where one is not defined. The array is used again by the next call.
   */
  next(candle: CandleColumns): Float64Array {
    this.#kernel.advance(candle, this.#slots);
    return this.#values;
  }

  /** The values that `next` would return for a candle that is still open; the state stays as it is. */
  peek(candle: CandleColumns): Float64Array {
    this.#memory.mark();
    this.#kernel.advance(candle, this.#slots);
    this.#memory.rollBack();
    return this.#values;
  }

  /** Outputs known already for candles to come, nearest first; undefined where the indicator has none. */
  ahead(): Readonly<Record<string, Float64Array>> | undefined {
    return this.#kernel.ahead?.();
  }

  /** The state, to be stored; a machine of the same spec takes it up with `restore`. */
  save(): SavedMachine {
    return { algorithm: this.spec.definition.algorithm, numbers: this.#memory.save() };
  }

  /** Takes up a saved state; throws a RangeError where it belongs to another algorithm or other parameters. */
  restore(saved: SavedMachine): void {
    const { algorithm } = this.spec.definition;
    if (saved.algorithm !== algorithm) {
      throw new RangeError(`The saved state is of ${saved.algorithm}; this machine is ${algorithm}.`);
    }
    this.#memory.restore(saved.numbers);
  }
}
