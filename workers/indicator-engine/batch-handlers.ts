import type { TypedResponse } from "hono";
import { NO_UNITS } from "../../contracts/candle.ts";
import { MAX_VALUES, type RequestCandle } from "../../contracts/indicator.ts";
import { ApiError, type Problem } from "../../contracts/problem.ts";
import { costOfIndicators } from "../../contracts/request-costs.ts";
import { candlesFrom } from "../../core/candles.ts";
import type { AppContext } from "../http/service.ts";
import { chargeRest } from "../metering/usage.ts";
import { requireRecord, resolveAll } from "../symbol-registry/symbol-lookup.ts";
import { type EngineQuery, type EngineResult, symbolIndicators } from "./engine.ts";
import { indicatorResponse, withCalculationTime, withIgnored } from "./response.ts";
import { emptyByText, parseSpecs } from "./specs.ts";

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
  await chargeRest(c, costOfIndicators(1, specs.specs.length, candles.length));
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
    facts: { provider: null, simulated: false, adjustment: "unknown" as const, construction: "provider" as const },
    forming: false,
    tier: "memory" as const,
  };
  const options = {
    ...{ symbol: null, interval: null, units: NO_UNITS },
    ...{ includeOpen: false, includeCandles: false, errors: specs.errors },
  };
  const { json } = indicatorResponse(specs.specs, series, options);
  return uncachedJson(c, withCalculationTime(withIgnored(json, ignored), begun));
}

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
  const values = symbols.length * specs.specs.length * query.points;
  if (values > MAX_VALUES) throw tooManyValues(values);
  await chargeRest(c, costOfIndicators(symbols.length, specs.specs.length, query.points));
  // Two texts may stand for one symbol: it is calculated once and stands in the answer once.
  const pending = new Map<string, Promise<EngineResult>>();
  const results = new Map<string, string>();
  const errors = emptyByText();
  const resolutions = await resolveAll(c.env, [...new Set(symbols)]);
  await Promise.all(
    [...resolutions].map(async ([text, meaning]) => {
      try {
        const record = await requireRecord(c.env, text, meaning);
        const answer =
          pending.get(record.symbol) ??
          symbolIndicators(c.env, record, specs, query, (work) => c.executionCtx.waitUntil(work));
        pending.set(record.symbol, answer);
        const { json } = await answer;
        results.set(
          record.symbol,
          `${JSON.stringify(record.symbol)}:${withCalculationTime(withIgnored(json, ignored), begun)}`,
        );
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        errors[text] = error.toProblem();
      }
    }),
  );
  if (results.size === 0) throw noneSucceeded(errors);
  const tail = JSON.stringify({ errors, timestamp: new Date().toISOString() });
  return uncachedJson(c, `{"success":true,"results":{${[...results.values()].sort().join(",")}},${tail.slice(1)}`);
}

function tooManyValues(values: number): ApiError {
  const message = `symbols times indicators times data_points is ${values}; ask for at most ${MAX_VALUES} at once`;
  return new ApiError("request.invalid", `${message}.`, { errors: [{ in: "body", path: "symbols", message }] });
}

function noneSucceeded(errors: Record<string, Problem>): ApiError {
  const problems = Object.values(errors);
  const unavailable = problems.some((problem) => problem.status === 503);
  const detail = `None of the ${problems.length} symbols could be calculated; see errors for details.`;
  const options = { extensions: { errors } };
  if (!unavailable) return new ApiError("symbol.not_found", detail, options);
  return new ApiError("candles.unavailable", detail, { ...options, headers: { "Retry-After": "5" } });
}
