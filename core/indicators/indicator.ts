import type { CandleColumns } from "../candles.ts";
import type { Memory } from "./memory.ts";
import type { PriceSource } from "./price-source.ts";
import type { CandleRange } from "./series/candle-range.ts";
import type { ScratchColumn } from "./workspace.ts";

export const CATEGORIES = ["trend", "momentum", "volatility", "volume", "pattern"] as const;

export type Category = (typeof CATEGORIES)[number];

/** A parameter that is a number within bounds, both allowed. */
export interface NumericParameter {
  readonly name: string;
  readonly default: number;
  readonly min: number;
  readonly max: number;
  readonly integer: boolean;
}

/** A parameter that is one of a few words. */
export interface ChoiceParameter {
  readonly name: string;
  readonly default: string;
  readonly values: readonly string[];
}

export type Parameter = NumericParameter | ChoiceParameter;

/** Values of the numeric parameters by name; every parameter of the definition is there. */
export type Numbers = Readonly<Record<string, number>>;

/** Values of the choice parameters by name; every parameter of the definition is there. */
export type Choices = Readonly<Record<string, string>>;

/** A parameter whose value does not fit the values of others. */
export interface ParameterFault {
  readonly parameter: string;
  /** What would be right, as in "must be below slow (26)". */
  readonly rule: string;
}

/** Where a running total begins: at the first bar, or with each trading day, week or month. */
export const ANCHORS = ["session", "week", "month", "first"] as const;

export type Anchor = (typeof ANCHORS)[number];

/**
 * How much history makes a value independent of where the history starts, to a relative 1e-9: a number of candles, or
 * everything since an anchor.
 */
export type Convergence = { readonly candles: number } | { readonly since: Anchor };

/** The trading day of a moment (unix seconds), counted in days since 1970-01-01. */
export type TradingDay = (time: number) => number;

/** What a kernel is built from. */
export interface KernelInputs {
  readonly memory: Memory;
  readonly numbers: Numbers;
  readonly choices: Choices;
  readonly source: PriceSource;
  readonly tradingDay: TradingDay;
  /** A scratch column of its own. */
  scratch(): ScratchColumn;
  /** The extremes of the last `period` candles, which it may share with others that work on the same series. */
  range(period: number): CandleRange;
}

/** The arithmetic of one indicator with its parameters; what it remembers between blocks is in its memory alone. */
export interface Kernel {
  /**
   * Takes the next candles and writes one value for each into every output column (as many and in the order of the
   * definition's `outputs`, each as long as the candles). NaN where a value is not defined; never an infinity.
   */
  advance(candles: CandleColumns, outputs: readonly Float64Array[]): void;
  /** Outputs already known for candles to come, nearest first, where the indicator displaces values forward. */
  ahead?(): Readonly<Record<string, Float64Array>>;
}

/** All that the catalogue knows of an indicator. */
export interface IndicatorDefinition {
  /** Upper case, as in a spec. */
  readonly name: string;
  readonly category: Category;
  /** One sentence for a list. */
  readonly description: string;
  readonly parameters: readonly Parameter[];
  /** Which parameters values without names mean, given how many there are; in the order of `parameters` if absent. */
  positional?(count: number): readonly string[];
  /** Names of the output columns; an indicator with one has its own name in lower case here. */
  readonly outputs: readonly string[];
  /** Outputs that look ahead: they exist in a batch and never in a stream. */
  readonly lookahead?: readonly string[];
  /** Whether it reads one series that `source=` chooses. */
  readonly takesSource: boolean;
  /** Identifies the definition and its version: a change of any value is a new version. */
  readonly algorithm: string;
  /** The definition in a line or a few, for the documentation. */
  readonly formula: string;
  /** Author, book and year of the definition. */
  readonly reference: string;
  /** A spec with small parameters, for the worked example in the documentation. */
  readonly example: string;
  /** Refuses values that do not fit each other; each is within its own bounds already. */
  validate?(numbers: Numbers): ParameterFault | undefined;
  /** For each output the number of candles before its first value, in a series without unknown fields. */
  warmUp(numbers: Numbers): readonly number[];
  convergence(numbers: Numbers, choices: Choices): Convergence;
  build(inputs: KernelInputs): Kernel;
}
