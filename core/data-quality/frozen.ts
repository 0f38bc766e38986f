import type { CandleColumns } from "../candles.ts";
import type { Batch, ReportFinding } from "./finding.ts";
import { areNeighbours } from "./robust.ts";

/** Candles on either side from which it is learnt how often the price stands still. */
const WINDOW = 200;

/** Repetitions are flagged where chance would bring them less often than this. */
const MIN_PROBABILITY = 1e-8;

/**
 * Flags candles that repeat the price of the one before, too often in a row. How often is too often depends on the
 * series: one candle in fifty stands still in a busy one, every second in a thin one. Were they independent, a run of n
 * would have the chance pⁿ; they are not quite, so the limit is low. The first candle of a run is a real price and is not
 * flagged.
 * @param rows candles of open sessions with a known close, ascending in time
 */
export function checkFrozen(batch: Batch, rows: readonly number[], report: ReportFinding): void {
  const { candles, interval } = batch;
  const still = rows.map((row, i) => {
    const before = rows[i - 1];
    if (before === undefined || !areNeighbours(interval, candles.time[before], candles.time[row])) return false;
    return standsStill(candles, before, row);
  });
  for (let i = 0; i < rows.length; i++) {
    if (!still[i]) continue;
    const start = i;
    while (still[i]) i++;
    const around = [...still.slice(Math.max(0, start - WINDOW), start), ...still.slice(i, i + WINDOW)];
    const frequency = (around.filter(Boolean).length + 1) / (around.length + 2);
    if (frequency ** (i - start) >= MIN_PROBABILITY) continue;
    const detail = `one of ${i - start} candles in a row that repeat the close ${candles.close[rows[start]]}`;
    for (let j = start; j < i; j++) report(rows[j], "frozen", detail);
  }
}

/** Whether nothing in a candle moved from the close before it. New volume is a sign of life: trades can be at one price. */
function standsStill(candles: CandleColumns, before: number, row: number): boolean {
  const volume = candles.volume[row];
  if (volume > 0 && volume !== candles.volume[before]) return false;
  const price = candles.close[before];
  const same = (value: number) => value === price || Number.isNaN(value);
  return candles.close[row] === price && same(candles.open[row]) && same(candles.high[row]) && same(candles.low[row]);
}
