/**
 * Definitions as a textbook writes them: every value from scratch over its window or from the start of the series, with
 * no state and no care for speed. NaN where not defined; none of them expects a NaN inside.
 */
export type Column = Float64Array;

/** A column of the values of `at`, NaN before `first`. */
export function columnOf(length: number, first: number, at: (i: number) => number): Column {
  return Float64Array.from({ length }, (_, i) => (i < first ? Number.NaN : at(i)));
}

const sum = (values: Column): number => values.reduce((total, value) => total + value, 0);

const windowAt = (values: Column, period: number, i: number): Column => values.subarray(i - period + 1, i + 1);

/** The mean in two passes: the second adds the mean of what the first left over. */
function meanOf(values: Column): number {
  const rough = sum(values) / values.length;
  return rough + sum(values.map((value) => value - rough)) / values.length;
}

export function sma(values: Column, period: number): Column {
  return columnOf(values.length, period - 1, (i) => meanOf(windowAt(values, period, i)));
}

export function stddev(values: Column, period: number): Column {
  return columnOf(values.length, period - 1, (i) => {
    const window = windowAt(values, period, i);
    const mean = meanOf(window);
    return Math.sqrt(sum(window.map((value) => (value - mean) ** 2)) / period);
  });
}

export function wma(values: Column, period: number): Column {
  return columnOf(values.length, period - 1, (i) => {
    const weighted = windowAt(values, period, i).map((value, k) => value * (k + 1));
    return sum(weighted) / ((period * (period + 1)) / 2);
  });
}

export function cci(typical: Column, period: number): Column {
  return columnOf(typical.length, period - 1, (i) => {
    const window = windowAt(typical, period, i);
    const mean = meanOf(window);
    const deviation = meanOf(window.map((value) => Math.abs(value - mean)));
    return (typical[i] - mean) / (0.015 * deviation);
  });
}

export function highest(values: Column, period: number): Column {
  return columnOf(values.length, period - 1, (i) => Math.max(...windowAt(values, period, i)));
}

export function lowest(values: Column, period: number): Column {
  return columnOf(values.length, period - 1, (i) => Math.min(...windowAt(values, period, i)));
}

/** Seeded with the mean of the first `period` values that are there. */
export function ema(values: Column, period: number, weight = 2 / (period + 1)): Column {
  const start = values.findIndex((value) => !Number.isNaN(value)) + period - 1;
  const column = columnOf(values.length, values.length, () => 0);
  if (start >= values.length) return column;
  column[start] = meanOf(values.subarray(start - period + 1, start + 1));
  for (let i = start + 1; i < values.length; i++) column[i] = values[i] * weight + column[i - 1] * (1 - weight);
  return column;
}
