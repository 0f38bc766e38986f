import type { ChoiceParameter, NumericParameter } from "./indicator.ts";

const MAX_PERIOD = 1000;

/** A whole number of candles. */
export function period(defaultValue: number, min = 1, name = "period"): NumericParameter {
  return { name, default: defaultValue, min, max: MAX_PERIOD, integer: true };
}

/** A positive factor, such as the width of a band. */
export function factor(name: string, defaultValue: number): NumericParameter {
  return { name, default: defaultValue, min: 0.01, max: 100, integer: false };
}

/** One of a few words. */
export function choice(name: string, defaultValue: string, values: readonly string[]): ChoiceParameter {
  return { name, default: defaultValue, values };
}
