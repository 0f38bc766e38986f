import { percentOf } from "../ratio.ts";

/**
 * Where a value lies between the highest and the lowest of its window, 0 to 100; NaN where these are equal or one of the
 * three is. `output` may be one of the inputs.
 */
export function positionInRange(
  value: Float64Array,
  highest: Float64Array,
  lowest: Float64Array,
  output: Float64Array,
): void {
  for (let i = 0; i < value.length; i++) {
    const bottom = lowest[i];
    output[i] = percentOf(value[i] - bottom, highest[i] - bottom);
  }
}
