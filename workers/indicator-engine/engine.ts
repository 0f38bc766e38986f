import { unitsOf } from "../../contracts/candle.ts";
import { effectiveSources, marketModeOf } from "../../contracts/provider.ts";
import type { SymbolRecord } from "../../contracts/symbol.ts";
import { lastClosedStamp } from "../../core/buckets.ts";
import type { Interval } from "../../core/interval.ts";
import { marketOf } from "../../core/market-calendar/markets.ts";
import { columnsIn, type PriceUnit, unitsIn } from "../../core/price-unit.ts";
import { newStepPacer } from "../../durable-objects/isolate/long-work.ts";
import { seriesUnits } from "../../providers/series-units.ts";
import { type ResultKey, readResult, writeResult } from "../../storage/result-cache.ts";
import { digestOf, type Tier } from "../http/responses.ts";
import { readBarSeries } from "./bars.ts";
import { calculateAllInSlices } from "./compute.ts";
import { type IndicatorResponse, indicatorResponse } from "./response.ts";
import type { ParsedSpecs } from "./specs.ts";

/** What is asked of a symbol's indicators. */
export interface EngineQuery {
  interval: Interval;
  points: number;
  /** Unix seconds; null for the last bars. */
  from: number | null;
  to: number | null;
  includeOpen: boolean;
  includeCandles: boolean;
  /** What prices are in, of the candles and of what is calculated from them. */
  unit: PriceUnit;
  /** Go past the cache. */
  noCache: boolean;
}

/** An answer's text, without its closing timestamp, and where it came from. */
export interface EngineResult {
  json: string;
  tier: Tier;
}

/** The name under which a result may be kept, or null for questions that are not: an open bar changes, a range is rarely asked twice. */
async function cacheName(
  env: Env,
  record: SymbolRecord,
  specs: ParsedSpecs,
  query: EngineQuery,
): Promise<ResultKey | null> {
  if (query.includeOpen || query.includeCandles || query.from !== null || query.to !== null) return null;
  return {
    symbol: record.symbol,
    interval: query.interval,
    specs: await digestOf(
      JSON.stringify([
        specs.specs.map(({ key, definition }) => [key, definition.algorithm]),
        specs.errors,
        unitsIn(query.unit, unitsOf(record)),
      ]),
    ),
    points: query.points,
    lastClosed: lastClosedStamp(marketOf(record.primary_exchange), query.interval, Date.now() / 1000) ?? 0,
    sources: effectiveSources(record.data_sources, marketModeOf(env)).join("+"),
  };
}

/** Works on something while the memory is held that it needs. */
export type HoldMemory = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * The indicators of a symbol of the registry, from the cache where a client asked the same in the last minute.
 * @param hold holds the memory for what is not in the cache
 * @param waitUntil called with the work of filling the cache, which no client waits for
 */
export async function symbolIndicators(
  env: Env,
  record: SymbolRecord,
  specs: ParsedSpecs,
  query: EngineQuery,
  hold: HoldMemory,
  waitUntil: (work: Promise<void>) => void,
): Promise<EngineResult> {
  const name = await cacheName(env, record, specs, query);
  if (name && !query.noCache) {
    const cached = await readResult(env.CACHE, name);
    if (cached !== null) return { json: cached, tier: "kv" };
  }
  return hold(async () => {
    const { answer, tier } = await calculateSymbol(env, record, specs, query);
    // A result whose last bar is a later one than its name says belongs to the next name.
    if (name && (answer.lastTime ?? 0) <= name.lastClosed) waitUntil(writeResult(env.CACHE, name, answer.json));
    return { json: answer.json, tier };
  });
}

async function calculateSymbol(
  env: Env,
  record: SymbolRecord,
  { specs, errors }: ParsedSpecs,
  query: EngineQuery,
): Promise<{ answer: IndicatorResponse; tier: Tier }> {
  const read = await readBarSeries(env, record, specs, query);
  const units = seriesUnits(record, read.facts.provider);
  const columns = columnsIn(query.unit, units, read.bars.columns);
  const series = { ...read, bars: { ...read.bars, columns } };
  const calculated = await calculateAllInSlices(specs, series.bars, errors, newStepPacer());
  const answer = indicatorResponse(calculated, series, {
    symbol: record.symbol,
    interval: query.interval,
    units: unitsIn(query.unit, units),
    includeOpen: query.includeOpen,
    includeCandles: query.includeCandles,
    errors,
  });
  return { answer, tier: series.tier };
}
