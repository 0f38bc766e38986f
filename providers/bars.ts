import { type CandleColumns, candlesFrom } from "../core/candles.ts";

/** A candle as an upstream says it, stamped with the opening of our bucket. Unknown is null. */
export interface Bar {
  time: number;
  open: number | null;
  high: number | null;
  low: number | null;
  close: number;
  volume: number | null;
}

/** The bars stamped within [`from`, `to`) as columns, ascending; of two with one stamp the later one counts. */
export function columnsWithin(bars: Iterable<Bar>, from: number, to: number): CandleColumns {
  const byTime = new Map<number, Bar>();
  for (const bar of bars) if (bar.time >= from && bar.time < to) byTime.set(bar.time, bar);
  const rows = [...byTime.values()].sort((a, b) => a.time - b.time);
  return candlesFrom(rows.map((bar) => ({ ...bar, revision: 0, suspect: false })));
}
