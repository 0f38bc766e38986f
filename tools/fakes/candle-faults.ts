import type { Fault } from "./faults.ts";

/** A candle of an answer, before it is written as its upstream does. Null stands for null. */
export interface FakeCandle {
  /** Its bucket, unix seconds. */
  time: number;
  /** What it is stamped with, milliseconds since 1970. */
  stamp: number;
  /** The end of its bucket, unix seconds. */
  closes: number;
  isClosed: boolean;
  /** Which one of its interval it is, counted since 1970: the same candle has the same number in every answer. */
  number: number;
  open: number | null;
  high: number | null;
  low: number | null;
  close: number | null;
  volume: number;
}

/** An answer's candles, and how they are written. */
export interface FakeSeries {
  candles: readonly FakeCandle[];
  write: (candles: readonly FakeCandle[]) => unknown;
}

/** By as much the exchange's stamps of February 2018 are off, milliseconds. */
const OFF_GRID_MS = 3_489;
const REVISED_BY = 1.01;

/** The series as a fault distorts it; null where the fault is none of candles. */
export function distortSeries({ candles, write }: FakeSeries, fault: Fault): unknown {
  const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = fault;
  const within = (change: (candle: FakeCandle) => FakeCandle) =>
    write(candles.map((candle) => (candle.time >= from && candle.time < to ? change(candle) : candle)));
  switch (fault.kind) {
    case "empty":
      return write([]);
    case "off_grid":
      return within((candle) => ({ ...candle, stamp: candle.stamp + OFF_GRID_MS }));
    case "revise":
      return within((candle) => revised(candle, fault.factor ?? REVISED_BY));
    case "odd_rows":
      return within(odd);
    default:
      return null;
  }
}

/** A closed candle with another close, and high and low that still hold it. */
function revised(candle: FakeCandle, factor: number): FakeCandle {
  if (!candle.isClosed || candle.close === null) return candle;
  const close = candle.close * factor;
  return { ...candle, close, high: Math.max(candle.high ?? close, close), low: Math.min(candle.low ?? close, close) };
}

function odd(candle: FakeCandle): FakeCandle {
  if (candle.number % 7 === 0) return { ...candle, close: null };
  if (candle.number % 11 === 0) return { ...candle, close: 0 };
  if (candle.number % 13 !== 0 || candle.low === null) return candle;
  return { ...candle, high: candle.low * 0.9 };
}
