import type { CandleColumns } from "../../core/candles.ts";

/**
 * The ten default indicators as plain loops over Float64Array, one function each, with nothing to carry from call to
 * call and no unknown values: what the arithmetic costs at the least with the same accuracy, that is with compensated
 * sums and with deviations summed over the window. The benchmark checks that they return what the kernels return.
 */
export type FloorLoop = (candles: CandleColumns, outputs: readonly Float64Array[]) => void;

/** What rounding took from a + b = sum (Knuth, TAOCP vol. 2, 4.2.2). */
function lostIn(a: number, b: number, sum: number): number {
  const addend = sum - a;
  return a - (sum - addend) + (b - addend);
}

function mean(input: Float64Array, first: number, period: number, output: Float64Array): void {
  let sum = 0;
  let lost = 0;
  output.fill(Number.NaN, 0, first + period - 1);
  for (let i = first; i < input.length; i++) {
    const more = sum + input[i];
    lost += lostIn(sum, input[i], more);
    sum = more;
    if (i >= first + period) {
      const less = sum - input[i - period];
      lost += lostIn(sum, -input[i - period], less);
      sum = less;
    }
    if (i >= first + period - 1) output[i] = (sum + lost) / period;
  }
}

function average(input: Float64Array, first: number, period: number, weight: number, output: Float64Array): void {
  const start = first + period - 1;
  let value = 0;
  for (let i = first; i <= start && i < input.length; i++) value += input[i] / period;
  output.fill(Number.NaN, 0, start);
  if (start >= input.length) return;
  output[start] = value;
  for (let i = start + 1; i < input.length; i++) {
    value += (input[i] - value) * weight;
    output[i] = value;
  }
}

/** The highest of the last `period`: where it is, is remembered; the window is looked through when it has left. */
function highest(input: Float64Array, period: number, output: Float64Array): void {
  let at = -1;
  let top = Number.NEGATIVE_INFINITY;
  output.fill(Number.NaN, 0, period - 1);
  for (let i = 0; i < input.length; i++) {
    if (input[i] >= top) {
      top = input[i];
      at = i;
    } else if (at <= i - period) {
      at = i - period + 1;
      top = input[at];
      for (let j = at + 1; j <= i; j++) {
        if (input[j] >= top) {
          top = input[j];
          at = j;
        }
      }
    }
    if (i >= period - 1) output[i] = top;
  }
}

function lowest(input: Float64Array, period: number, output: Float64Array): void {
  let at = -1;
  let bottom = Number.POSITIVE_INFINITY;
  output.fill(Number.NaN, 0, period - 1);
  for (let i = 0; i < input.length; i++) {
    if (input[i] <= bottom) {
      bottom = input[i];
      at = i;
    } else if (at <= i - period) {
      at = i - period + 1;
      bottom = input[at];
      for (let j = at + 1; j <= i; j++) {
        if (input[j] <= bottom) {
          bottom = input[j];
          at = j;
        }
      }
    }
    if (i >= period - 1) output[i] = bottom;
  }
}

function rsi({ length, close }: CandleColumns, output: Float64Array, period: number): void {
  let up = 0;
  let down = 0;
  output.fill(Number.NaN, 0, period);
  for (let i = 1; i < length; i++) {
    const change = close[i] - close[i - 1];
    const rise = change > 0 ? change : 0;
    const fall = change < 0 ? -change : 0;
    if (i <= period) {
      up += rise / period;
      down += fall / period;
    } else {
      up += (rise - up) / period;
      down += (fall - down) / period;
    }
    if (i >= period) output[i] = (100 * up) / (up + down);
  }
}

function macd({ length, close }: CandleColumns, [line, signal, histogram]: readonly Float64Array[]): void {
  average(close, 0, 12, 2 / 13, line);
  average(close, 0, 26, 2 / 27, signal);
  for (let i = 0; i < length; i++) line[i] -= signal[i];
  average(line, 25, 9, 2 / 10, signal);
  for (let i = 0; i < length; i++) histogram[i] = line[i] - signal[i];
}

