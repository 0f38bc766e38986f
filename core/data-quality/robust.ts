import { INTRADAY_SECONDS, type Interval, isDated, nextStamp } from "../interval.ts";
import { DAY } from "../time.ts";

/** The median absolute deviation times this estimates the standard deviation of a normal distribution: 1/Φ⁻¹(3/4). */
const MAD_TO_SIGMA = 1.4826;

/** With fewer moves than this, what is usual is unknown. */
const MIN_MOVES = 10;

/** The middle value; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >>> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * The usual size of a move: the median absolute deviation of log returns from zero, scaled to a standard deviation.
 * Unlike the standard deviation itself, it does not grow with the very outlier that it is to find. Moves of 0 are left out:
 * a minute without a trade says nothing of how far trades move, and in a thin series they would make every move an outlier.
 * Null where fewer than ten moves are known.
 *
 * F. R. Hampel, "The Influence Curve and Its Role in Robust Estimation", Journal of the American Statistical Association
 * 69 (1974), 383–393; the scaling as in P. J. Rousseeuw and C. Croux, "Alternatives to the Median Absolute Deviation",
 * the same journal 88 (1993), 1273–1283.
 */
export function usualMove(moves: readonly number[]): number | null {
  const sizes = moves.map(Math.abs).filter((size) => size > 0 && size < Number.POSITIVE_INFINITY);
  return sizes.length < MIN_MOVES ? null : MAD_TO_SIGMA * median(sizes);
}

/** The usual span of a candle: the median of the known log ranges above 0; null where fewer than ten are known. */
export function usualRange(ranges: readonly number[]): number | null {
  const known = ranges.filter((range) => range > 0 && range < Number.POSITIVE_INFINITY);
  return known.length < MIN_MOVES ? null : median(known);
}

/** Prices further apart in time than this say nothing of each other. No closure of a market lasts as long. */
export const MAX_RELATED_SECONDS = 14 * DAY;

/** Whether two candles are near enough in time to be compared. */
export function areNeighbours(interval: Interval, before: number, after: number): boolean {
  const seconds = isDated(interval) ? nextStamp(interval, 0) : (INTRADAY_SECONDS[interval] ?? DAY);
  return after - before <= Math.max(MAX_RELATED_SECONDS, 20 * seconds);
}
