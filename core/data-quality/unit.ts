import { type CandleColumns, PRICE_FIELDS, type PriceField } from "../candles.ts";
import type { Batch, ReportFinding } from "./finding.ts";
import { areNeighbours } from "./robust.ts";

const LOG_UNIT_FACTOR = Math.log(100);

/** How far from 100 a factor may be and still be the unit's, as a log: the price moves too. From 67 to 149. */
const TOLERANCE = 0.4;

/** As many candles at the end of a series, and 100 is the new price: shares are consolidated, currencies redenominated. */
const MIN_NEW_LEVEL_CANDLES = 20;

/** 1 where `to` is about 100 times `from`, −1 where it is a hundredth, else 0. Both are prices above 0. */
export function unitStep(from: number, to: number): -1 | 0 | 1 {
  const move = Math.log(to / from);
  if (!(Math.abs(Math.abs(move) - LOG_UNIT_FACTOR) <= TOLERANCE)) return 0;
  return move > 0 ? 1 : -1;
}

/**
 * Flags candles that are in another unit than the series: rand among cents. Whatever comes back is flagged, however long
 * it stayed; at either end of the series a new level is, until it has lasted for 20 candles, or if trades went there step
 * by step. So is a candle with one price in the other unit.
 * @param rows candles with a known close, ascending in time
 */
export function checkUnit(batch: Batch, rows: readonly number[], report: ReportFinding): void {
  const stretches = levels(batch, rows);
  const main = mainLevel(stretches);
  stretches.forEach((stretch, s) => {
    const atEdge = s === 0 || s === stretches.length - 1;
    const foreign = stretch.level !== main;
    if (foreign && !(atEdge && (stretch.rows.length >= MIN_NEW_LEVEL_CANDLES || stretch.reachedByTrades))) {
      const factor = stretch.level > main ? "large" : "small";
      for (const row of stretch.rows) report(row, "unit", `about 100 times too ${factor} beside its neighbours`);
      return;
    }
    // A candle that led from one level to another has prices at both.
    for (const row of stretch.reachedByTrades ? stretch.rows.slice(1) : stretch.rows) {
      const field = oddField(batch.candles, row);
      if (field) report(row, "unit", `${field} is about 100 times off the candle's other prices`);
    }
  });
}

/** Candles that follow each other in the same unit. */
interface Stretch {
  /** Power of 100, counted from the first candle. */
  level: number;
  rows: number[];
  /** Whether its first candle opened at the level before, so that trades led here. */
  reachedByTrades: boolean;
}

function levels({ candles, interval }: Batch, rows: readonly number[]): Stretch[] {
  const found: Stretch[] = [];
  rows.forEach((row, i) => {
    const last = found.at(-1);
    const before = rows[i - 1];
    if (last === undefined || before === undefined) {
      found.push({ level: 0, rows: [row], reachedByTrades: false });
      return;
    }
    const near = areNeighbours(interval, candles.time[before], candles.time[row]);
    const step = near ? unitStep(candles.close[before], candles.close[row]) : 0;
    if (step === 0) {
      last.rows.push(row);
      return;
    }
    const reachedByTrades = Math.abs(Math.log(candles.open[row] / candles.close[before])) < LOG_UNIT_FACTOR / 2;
    found.push({ level: last.level + step, rows: [row], reachedByTrades });
  });
  return found;
}

/** The unit that most candles are in; the earlier one where two have as many. */
function mainLevel(stretches: readonly Stretch[]): number {
  const counts = new Map<number, number>();
  for (const { level, rows } of stretches) counts.set(level, (counts.get(level) ?? 0) + rows.length);
  return [...counts].reduce((best, next) => (next[1] > best[1] ? next : best), [0, 0])[0];
}

/** The price of a candle that is in another unit than its close. */
function oddField(candles: CandleColumns, row: number): PriceField | null {
  const close = candles.close[row];
  return PRICE_FIELDS.find((field) => unitStep(close, candles[field][row]) !== 0) ?? null;
}
