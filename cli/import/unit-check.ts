import { z } from "zod";
import type { CandleRow, RefusedRow } from "../../core/candle-rows.ts";
import type { Interval } from "../../core/interval.ts";
import { DAY, isoDate } from "../../core/time.ts";
import { read, type Target } from "../platform/client.ts";
import { ItemFailure } from "../platform/failures.ts";

const Candles = z.object({
  simulated: z.boolean(),
  data: z.array(z.object({ time: z.number(), close: z.number().nullable() })),
});

/** Prices that are as many times off are in another unit, for nothing else makes a price a hundred times another: from 50 to 200. */
const [MIN_FACTOR, MAX_FACTOR] = [50, 200];
/** Stored candles further away than this say nothing of the unit: prices grow. */
const MAX_DISTANCE = 400 * DAY;
const MAX_COMPARED = 1_000;
const NEIGHBOURS = 20;

/** A close and its time, unix seconds. */
interface Close {
  time: number;
  close: number;
}

/** The series of a file, and what its prices are in. */
export interface FileSeries {
  symbol: string;
  interval: Interval;
  currency: string;
  priceUnit: string;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

async function storedCloses(target: Target, symbol: string, query: string): Promise<Close[]> {
  const path = `/ohlcv/${encodeURIComponent(symbol)}?${query}`;
  const { simulated, data } = await read(target, path, Candles);
  if (simulated) return [];
  return data.flatMap(({ time, close }) => (close === null || close <= 0 ? [] : [{ time, close }]));
}

/** Stored real closes at the times of the file's, or the nearest ones. */
async function nearest(
  target: Target,
  { symbol, interval }: FileSeries,
  first: number,
  last: number,
): Promise<Close[]> {
  const of = (interval: Interval, query: string) => storedCloses(target, symbol, `interval=${interval}&${query}`);
  const within = await of(interval, `from=${first}&to=${last + 1}&limit=${MAX_COMPARED}`);
  if (within.length > 0) return within;
  const days = await of("1d", `from=${first - 7 * DAY}&to=${last + 7 * DAY}&limit=${MAX_COMPARED}`);
  if (days.length > 0) return days;
  const before = await of("1d", `to=${first}&limit=${NEIGHBOURS}`);
  const after = await of("1d", `from=${last + 1}&limit=${NEIGHBOURS}`);
  const near = (closes: readonly Close[]) =>
    closes.filter(({ time }) => Math.min(Math.abs(time - first), Math.abs(time - last)) <= MAX_DISTANCE);
  const [earlier, later] = [near(before), near(after)];
  return earlier.length > 0 ? earlier : later;
}

/** How many times the file's closes are the stored ones: at common times where there are any, else by their medians. */
function factorOf(file: readonly Close[], stored: readonly Close[]): number {
  const byTime = new Map(stored.map(({ time, close }) => [time, close]));
  const common = file.flatMap(({ time, close }) => {
    const known = byTime.get(time);
    return known === undefined ? [] : [close / known];
  });
  if (common.length > 0) return median(common);
  const closes = (all: readonly Close[]) => median(all.map(({ close }) => close));
  return closes(file) / closes(stored);
}

/**
 * Compares the first rows of a file with the nearest stored real prices: the simulator's are none.
 * @throws ItemFailure where they are 50 to 200 times off, which a unit explains; the message names the options that say it
 */
export async function checkUnit(
  target: Target,
  series: FileSeries,
  rows: readonly (CandleRow | RefusedRow)[],
): Promise<void> {
  const file = rows.slice(0, MAX_COMPARED).flatMap((row): Close[] => {
    const close = "reason" in row ? Number.NaN : Number(row.close ?? Number.NaN);
    return "time" in row && close > 0 ? [{ time: Number(row.time), close }] : [];
  });
  if (file.length === 0) return;
  const times = file.map(({ time }) => time);
  const stored = await nearest(target, series, Math.min(...times), Math.max(...times));
  if (stored.length === 0) return;
  const factor = factorOf(file, stored);
  const size = factor < 1 ? 1 / factor : factor;
  if (size < MIN_FACTOR || size > MAX_FACTOR) return;
  const { symbol, currency, priceUnit } = series;
  const off = `${Math.round(size)} times ${factor < 1 ? "below" : "above"}`;
  const beside = `closes of the file are about ${off} those that are stored of ${symbol} around ${isoDate(stored[0].time)}`;
  const ways =
    factor < 1 && priceUnit !== currency
      ? `say --unit major if the file is in ${currency}, or --unit quoted if it is in ${priceUnit} all the same`
      : `say --unit quoted if the file is in ${priceUnit} all the same`;
  throw new ItemFailure(`The unit is not sure: ${beside}; ${ways}.`);
}
