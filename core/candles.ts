/**
 * Candles as columns: one Float64Array per field, so that a few thousand of them cost no objects, travel between
 * isolates as they are, and are folded by the indicators without boxing. Inside, an unknown number is NaN; it becomes
 * null where candles leave the platform (`candleAt`).
 */
export interface CandleColumns {
  readonly length: number;
  /** Opening of the bucket, unix seconds, strictly ascending. */
  readonly time: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  /** In the symbol's volume unit. */
  readonly volume: Float64Array;
  /** How often the candle was changed after it was first stored. */
  readonly revision: Float64Array;
  /** 1 where data-quality checks flag the candle. */
  readonly suspect: Uint8Array;
  /** Which origin the candle has, by the number that its room has given it; 0 where no one asks. */
  readonly origin: Uint32Array;
}

/** The prices of a candle. */
export const PRICE_FIELDS = ["open", "high", "low", "close"] as const;

/** The numbers of a candle that a source sends. */
export const NUMBER_FIELDS = [...PRICE_FIELDS, "volume"] as const;

/** A price column that an indicator can read. */
export type PriceField = (typeof PRICE_FIELDS)[number];

/** One candle; unknown fields are null. */
export interface Candle {
  time: number;
  open: number | null;
  high: number | null;
  low: number | null;
  close: number | null;
  volume: number | null;
  revision: number;
  suspect: boolean;
}

/** Columns of `length` candles, every number unknown. */
export function emptyCandles(length: number): CandleColumns {
  const unknown = () => new Float64Array(length).fill(Number.NaN);
  return {
    length,
    time: new Float64Array(length),
    open: unknown(),
    high: unknown(),
    low: unknown(),
    close: unknown(),
    volume: unknown(),
    revision: new Float64Array(length),
    suspect: new Uint8Array(length),
    origin: new Uint32Array(length),
  };
}

/** Columns from rows in ascending order of time. */
export function candlesFrom(rows: readonly Candle[]): CandleColumns {
  const columns = emptyCandles(rows.length);
  rows.forEach((row, i) => {
    columns.time[i] = row.time;
    columns.open[i] = row.open ?? Number.NaN;
    columns.high[i] = row.high ?? Number.NaN;
    columns.low[i] = row.low ?? Number.NaN;
    columns.close[i] = row.close ?? Number.NaN;
    columns.volume[i] = row.volume ?? Number.NaN;
    columns.revision[i] = row.revision;
    columns.suspect[i] = row.suspect ? 1 : 0;
  });
  return columns;
}

const known = (value: number): number | null => (Number.isNaN(value) ? null : value);

/** The candle at an index, with null where a number is unknown. */
export function candleAt(columns: CandleColumns, index: number): Candle {
  return {
    time: columns.time[index],
    open: known(columns.open[index]),
    high: known(columns.high[index]),
    low: known(columns.low[index]),
    close: known(columns.close[index]),
    volume: known(columns.volume[index]),
    revision: columns.revision[index],
    suspect: columns.suspect[index] === 1,
  };
}

/** The candles from index `start` up to but without `end`; shares memory with `columns`. */
export function sliceCandles(columns: CandleColumns, start: number, end = columns.length): CandleColumns {
  const first = Math.min(start, columns.length);
  const last = Math.min(Math.max(end, first), columns.length);
  return {
    length: last - first,
    time: columns.time.subarray(first, last),
    open: columns.open.subarray(first, last),
    high: columns.high.subarray(first, last),
    low: columns.low.subarray(first, last),
    close: columns.close.subarray(first, last),
    volume: columns.volume.subarray(first, last),
    revision: columns.revision.subarray(first, last),
    suspect: columns.suspect.subarray(first, last),
    origin: columns.origin.subarray(first, last),
  };
}

/** The same candles in memory of their own: a slice that is sent away would take its whole origin along. */
export function copyCandles(columns: CandleColumns): CandleColumns {
  return {
    length: columns.length,
    time: columns.time.slice(),
    open: columns.open.slice(),
    high: columns.high.slice(),
    low: columns.low.slice(),
    close: columns.close.slice(),
    volume: columns.volume.slice(),
    revision: columns.revision.slice(),
    suspect: columns.suspect.slice(),
    origin: columns.origin.slice(),
  };
}

/** Columns that follow one another in time, in one copy. */
export function joinCandles(...parts: readonly CandleColumns[]): CandleColumns {
  const joined = emptyCandles(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    for (const field of ["time", "open", "high", "low", "close", "volume", "revision"] as const)
      joined[field].set(part[field], at);
    joined.suspect.set(part.suspect, at);
    joined.origin.set(part.origin, at);
    at += part.length;
  }
  return joined;
}

/** The candles at some indices of several columns, in the order given. */
export function pickCandles(picked: readonly (readonly [columns: CandleColumns, index: number])[]): CandleColumns {
  const result = emptyCandles(picked.length);
  for (const field of ["time", "open", "high", "low", "close", "volume", "revision", "suspect", "origin"] as const)
    for (let i = 0; i < picked.length; i++) result[field][i] = picked[i][0][field][picked[i][1]];
  return result;
}

/** The index of the first candle that opens at or after `time` (unix seconds); `length` where there is none. */
export function firstAtOrAfter(columns: CandleColumns, time: number): number {
  let low = 0;
  let high = columns.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (columns.time[middle] < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
