import { createRoute, z } from "@hono/zod-openapi";
import {
  AvailableIndicatorSchema,
  CalculationSchema,
  distinctSpecs,
  IndicatorsAnswerSchema,
  MAX_SPECS,
} from "../../contracts/indicator.ts";
import {
  flag,
  intervalParameter,
  NO_QUERY,
  SymbolPath,
  timeParameter,
  unitParameter,
  wholeNumber,
} from "../../contracts/parameters.ts";
import { BatchProblemSchema, ProblemSchema } from "../../contracts/problem.ts";
import { CATALOG } from "../../core/indicators/catalog.ts";
import { MAX_POINTS } from "../../core/indicators/history.ts";
import { CATEGORIES, type IndicatorDefinition } from "../../core/indicators/indicator.ts";
import { csvResponse, formatOf, formatParameter, timeFormatParameter, VARY } from "../http/formats.ts";
import { problemResponses, textResponse } from "../http/responses.ts";
import { type AppContext, createService } from "../http/service.ts";
import { requireSymbol } from "../symbol-registry/symbol-lookup.ts";
import { fromRequestCandles, fromSymbol, fromSymbols, uncachedJson } from "./batch-handlers.ts";
import type { EngineQuery } from "./engine.ts";
import { withCalculationTime, withIgnored, withTimestamp } from "./response.ts";
import { parseSpecs, SPECS_MESSAGE, splitSpecs } from "./specs.ts";
import { indicatorTable } from "./table.ts";

const specList = z
  .union([z.string(), z.array(z.string())], SPECS_MESSAGE)
  .transform(splitSpecs)
  .refine((texts) => texts.length >= 1 && distinctSpecs(texts).length <= MAX_SPECS, SPECS_MESSAGE)
  .optional()
  .openapi({
    type: "array",
    items: { type: "string" },
    minItems: 1,
    maxItems: MAX_SPECS,
    description: `1 to ${MAX_SPECS} specs, separated by commas or repeated: NAME, NAME:p1:p2 or NAME:fast=12:slow=26; one that is repeated counts once. The default ten unless given.`,
  });

const Query = z
  .strictObject({
    indicators: specList,
    interval: intervalParameter.default("1h"),
    data_points: wholeNumber(1, MAX_POINTS).default(100),
    from: timeParameter.optional(),
    to: timeParameter.optional(),
    include_open: flag
      .default(false)
      .openapi({ type: "boolean", description: "Also answer the forming bar; `states` marks it." }),
    include_candles: flag.default(false).openapi({ type: "boolean" }),
    unit: unitParameter,
    format: formatParameter,
    time_format: timeFormatParameter,
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
      content: {
        "application/json": { schema: IndicatorsAnswerSchema },
        "text/csv": {
          schema: z.string().openapi({ example: "time,rsi,macd.line,macd.signal\n1795046400,56.1,1.25,1.5\n" }),
        },
      },
    },
    304: { description: "Nothing has changed since the entity tag in If-None-Match" },
    ...problemResponses(400, 404, 409, 422, 429, 503),
  },
});

const batchProblem = (description: string) => ({
  description,
  content: { "application/problem+json": { schema: BatchProblemSchema } },
});
const unknown = batchProblem("No symbol could be calculated; with `symbols`, see `errors` for details");
const unavailable = batchProblem("No candles are available now: `Retry-After` says when to ask again");

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
    404: unknown,
    503: unavailable,
    ...problemResponses(400, 409, 413, 415, 422, 429),
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
  return textResponse(c, withTimestamp(json.slice(0, -1)), json, "application/json", { maxAge: 3600 });
});

const skipsCaches = (c: AppContext): boolean => /\bno-cache\b/i.test(c.req.header("Cache-Control") ?? "");

indicators.openapi(symbolRoute, async (c) => {
  const begun = Date.now();
  const query = c.req.valid("query");
  const specs = parseSpecs(query.indicators, "query");
  const record = await requireSymbol(c.env, c.req.valid("param").symbol);
  const answer = await fromSymbol(c, record, specs, {
    interval: query.interval,
    points: query.data_points,
    from: query.from ?? null,
    to: query.to ?? null,
    includeOpen: query.include_open,
    includeCandles: query.include_candles,
    unit: query.unit,
    noCache: skipsCaches(c),
  });
  const options = { maxAge: query.include_open ? 1 : 5, tiers: [answer.tier], headers: { Vary: VARY } };
  if (formatOf(c, query.format) === "csv") {
    const { columns, rows } = indicatorTable(answer.json, query.time_format);
    return csvResponse(c, `${record.symbol}_${query.interval}_indicators`, columns, rows, options);
  }
  return textResponse(c, withCalculationTime(answer.json, begun), answer.json, "application/json", options);
});

/** What a calculation names that has no effect. */
const ignoredFields = ({ period }: { period?: number | null }): string[] => (period == null ? [] : ["period"]);

indicators.openapi(calculateRoute, async (c) => {
  const begun = Date.now();
  const body = c.req.valid("json");
  const ignored = ignoredFields(body);
  if ("candles" in body) return fromRequestCandles(c, body.candles, body.indicators, ignored);
  const query: EngineQuery = {
    interval: body.interval,
    points: body.data_points,
    from: null,
    to: null,
    includeOpen: body.include_open,
    includeCandles: body.include_candles,
    unit: body.unit,
    noCache: skipsCaches(c),
  };
  if ("symbols" in body) return fromSymbols(c, body.symbols, body.indicators, query, ignored);
  const specs = parseSpecs(body.indicators, "body");
  const answer = await fromSymbol(c, await requireSymbol(c.env, body.symbol), specs, query);
  return uncachedJson(c, withCalculationTime(withIgnored(answer.json, ignored), begun));
});
