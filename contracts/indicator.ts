import { z } from "@hono/zod-openapi";
import { MAX_POINTS } from "../core/indicators/history.ts";
import { INTERVALS } from "../core/interval.ts";
import { BAR_STATES, CandleSchema, SegmentSchema, SeriesFactsSchema, SeriesUnitsSchema } from "./candle.ts";
import { intervalParameter, unitParameter } from "./parameters.ts";
import { ProblemSchema } from "./problem.ts";

/** Indicators that one call may ask for. */
export const MAX_SPECS = 20;
/** Candles that a client may send of their own. */
export const MAX_REQUEST_CANDLES = 10_000;
/** Numbers that one answer may hold, times and every output of every indicator counted: it is made in the memory of one isolate. */
export const MAX_VALUES = 800_000;
/** Symbols that one call may ask for. */
export const MAX_INDICATOR_SYMBOLS = 50;

const values = z.array(z.number().nullable());

/** The values of one indicator: a column, or one for each of its outputs, each as long as `times`. */
export const IndicatorValuesSchema = z.union([
  values,
  z.record(z.string(), z.union([values, z.record(z.string(), values)])),
]);

export const IndicatorMetaSchema = z
  .object({
    algorithm: z.string().openapi({ example: "rsi.wilder@1" }),
    parameters: z.record(z.string(), z.union([z.number(), z.string()])),
    stable: z.boolean().openapi({
      description:
        "Whether enough history came before the first bar that its value does not depend on where history starts.",
    }),
    warm_up: z.number().int().openapi({ description: "Bars that were read before the first one answered." }),
    anchor_time: z.number().int().nullable().openapi({ description: "Where a running total begins, unix seconds." }),
  })
  .openapi("IndicatorMeta");

export const IndicatorsAnswerSchema = z
  .object({
    success: z.literal(true),
    symbol: z.string().nullable(),
    interval: z.enum(INTERVALS).nullable(),
    ...SeriesFactsSchema.shape,
    ...SeriesUnitsSchema.shape,
    segments: z.array(SegmentSchema).openapi({ description: "Of the bars that are answered, oldest first." }),
    times: z.array(z.number().int()),
    states: z.array(z.enum(BAR_STATES)).optional(),
    indicators: z.record(z.string(), IndicatorValuesSchema),
    meta: z
      .object({
        ignored: z
          .array(z.string())
          .optional()
          .openapi({
            description: "Members of a calculation that have no effect, where there are any; else absent.",
            example: ["period"],
          }),
      })
      .catchall(IndicatorMetaSchema)
      .openapi({ description: "What is to be known of each spec, by its key in `indicators`." }),
    errors: z.record(z.string(), ProblemSchema.partial()),
    candles: z.array(CandleSchema).optional(),
    data_points_used: z.number().int(),
    calculation_time: z.number().nonnegative().openapi({
      description: "Seconds from the request to its answer, with all that was waited for.",
      example: 0.012,
    }),
    timestamp: z.string(),
  })
  .openapi("Indicators");

/** Specs as they are distinguished, in lower case: `RSI` and `rsi` are one, calculated once. */
export const distinctSpecs = (texts: readonly string[]): string[] => [
  ...new Set(texts.map((text) => text.trim().toLowerCase())),
];

const specs = z
  .array(z.string().max(100))
  .min(1, "must name at least one indicator")
  .refine((texts) => distinctSpecs(texts).length <= MAX_SPECS, `must name at most ${MAX_SPECS} indicators`)
  .openapi({
    description: `Up to ${MAX_SPECS} specs; one that is repeated counts once.`,
    example: ["RSI", "MACD:12:26:9"],
  });

const points = z
  .number()
  .int()
  .min(1, `must be from 1 to ${MAX_POINTS}`)
  .max(MAX_POINTS, `must be from 1 to ${MAX_POINTS}`)
  .default(100);

/** A parameter of the earlier platform, which ignored it: a spec names its own periods. */
const period = z.number().int().nullable().optional().openapi({
  description: "Accepted from clients of the earlier platform, and ignored: `meta.ignored` names it. Write `RSI:21`.",
  deprecated: true,
});

const calculationFields = {
  period,
  indicators: specs.optional(),
  interval: intervalParameter.default("1h"),
  data_points: points,
  include_open: z.boolean().default(false),
  include_candles: z.boolean().default(false),
  unit: unitParameter,
};

