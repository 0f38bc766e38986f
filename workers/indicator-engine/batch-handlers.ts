import type { TypedResponse } from "hono";
import { factsOf, NO_UNITS } from "../../contracts/candle.ts";
import type { RequestCandle } from "../../contracts/indicator.ts";
import { ApiError, type Problem } from "../../contracts/problem.ts";
import { costOfIndicators } from "../../contracts/request-costs.ts";
import type { SymbolRecord } from "../../contracts/symbol.ts";
import { candlesFrom } from "../../core/candles.ts";
import type { ShareOwner } from "../../core/concurrency/fair-share.ts";
import { newStepPacer } from "../../durable-objects/isolate/long-work.ts";
import { auditNameOf } from "../auth/caller.ts";
import type { AppContext } from "../http/service.ts";
import { bodyCostOf } from "../metering/body-cost.ts";
import { callerAddress } from "../metering/burst-guard.ts";
import { chargeRestOfWork, chargeWork } from "../metering/usage.ts";
import { requireRecord, resolveAll } from "../symbol-registry/symbol-lookup.ts";
import { calculationMemory } from "./calculation-memory.ts";
import { demandOf, valuesOfCandles } from "./calculation-size.ts";
import { calculateAllInSlices } from "./compute.ts";
import { type EngineQuery, type EngineResult, type HoldMemory, symbolIndicators } from "./engine.ts";
import { indicatorResponse, withCalculationTime, withIgnored } from "./response.ts";
import { emptyByText, type ParsedSpecs, parseSpecs } from "./specs.ts";

/** A response whose JSON is written already, which is not checked against the route's schema. */
type WrittenJson = Response & TypedResponse<never, 200, "json">;

/** The answer to a calculation, which no cache keeps. */
export function uncachedJson(c: AppContext, text: string): WrittenJson {
  return c.body(text, 200, {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
  }) as Response as WrittenJson;
}

/** Indicators over candles that the caller brought. */
export async function fromRequestCandles(
  c: AppContext,
  candles: readonly RequestCandle[],
  texts: readonly string[] | undefined,
  ignored: readonly string[],
): Promise<WrittenJson> {
  const begun = Date.now();
  const specs = parseSpecs(texts, "body");
  const values = valuesOfCandles(specs.specs, candles.length);
  // Of that the body has paid its part.
  await chargeWork(c, costOfIndicators(1, specs.specs.length, candles.length, candles.length) - bodyCostOf(c));
  const columns = candlesFrom(
    candles.map(({ time, open = null, high = null, low = null, close = null, volume = null }) => ({
      time,
      open,
      high,
      low,
      close,
      volume,
      revision: 0,
      suspect: false,
    })),
  );
  const series = {
    bars: { columns, first: 0, fromTheBeginning: true, anchor: null },
    facts: factsOf([]),
    segments: [],
    forming: false,
    tier: "memory" as const,
  };
  const options = {
    ...{ symbol: null, interval: null, units: NO_UNITS },
    ...{ includeOpen: false, includeCandles: false, errors: specs.errors },
  };
  const size = { bars: candles.length, values };
  const json = await calculationMemory.hold(shareOwnerOf(c), size, async () => {
    const calculated = await calculateAllInSlices(specs.specs, series.bars, specs.errors, newStepPacer());
    return indicatorResponse(calculated, series, options).json;
  });
  return uncachedJson(c, withCalculationTime(withIgnored(json, ignored), begun));
}

/** Indicators of one symbol of the registry, paid for before any bar is read. */
export async function fromSymbol(
  c: AppContext,
  record: SymbolRecord,
  specs: ParsedSpecs,
  query: EngineQuery,
): Promise<EngineResult> {
  const { cost, barsOfOne, values } = demandOf([record], 1, specs.specs, query);
  await chargeRestOfWork(c, cost);
  const hold: HoldMemory = (work) => calculationMemory.hold(shareOwnerOf(c), { bars: barsOfOne, values }, work);
  return symbolIndicators(c.env, record, specs, query, hold, (work) => c.executionCtx.waitUntil(work));
}

