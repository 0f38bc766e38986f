import { createRoute, z } from "@hono/zod-openapi";
import {
  AvailableIndicatorSchema,
  CalculationSchema,
  IndicatorsAnswerSchema,
  MOST_POINTS,
  MOST_SPECS,
  MOST_VALUES,
  type OwnCandle,
} from "../../contracts/indicator.ts";
import { flag, NO_QUERY, SymbolPath, timeParameter, wholeNumber } from "../../contracts/parameters.ts";
import { ApiError, type Problem, ProblemSchema } from "../../contracts/problem.ts";
import { candlesFrom } from "../../core/candles.ts";
import { CATALOG } from "../../core/indicators/catalog.ts";
import { CATEGORIES, type IndicatorDefinition } from "../../core/indicators/indicator.ts";
import { INTERVALS } from "../../core/interval.ts";
import { answerText, problemResponses } from "../answers.ts";
import { type AppContext, createService } from "../service.ts";
import { meaningsOf, recordOf, requireSymbol } from "../symbols.ts";
import { indicatorAnswer, stamped } from "./answer.ts";
import { type EngineAnswer, type EngineQuery, symbolIndicators } from "./engine.ts";
import { byText, readSpecs, SPECS_MESSAGE, splitSpecs } from "./specs.ts";

const specList = z
  .union([z.string(), z.array(z.string())], SPECS_MESSAGE)
  .transform(splitSpecs)
  .refine((texts) => texts.length >= 1 && texts.length <= MOST_SPECS, SPECS_MESSAGE)
  .optional()
  .openapi({
    type: "string",
    description: `1 to ${MOST_SPECS} specs, separated by commas or repeated: NAME, NAME:p1:p2 or NAME:fast=12:slow=26. The default ten unless given.`,
    example: "RSI,MACD:12:26:9",
  });

const Query = z
  .strictObject({
    indicators: specList,
    interval: z.enum(INTERVALS, `must be one of ${INTERVALS.join(", ")}`).default("1h"),
    data_points: wholeNumber(1, MOST_POINTS).default(100),
    from: timeParameter.optional(),
    to: timeParameter.optional(),
    include_open: flag
      .default(false)
      .openapi({ type: "boolean", description: "Also answer the forming bar; `states` marks it." }),
    include_candles: flag.default(false).openapi({ type: "boolean" }),
  })
  .refine((query) => query.from === undefined || query.to === undefined || query.from < query.to, {
    path: ["from"],
    message: "must be before to",
  });

const availableRoute = createRoute({
  method: "get",
  path: "/indicators/available",
  operationId: "listIndicators",
  summary: "Every indicator, with its parameters and outputs",
  tags: ["Indicators"],
  request: { query: NO_QUERY },
  responses: {
    200: {
      description: "Indicators by category",
      content: {
        "application/json": {
          schema: z
            .object({
              success: z.literal(true),
              indicators: z.record(z.enum(CATEGORIES), z.array(AvailableIndicatorSchema)),
              total_count: z.number().int(),
              timestamp: z.string(),
            })
            .openapi("AvailableIndicators"),
        },
      },
    },
    304: { description: "Nothing has changed since the entity tag in If-None-Match" },
    ...problemResponses(400, 429),
  },
});

const symbolRoute = createRoute({
  method: "get",
  path: "/indicators/{symbol}",
  operationId: "getIndicators",
  summary: "Indicators of a symbol",
  description:
    "Values over the last `data_points` closed bars; with `from`, over the bars from there on. Enough history is read before the first bar that a value does not depend on how many were asked for.",
  tags: ["Indicators"],
  request: { params: SymbolPath, query: Query },
  responses: {
    200: {
      description: "Values, each array as long as `times`; null where a value is not defined",
      content: { "application/json": { schema: IndicatorsAnswerSchema } },
    },
    304: { description: "Nothing has changed since the entity tag in If-None-Match" },
    ...problemResponses(400, 404, 409, 422, 429, 503),
  },
});

const calculateRoute = createRoute({
  method: "post",
  path: "/calculate",
  operationId: "calculateIndicators",
  summary: "Indicators of one symbol, of several, or of candles that you bring",
  description:
    "With `candles` all values from the first candle on are answered, null in the warm-up. Candles must ascend in time, with finite numbers or null, and high not below low.",
  tags: ["Indicators"],
  request: {
    query: NO_QUERY,
    body: { required: true, content: { "application/json": { schema: CalculationSchema } } },
  },
  responses: {
    200: {
      description: "The values; with `symbols` by symbol, and the problems of those that failed",
      content: {
        "application/json": {
          schema: z.union([
            IndicatorsAnswerSchema,
            z
              .object({
                success: z.literal(true),
                results: z.record(z.string(), IndicatorsAnswerSchema),
                errors: z.record(z.string(), ProblemSchema.partial()),
                timestamp: z.string(),
              })
              .openapi("IndicatorsOfSymbols"),
          ]),
        },
      },
    },
    304: { description: "Never: a calculation is not a read" },
    ...problemResponses(400, 404, 409, 413, 415, 422, 429, 503),
  },
});

/** Routes under /indicators, and /calculate. */
export const indicators = createService();

