import { z } from "zod";
import type { CandleAnswer, Segment, SeriesFacts, SeriesUnits } from "../../contracts/candle.ts";
import type { Problem } from "../../contracts/problem.ts";
import { candleAt } from "../../core/candles.ts";
import type { Bars } from "../../core/indicators/history.ts";
import { type CalculationResult, numbersOf } from "./compute.ts";

/** Bars, and what there is to know of their series. */
export interface BarSeries {
  bars: Bars;
  facts: SeriesFacts;
  /** Where the bars that are answered come from. */
  segments: readonly Segment[];
  /** Whether the last bar is still forming. */
  forming: boolean;
}

/** What an answer holds beside the values. */
export interface ResponseOptions {
  symbol: string | null;
  interval: string | null;
  units: SeriesUnits;
  includeOpen: boolean;
  includeCandles: boolean;
  /** Problems of specs that could not be read. */
  errors: Record<string, Problem>;
}

/** An answer as JSON text without its closing `timestamp`, and the stamp of its last bar. */
export interface IndicatorResponse {
  json: string;
  lastTime: number | null;
}

function candleRows(series: BarSeries): CandleAnswer[] {
  const { columns, first } = series.bars;
  const rows: CandleAnswer[] = [];
  for (let i = first; i < columns.length; i++) {
    const { revision, suspect, ...numbers } = candleAt(columns, i);
    rows.push({ ...numbers, state: stateOf(series, i), revision, suspect });
  }
  return rows;
}

function stateOf(series: BarSeries, index: number): CandleAnswer["state"] {
  const { columns } = series.bars;
  if (series.forming && index === columns.length - 1) return "open";
  return columns.revision[index] > 0 ? "revised" : "closed";
}

/**
 * Writes the answer of what was calculated over bars. Text is written once, column by column: an answer may hold a hundred
 * thousand numbers.
 */
export function indicatorResponse(
  calculated: CalculationResult,
  series: BarSeries,
  options: ResponseOptions,
): IndicatorResponse {
  const { bars, facts } = series;
  const times = numbersOf(bars.columns.time, bars.first);
  const values = [...calculated.indicators].map(([key, text]) => `${JSON.stringify(key)}:${text}`);
  const states = options.includeOpen ? { states: times.map((_, i) => stateOf(series, bars.first + i)) } : {};
  const head = JSON.stringify({
    symbol: options.symbol,
    interval: options.interval,
    ...facts,
    ...options.units,
    segments: series.segments,
    times,
    ...states,
  });
  const tail = JSON.stringify({
    meta: calculated.meta,
    errors: { ...options.errors, ...calculated.errors },
    ...(options.includeCandles ? { candles: candleRows(series) } : {}),
    data_points_used: times.length,
  });
  const json = `{"success":true,${head.slice(1, -1)},"indicators":{${values.join(",")}},${tail.slice(1, -1)}`;
  return { json, lastTime: times.at(-1) ?? null };
}

/** Ends an answer's text with the moment at which it is given. */
export function withTimestamp(json: string): string {
  return `${json},"timestamp":${JSON.stringify(new Date().toISOString())}}`;
}

/**
 * Ends the text of a calculation's answer.
 * @param begun when its request came, unix milliseconds
 */
export function withCalculationTime(json: string, startedAt: number): string {
  return withTimestamp(`${json},"calculation_time":${Math.max(0, Date.now() - startedAt) / 1000}`);
}

const ResponseSchema = z.looseObject({ meta: z.looseObject({}) });

/** An answer's text, without its closing `timestamp`, whose `meta` names what had no effect. */
export function withIgnored(json: string, ignored: readonly string[]): string {
  if (ignored.length === 0) return json;
  const { meta, ...rest } = ResponseSchema.parse(JSON.parse(`${json}}`));
  return JSON.stringify({ ...rest, meta: { ...meta, ignored } }).slice(0, -1);
}