const symbol = z
  .string({
    error: ({ input }) =>
      input === undefined ? "is missing; use one of symbol, symbols or candles" : "must be a symbol, such as BTC/USDT",
  })
  .min(1)
  .max(64)
  .openapi({ example: "BTC/USDT" });

/** `POST /calculate` for one symbol of the registry. */
export const SymbolCalculationSchema = z.strictObject({ symbol, ...calculationFields }).openapi("SymbolCalculation");

/** `POST /calculate` for several symbols. */
export const SymbolsCalculationSchema = z
  .strictObject({
    symbols: z
      .array(symbol)
      .min(1, `must name 1 to ${MAX_INDICATOR_SYMBOLS} symbols`)
      .max(MAX_INDICATOR_SYMBOLS, `must name 1 to ${MAX_INDICATOR_SYMBOLS} symbols`),
    ...calculationFields,
  })
  .openapi("SymbolsCalculation");

const cell = z.number("must be a finite number or null").nullable();

const RequestCandleSchema = z.strictObject({
  time: z.number("must be unix seconds").int("must be whole unix seconds"),
  open: cell.optional(),
  high: cell.optional(),
  low: cell.optional(),
  close: cell.optional(),
  volume: cell.optional(),
});

export type RequestCandle = z.infer<typeof RequestCandleSchema>;

/** What is wrong with the first candle that is wrong among its neighbours, if one is. */
function faultOf(candles: readonly RequestCandle[]): { index: number; field: string; message: string } | null {
  for (const [index, candle] of candles.entries()) {
    const before = candles[index - 1];
    if (Math.abs(candle.time) >= 1e11) {
      return { index, field: "time", message: "looks like milliseconds; use unix seconds" };
    }
    if (before && candle.time <= before.time) {
      return { index, field: "time", message: `is ${candle.time}, not after the candle before it (${before.time})` };
    }
    const { high, low } = candle;
    if (high != null && low != null && high < low) {
      return { index, field: "high", message: `is ${high}, below low (${low})` };
    }
  }
  return null;
}

/** Leaves of all that is wrong with candles what is wrong with the first bad one: the others may be bad because of it. */
function describeFirstFault(candles: readonly RequestCandle[], issues: z.core.$ZodRawIssue[]): void {
  const indexOf = ({ path }: z.core.$ZodRawIssue): number | null => (typeof path?.[0] === "number" ? path[0] : null);
  const malformed = issues.map(indexOf).find((index) => index !== null) ?? candles.length;
  const fault = faultOf(candles.slice(0, malformed));
  const kept = issues.filter((issue) => [null, fault ? null : malformed].includes(indexOf(issue)));
  issues.length = 0;
  for (const issue of kept) issues.push(issue);
  if (!fault) return;
  const { index, field, message } = fault;
  issues.push({ code: "custom", path: [index, field], message, input: candles[index] });
}

/** `POST /calculate` over candles that the caller brings. */
export const RequestCandlesCalculationSchema = z
  .strictObject({
    candles: z
      .array(RequestCandleSchema)
      .min(1, "must hold at least one candle")
      .max(MAX_REQUEST_CANDLES, `must hold at most ${MAX_REQUEST_CANDLES} candles`)
      .superRefine((candles, { issues }) => describeFirstFault(candles, issues), {
        when: ({ value }) => Array.isArray(value),
      }),
    indicators: specs.optional(),
    period,
  })
  .openapi("OwnCalculation");

/** The three forms of `POST /calculate`. */
export const CalculationSchema = z
  .union([SymbolCalculationSchema, SymbolsCalculationSchema, RequestCandlesCalculationSchema])
  .openapi("Calculation");

/** One entry of `GET /indicators/available`. */
export const AvailableIndicatorSchema = z
  .object({
    name: z.string(),
    description: z.string(),
    parameters: z.array(
      z.object({
        name: z.string(),
        default: z.union([z.number(), z.string()]),
        min: z.number().optional(),
        max: z.number().optional(),
        values: z.array(z.string()).optional(),
      }),
    ),
    outputs: z.array(z.string()),
    algorithm: z.string(),
  })
  .openapi("AvailableIndicator");