function describe({ name, description, parameters, outputs, algorithm }: IndicatorDefinition) {
  const described = parameters.map((parameter) =>
    "values" in parameter
      ? { name: parameter.name, default: parameter.default, values: [...parameter.values] }
      : { name: parameter.name, default: parameter.default, min: parameter.min, max: parameter.max },
  );
  return { name, description, parameters: described, outputs: [...outputs], algorithm };
}

indicators.openapi(availableRoute, (c) => {
  const byCategory = Object.fromEntries(
    CATEGORIES.map((category) => [category, CATALOG.filter((entry) => entry.category === category).map(describe)]),
  );
  const json = JSON.stringify({ success: true, indicators: byCategory, total_count: CATALOG.length });
  return answerText(c, stamped(json.slice(0, -1)), json, "application/json", { maxAge: 3600 });
});

const goesPastCaches = (c: AppContext): boolean => /\bno-cache\b/i.test(c.req.header("Cache-Control") ?? "");

indicators.openapi(symbolRoute, async (c) => {
  const query = c.req.valid("query");
  const specs = readSpecs(query.indicators, "query");
  const record = await requireSymbol(c.env, c.req.valid("param").symbol);
  const answer = await symbolIndicators(
    c.env,
    record,
    specs,
    {
      interval: query.interval,
      points: query.data_points,
      from: query.from ?? null,
      to: query.to ?? null,
      includeOpen: query.include_open,
      includeCandles: query.include_candles,
      noCache: goesPastCaches(c),
    },
    (work) => c.executionCtx.waitUntil(work),
  );
  const options = { maxAge: query.include_open ? 1 : 5, tiers: [answer.tier] };
  return answerText(c, stamped(answer.json), answer.json, "application/json", options);
});

indicators.openapi(calculateRoute, async (c) => {
  const body = c.req.valid("json");
  if ("candles" in body) return ownCandles(c, body.candles, body.indicators);
  const query: EngineQuery = {
    interval: body.interval,
    points: body.data_points,
    from: null,
    to: null,
    includeOpen: body.include_open,
    includeCandles: body.include_candles,
    noCache: goesPastCaches(c),
  };
  if ("symbols" in body) return severalSymbols(c, body.symbols, body.indicators, query);
  const specs = readSpecs(body.indicators, "body");
  const record = await requireSymbol(c.env, body.symbol);
  const answer = await symbolIndicators(c.env, record, specs, query, (work) => c.executionCtx.waitUntil(work));
  return jsonText(c, stamped(answer.json));
});

function jsonText(c: AppContext, text: string): Response {
  return c.body(text, 200, { "Content-Type": "application/json", "Cache-Control": "no-store" });
}

function ownCandles(c: AppContext, candles: readonly OwnCandle[], texts: readonly string[] | undefined): Response {
  const specs = readSpecs(texts, "body");
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
  const read = {
    bars: { columns, first: 0, fromTheBeginning: true, anchor: null },
    facts: { provider: null, simulated: false, adjustment: "unknown" as const, construction: "provider" as const },
    forming: false,
    tier: "memory" as const,
  };
  const options = { symbol: null, interval: null, includeOpen: false, includeCandles: false, errors: specs.errors };
  return jsonText(c, stamped(indicatorAnswer(specs.specs, read, options).json));
}

async function severalSymbols(
  c: AppContext,
  symbols: readonly string[],
  texts: readonly string[] | undefined,
  query: EngineQuery,
): Promise<Response> {
  const specs = readSpecs(texts, "body");
  const values = symbols.length * specs.specs.length * query.points;
  if (values > MOST_VALUES) throw tooMuch(values);
  // Two texts may stand for one symbol: it is calculated once and stands in the answer once.
  const asked = new Map<string, Promise<EngineAnswer>>();
  const results = new Map<string, string>();
  const errors = byText();
  const meanings = await meaningsOf(c.env, [...new Set(symbols)]);
  await Promise.all(
    [...meanings].map(async ([text, meaning]) => {
      try {
        const record = await recordOf(c.env, text, meaning);
        const answer =
          asked.get(record.symbol) ??
          symbolIndicators(c.env, record, specs, query, (work) => c.executionCtx.waitUntil(work));
        asked.set(record.symbol, answer);
        const { json } = await answer;
        results.set(record.symbol, `${JSON.stringify(record.symbol)}:${stamped(json)}`);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        errors[text] = error.toProblem();
      }
    }),
  );
  if (results.size === 0) throw noneSucceeded(errors);
  const tail = JSON.stringify({ errors, timestamp: new Date().toISOString() });
  return jsonText(c, `{"success":true,"results":{${[...results.values()].sort().join(",")}},${tail.slice(1)}`);
}

function tooMuch(values: number): ApiError {
  const message = `symbols times indicators times data_points is ${values}; ask for at most ${MOST_VALUES} at once`;
  return new ApiError("request.invalid", `${message}.`, { errors: [{ in: "body", path: "symbols", message }] });
}

function noneSucceeded(errors: Record<string, Problem>): ApiError {
  const problems = Object.values(errors);
  const unavailable = problems.some((problem) => problem.status === 503);
  const detail = `None of the ${problems.length} symbols could be calculated; errors says why of each.`;
  const options = { extensions: { errors } };
  if (!unavailable) return new ApiError("symbol.not_found", detail, options);
  return new ApiError("candles.unavailable", detail, { ...options, headers: { "Retry-After": "5" } });
}
