/** What one indicator, or the default ten together, took over a series. */
export interface Row {
  indicator: string;
  candles: number;
  ours_ms: number;
  stream_next_us: number;
  technicalindicators_ms?: number;
  trading_signals_ms?: number;
  floor_ms?: number;
}

const number = (value: number | undefined, digits: number): string =>
  value === undefined ? "" : value.toFixed(digits);

const ratio = (value: number | undefined, by: number | undefined, digits: number): string =>
  value === undefined || by === undefined ? "" : `${(value / by).toFixed(digits)}×`;

/** Prints rows as a table. */
export function print(rows: readonly Row[]): void {
  console.table(
    rows.map((row) => ({
      indicator: row.indicator,
      candles: row.candles,
      "ours ms": number(row.ours_ms, 4),
      "next µs": number(row.stream_next_us, 3),
      "technicalindicators ms": number(row.technicalindicators_ms, 3),
      "trading-signals ms": number(row.trading_signals_ms, 3),
      "floor ms": number(row.floor_ms, 4),
      "technicalindicators / ours": ratio(row.technicalindicators_ms, row.ours_ms, 0),
      "ours / floor": ratio(row.ours_ms, row.floor_ms, 2),
    })),
  );
}
