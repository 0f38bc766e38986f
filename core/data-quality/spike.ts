import type { CandleColumns, PriceField } from "../candles.ts";
import type { MarketId } from "../market-calendar/markets.ts";
import type { Batch, ReportFinding } from "./finding.ts";
import { areNeighbours, usualMove, usualRange } from "./robust.ts";

/** Candles on either side from which the usual is learnt. */
const WINDOW = 30;

/** A close is a spike beyond this many usual moves. */
const SPIKE_MOVES = 10;

/** A wick or an open is one beyond this many usual ranges: short of that, wicks are how thin markets trade. */
const SPIKE_RANGES = 15;

/** The longest spike, in candles. */
const MAX_SPIKE = 3;

/**
 * Smaller deviations (log) are left alone, however calm the market is: the γ of C. T. Brownlees and G. M. Gallo, "Financial
 * econometric analysis at ultra-high frequency: Data handling concerns", Computational Statistics & Data Analysis 51
 * (2006), 2232–2245.
 */
const MIN_DEVIATION: Record<MarketId, number> = { JSE: 0.01, US: 0.01, CRYPTO: 0.01, FOREX: 0.0025 };

/** Without a candle before, an open is only flagged from a factor of two: it may be a real fall within the candle. */
const MIN_OPEN_DEVIATION = Math.LN2;

/**
 * Flags prices that left their neighbours and came back: closes (up to three in a row), wicks and opens. A crash that
 * lasts is no spike, and a fall in a market that moves as much every day is none either. What came last is not checked
 * until the next candle shows whether it stays.
 * @param rows candles with a known close, ascending in time
 */
export function checkSpikes(batch: Batch, rows: readonly number[], report: ReportFinding): void {
  const { candles, interval } = batch;
  const minDeviation = MIN_DEVIATION[batch.market.id];
  const price = rows.map((row) => Math.log(candles.close[row]));
  const near = rows.map((row, i) => i > 0 && areNeighbours(interval, candles.time[rows[i - 1]], candles.time[row]));
  const move = price.map((value, i) => (near[i] ? value - price[i - 1] : Number.NaN));
  const range = rows.map((row) => Math.log(candles.high[row] / candles.low[row]));
  for (let i = 0; i < rows.length; i++) {
    const spike = near[i] ? closeSpike(price, near, move, i, minDeviation) : null;
    if (spike) {
      const between = `between ${candles.close[rows[i - 1]]} and ${candles.close[rows[i + spike.length]]}`;
      for (const row of rows.slice(i, i + spike.length)) {
        report(row, "spike", `close ${candles.close[row]} ${between}: ${spike.times} times the usual move`);
      }
      i += spike.length - 1;
      continue;
    }
    const excess = outlyingPrice(candles, rows[i], near[i] ? candles.close[rows[i - 1]] : null, minDeviation);
    if (!excess) continue;
    const usual = usualRange([...range.slice(Math.max(0, i - WINDOW), i), ...range.slice(i + 1, i + 1 + WINDOW)]);
    if (usual === null || excess.size <= SPIKE_RANGES * usual) continue;
    const { field, size } = excess;
    const beside = `${field} ${candles[field][rows[i]]} beside close ${candles.close[rows[i]]}`;
    report(rows[i], "spike", `${beside}: ${Math.round(size / usual)} times the usual range`);
  }
}

interface CloseSpike {
  /** Candles. */
  length: number;
  times: number;
}

/** The shortest spike of closes that begins at place `i`. */
function closeSpike(
  price: readonly number[],
  near: readonly boolean[],
  move: readonly number[],
  i: number,
  minDeviation: number,
): CloseSpike | null {
  for (let length = 1; length <= MAX_SPIKE && near[i + length]; length++) {
    const before = price[i - 1];
    const after = price[i + length];
    const size = distance(price.slice(i, i + length), before, after);
    // It came back at least half of the way.
    if (size <= minDeviation || Math.abs(after - before) > size) continue;
    const usual = usualMove([
      ...move.slice(Math.max(0, i - WINDOW), i),
      ...move.slice(i + length + 1, i + length + 1 + WINDOW),
    ]);
    if (usual !== null && size > SPIKE_MOVES * usual) return { length, times: Math.round(size / usual) };
  }
  return null;
}

/** How far all `values` are from both of two others, on the same side of them; 0 where they are not. */
function distance(values: readonly number[], before: number, after: number): number {
  const above = Math.min(...values) - Math.max(before, after);
  const below = Math.min(before, after) - Math.max(...values);
  return Math.max(above, below, 0);
}

/** The price of a candle that is furthest off: a wick, or an open away from both the close before and its own close. */
function outlyingPrice(
  candles: CandleColumns,
  row: number,
  closeBefore: number | null,
  minDeviation: number,
): { field: Exclude<PriceField, "close">; size: number } | null {
  const open = Math.log(candles.open[row]);
  const close = Math.log(candles.close[row]);
  const before = closeBefore === null ? close : Math.log(closeBefore);
  const openSize = distance([open], close, before);
  const sizes = [
    { field: "open" as const, size: closeBefore === null && openSize <= MIN_OPEN_DEVIATION ? 0 : openSize },
    { field: "high" as const, size: Math.log(candles.high[row]) - Math.max(open, close) },
    { field: "low" as const, size: Math.min(open, close) - Math.log(candles.low[row]) },
  ];
  const known = sizes.filter(({ size }) => size > minDeviation);
  return known.length === 0 ? null : known.reduce((largest, next) => (next.size > largest.size ? next : largest));
}