function bollinger(
  { length, close }: CandleColumns,
  [upper, middle, lower]: readonly Float64Array[],
  period: number,
): void {
  mean(close, 0, period, middle);
  upper.fill(Number.NaN, 0, period - 1);
  lower.fill(Number.NaN, 0, period - 1);
  for (let i = period - 1; i < length; i++) {
    let squares = 0;
    for (let j = i - period + 1; j <= i; j++) {
      const distance = close[j] - middle[i];
      squares += distance * distance;
    }
    const width = 2 * Math.sqrt(squares / period);
    upper[i] = middle[i] + width;
    lower[i] = middle[i] - width;
  }
}

function stochastic({ length, high, low, close }: CandleColumns, [k, d]: readonly Float64Array[]): void {
  highest(high, 14, k);
  lowest(low, 14, d);
  for (let i = 13; i < length; i++) k[i] = (100 * (close[i] - d[i])) / (k[i] - d[i]);
  mean(k, 13, 3, d);
}

function adx({ length, high, low, close }: CandleColumns, outputs: readonly Float64Array[], period: number): void {
  const [strength, plus, minus] = outputs;
  let range = 0;
  let up = 0;
  let down = 0;
  for (const column of outputs) column.fill(Number.NaN, 0, period);
  for (let i = 1; i < length; i++) {
    const rise = high[i] - high[i - 1];
    const fall = low[i - 1] - low[i];
    const last = close[i - 1];
    const keep = i > period ? 1 - 1 / period : 1;
    range = range * keep + Math.max(high[i] - low[i], Math.abs(high[i] - last), Math.abs(low[i] - last));
    up = up * keep + (rise > fall && rise > 0 ? rise : 0);
    down = down * keep + (fall > rise && fall > 0 ? fall : 0);
    if (i < period) continue;
    plus[i] = (100 * up) / range;
    minus[i] = (100 * down) / range;
    strength[i] = up + down === 0 ? 0 : (100 * Math.abs(plus[i] - minus[i])) / (plus[i] + minus[i]);
  }
  average(strength, period, period, 1 / period, strength);
}

function williamsR({ length, high, low, close }: CandleColumns, output: Float64Array, bottom: Float64Array): void {
  highest(high, 14, output);
  lowest(low, 14, bottom);
  for (let i = 13; i < length; i++) output[i] = (100 * (close[i] - output[i])) / (output[i] - bottom[i]);
}

function cci({ length, high, low, close }: CandleColumns, output: Float64Array, typical: Float64Array): void {
  const period = 20;
  for (let i = 0; i < length; i++) typical[i] = (high[i] + low[i] + close[i]) / 3;
  mean(typical, 0, period, output);
  for (let i = period - 1; i < length; i++) {
    let distances = 0;
    for (let j = i - period + 1; j <= i; j++) distances += Math.abs(typical[j] - output[i]);
    output[i] = (typical[i] - output[i]) / ((0.015 * distances) / period);
  }
}

function obv({ length, close, volume }: CandleColumns, output: Float64Array): void {
  let sum = 0;
  let lost = 0;
  output[0] = 0;
  for (let i = 1; i < length; i++) {
    const flow = close[i] > close[i - 1] ? volume[i] : close[i] < close[i - 1] ? -volume[i] : 0;
    const more = sum + flow;
    lost += lostIn(sum, flow, more);
    sum = more;
    output[i] = sum + lost;
  }
}

/** The loops by name; `scratch` is as long as the candles and kept between calls. */
export function floorLoops(scratch: Float64Array): ReadonlyMap<string, FloorLoop> {
  return new Map<string, FloorLoop>([
    ["RSI", (candles, [output]) => rsi(candles, output, 14)],
    ["MACD", macd],
    ["SMA", ({ close }, [output]) => mean(close, 0, 20, output)],
    ["EMA", ({ close }, [output]) => average(close, 0, 20, 2 / 21, output)],
    ["BOLLINGER", (candles, outputs) => bollinger(candles, outputs, 20)],
    ["STOCHASTIC", stochastic],
    ["ADX", (candles, outputs) => adx(candles, outputs, 14)],
    ["WILLIAMS_R", (candles, [output]) => williamsR(candles, output, scratch)],
    ["CCI", (candles, [output]) => cci(candles, output, scratch)],
    ["OBV", (candles, [output]) => obv(candles, output)],
  ]);
}