/** Symbols that are worked on at a time, and the most bars that are held for them. */
const MAX_AT_ONCE = 4;
const MAX_BARS_AT_ONCE = 50_000;

/** Indicators of several symbols; one that fails does not fail the others. */
export async function fromSymbols(
  c: AppContext,
  symbols: readonly string[],
  texts: readonly string[] | undefined,
  query: EngineQuery,
  ignored: readonly string[],
): Promise<WrittenJson> {
  const begun = Date.now();
  const specs = parseSpecs(texts, "body");
  const errors = emptyByText();
  // Two texts may stand for one symbol: it is calculated once and stands in the answer once.
  const records = new Map<string, { record: SymbolRecord; texts: string[] }>();
  for (const [text, meaning] of await resolveAll(c.env, [...new Set(symbols)])) {
    try {
      const record = await requireRecord(c.env, text, meaning);
      const known = records.get(record.symbol);
      if (known) known.texts.push(text);
      else records.set(record.symbol, { record, texts: [text] });
    } catch (error) {
      errors[text] = problemOf(error);
    }
  }
  const found = [...records.values()];
  const demand = demandOf(
    found.map(({ record }) => record),
    symbols.length,
    specs.specs,
    query,
  );
  await chargeRestOfWork(c, demand.cost);
  const atOnce = Math.max(1, Math.min(MAX_AT_ONCE, Math.floor(MAX_BARS_AT_ONCE / Math.max(1, demand.barsOfOne))));
  const size = { bars: demand.barsOfOne * Math.min(atOnce, found.length), values: demand.values };
  const results = await calculationMemory.hold(shareOwnerOf(c), size, () => {
    const calculate = async ({ record, texts: names }: (typeof found)[number]): Promise<string | null> => {
      try {
        const answer = await symbolIndicators(c.env, record, specs, query, heldAlready, (work) =>
          c.executionCtx.waitUntil(work),
        );
        return `${JSON.stringify(record.symbol)}:${withCalculationTime(withIgnored(answer.json, ignored), begun)}`;
      } catch (error) {
        for (const name of names) errors[name] = problemOf(error);
        return null;
      }
    };
    return fewAtOnce(found, atOnce, calculate);
  });
  const written = results.filter((result) => result !== null);
  if (written.length === 0) throw noneSucceeded(errors);
  const tail = JSON.stringify({ errors, timestamp: new Date().toISOString() });
  return uncachedJson(c, `{"success":true,"results":{${written.sort().join(",")}},${tail.slice(1)}`);
}

/** The memory of all symbols of a request is held at once. */
const heldAlready: HoldMemory = (work) => work();

/** Works on items, only some of them at a time, so that what each needs is not in memory all at once. */
async function fewAtOnce<T, U>(items: readonly T[], atOnce: number, work: (item: T) => Promise<U>): Promise<U[]> {
  const results: U[] = [];
  let next = 0;
  const run = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index]);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, run));
  return results;
}

/** What a failure says to the caller; rethrows what is none of ours. */
function problemOf(error: unknown): Problem {
  if (error instanceof ApiError) return error.toProblem();
  throw error;
}

/** Whose share of the isolate's memory a request's calculation is. */
function shareOwnerOf(c: AppContext): ShareOwner {
  const { caller } = c.var;
  if (caller.kind === "anonymous") return { name: callerAddress(c), hasKey: false };
  return { name: auditNameOf(caller), hasKey: true };
}

function noneSucceeded(errors: Record<string, Problem>): ApiError {
  const problems = Object.values(errors);
  const unavailable = problems.some((problem) => problem.status === 503);
  const detail = `None of the ${problems.length} symbols could be calculated; see errors for details.`;
  const options = { extensions: { errors } };
  if (!unavailable) return new ApiError("symbol.not_found", detail, options);
  return new ApiError("candles.unavailable", detail, { ...options, headers: { "Retry-After": "5" } });
}
